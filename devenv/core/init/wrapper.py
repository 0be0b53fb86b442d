"""The `./dev` that a repository carries: made of the parts of devenv's own `dev` that set packages up."""

from __future__ import annotations

from devenv.core.template import plain

FOLDER = ".devcontainer/devenv"
"""Where in the repository the wrapper's lock, devenv's own package and the schema for editors lie."""
SCHEMA = f"{FOLDER}/schema.json"
LOCK = f"{FOLDER}/requirements.lock"
SCRIPT = "dev"
_MARK = "Written by `devenv init`."


def wrapper(template: str, own: str, version: str) -> str:
    """The script's text. `template` is `templates/wrapper.sh.j2`, `own` devenv's `dev`."""
    parts = _parts(own)
    making = parts["their place"] + "\n" + parts["making the environment"]
    return plain(template, {"version": version, "place": parts["where this stands"].strip(), "making": making.strip()})


def _parts(script: str) -> dict[str, str]:
    """What stands under each of the lines that divide `script`, by what those are called."""
    names = ("where this stands", "which packages", "their place", "making the environment", "start")
    marks = [(name, script.index(f"# --- {name}")) for name in names]
    ends = [position for _, position in marks[1:]] + [len(script)]
    return {
        name: script[script.index("\n", position) + 1 : end].rstrip() + "\n"
        for (name, position), end in zip(marks, ends, strict=True)
    }


def ours(script: str) -> bool:
    """Whether a `dev` that is there was written by `init`."""
    return _MARK in script


def lock(own: str, name: str, version: str, digest: str, found_at: str) -> str:
    """The wrapper's lock: devenv's own (`own`), and devenv itself, `name` in `version` with the hex sha256 `digest`.
    `found_at` is where pip looks for it beside its index: a folder or address, "" for the index alone."""
    head = "# What ./dev of this repository runs: devenv and all that it needs, each held to its hash.\n"
    head += "# Written by `devenv init`; `devenv init --wrapper` of another devenv writes it anew.\n"
    where = f"--find-links {found_at}\n" if found_at else ""
    body = "".join(line for line in own.splitlines(keepends=True) if not line.startswith("#"))
    return f"{head}{where}{name}=={version} \\\n    --hash=sha256:{digest}\n{body}"
