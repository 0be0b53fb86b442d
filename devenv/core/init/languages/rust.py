"""Rust: any framework, or the standard library alone."""

from __future__ import annotations

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, only_inside, part, port, table, text, texts, toml

_ENDINGS = (".rs", "Rocket.toml")
_PORTS = (
    r"(?:bind|serve|listen|TcpListener)\w*\(?[^\n]*\"[^\":\n]*:([0-9]{2,5})\"",
    r"SocketAddr::from\(\(\[[^\]]*\],\s*([0-9]{2,5})\)",
    r"bind\(\(\s*\"[^\"]*\",\s*([0-9]{2,5})",
    r"\"PORT\"[^\n]{0,60}?([0-9]{2,5})",
    r"^port\s*=\s*([0-9]{2,5})",
)
_FRAMEWORKS = {"axum": "Axum", "actix-web": "Actix Web", "rocket": "Rocket", "warp": "warp", "poem": "Poem"}


def look(repository: Repository) -> App | None:
    if not repository.has("Cargo.toml"):
        return None
    cargo = toml(repository.text("Cargo.toml"))
    named = set(table(cargo, "dependencies")) | set(table(cargo, "dev-dependencies"))
    # Features of a crate say what it connects to: `sqlx = {features = ["postgres"]}`.
    for name, said in table(cargo, "dependencies").items():
        named |= {f"{name}+{feature}" for feature in texts(said, "features")}
    framework = next((title for name, title in _FRAMEWORKS.items() if name in named), "")
    package = text(cargo, "package", "name") or "app"
    binary = next(filter(None, (text(item, "name") for item in _programs(cargo))), package)
    locked = ("--locked",) if repository.has("Cargo.lock") else ()
    build = " ".join(("cargo", "build", *locked))
    ahead = _ahead(repository, cargo, build)
    tests = repository.search(r"#\[(?:tokio::)?test\]", *_ENDINGS) or any(
        f.startswith("tests/") for f in repository.files
    )
    root = health(repository, _ENDINGS, r"(?:route|get)\(\s*\"/\"|GET / |TcpListener::bind")
    unsure = "" if part(cargo, "package") else "Cargo.toml is a workspace: say in Dockerfile.dev which package is run."
    return App(
        language="rust",
        title=f"Rust with {framework}" if framework else "Rust",
        file="Cargo.toml",
        image=image("rust", _asked(cargo), "1.85", "", "Cargo.toml asks for"),
        command=(f"/usr/local/bin/{binary}",),
        port=port(repository, _PORTS, _ENDINGS, *((8000, "Rocket") if framework == "Rocket" else (8080,))),
        health=root,
        environment={"ROCKET_ADDRESS": "0.0.0.0"} if framework == "Rocket" else {},
        dependencies=ahead,
        # Its file can be older than what was made of the empty program: cargo compares times.
        finish=(f"RUN {'touch src/main.rs && ' if ahead else ''}{build} && cp target/debug/{binary} /usr/local/bin/",),
        compiled=True,
        test=Reason(value="cargo test", why="tests in the sources") if tests else None,
        extensions=("rust-lang.rust-analyzer",),
        ignore=("target",),
        named=frozenset(named),
        unsure=tuple(filter(None, (unsure, only_inside(repository, _ENDINGS)))),
    )


def _ahead(repository: Repository, cargo: dict[str, object], build: str) -> tuple[str, ...]:
    """The lines that build the dependencies alone, before the sources are there; none where Cargo.toml names files of
    its own, which would have to be there too."""
    apart = ("lib", "bin", "bench", "test", "example", "workspace", "build-dependencies", "patch")
    beside = repository.has("build.rs") or not repository.has("src/main.rs") or repository.has(".cargo/config.toml")
    beside = beside or any(part(cargo, "package", key) for key in ("build", "default-run"))
    said = table(cargo, "dependencies")
    if not said or beside or any(key in cargo for key in apart) or any(part(item, "path") for item in said.values()):
        return ()
    files = [name for name in ("Cargo.toml", "Cargo.lock", "rust-toolchain.toml") if repository.has(name)]
    return (
        f"COPY {' '.join(files)} ./",
        "# The dependencies alone, of an empty program: the sources change more often.",
        f"RUN mkdir src && echo 'fn main() {{}}' > src/main.rs && {build} && rm -r src",
    )


def _programs(cargo: dict[str, object]) -> list[object]:
    found = cargo.get("bin")
    return found if isinstance(found, list) else []


def _asked(cargo: dict[str, object]) -> str:
    version = text(cargo, "package", "rust-version")
    return f">={version}" if version else ""


LANGUAGE = Language(name="Rust", marks=("Cargo.toml",), endings=_ENDINGS, look=look)
