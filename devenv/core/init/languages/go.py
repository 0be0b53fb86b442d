"""Go: net/http or any framework on it."""

from __future__ import annotations

import re

from devenv.core.init.guess import App, Language, Reason, Repository
from devenv.core.init.reading import health, image, only_inside, port

_ENDINGS = (".go",)
_PORTS = (
    r"(?:ListenAndServe(?:TLS)?|Listen|Run|Start)\(\s*(?:\"tcp\",\s*)?\"[^\":\n]*:([0-9]{2,5})\"",
    r"Addr:\s*\"[^\":\n]*:([0-9]{2,5})\"",
    r"PORT[^\n]{0,60}\n?[^\n]{0,40}\"([0-9]{2,5})\"",
    r"\bport\s*:?=\s*\"?:?([0-9]{2,5})\"?",
)
_FRAMEWORKS = {
    "github.com/gin-gonic/gin": "Gin", "github.com/labstack/echo/v4": "Echo", "github.com/gofiber/fiber/v2": "Fiber",
    "github.com/go-chi/chi/v5": "chi",
}  # fmt: skip


def look(repository: Repository) -> App | None:
    if not repository.has("go.mod"):
        return None
    text = repository.text("go.mod")
    named = set(re.findall(r"^\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+v", text, re.MULTILINE))
    framework = next((title for name, title in _FRAMEWORKS.items() if name in named), "net/http")
    main = _main(repository)
    said = re.search(r"^go\s+([0-9.]+)", text, re.MULTILINE)
    asked = f">={said[1]}" if said else ""
    files = ["go.mod", *(["go.sum"] if repository.has("go.sum") else [])]
    tests = next((path for path in repository.files if path.endswith("_test.go")), "")
    root = health(repository, _ENDINGS, r"(?:HandleFunc|Handle|GET|Get)\(\s*\"(?:GET )?/\"")
    return App(
        language="go",
        title=f"Go with {framework}",
        file="go.mod",
        image=image("golang", asked, "1.24", "", "go.mod asks for"),
        command=("/usr/local/bin/app",),
        port=port(repository, _PORTS, _ENDINGS, 8080),
        health=root,
        dependencies=(f"COPY {' '.join(files)} ./", "RUN go mod download") if named else (),
        finish=(f"RUN go build -o /usr/local/bin/app {main}",),
        compiled=True,
        test=Reason(value="go test ./...", why=tests) if tests else None,
        extensions=("golang.go",),
        ignore=("bin", "dist"),
        named=frozenset(named),
        unsure=tuple(filter(None, (only_inside(repository, _ENDINGS),))),
    )


def _main(repository: Repository) -> str:
    """The package to build."""
    found = [path.rpartition("/")[0] for path, text in repository.sources(*_ENDINGS) if "\nfunc main()" in f"\n{text}"]
    named = [folder for folder in found if re.search(r"(^|/)(server|api|web|app|http)$", folder)]
    folder = next(iter([*(folder for folder in found if not folder), *named, *found]), "")
    return f"./{folder}" if folder else "."


LANGUAGE = Language(name="Go", marks=("go.mod",), endings=_ENDINGS, look=look)
