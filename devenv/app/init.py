"""`devenv init [DIR]`: looks at a repository and writes the manifest that a person would have written for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from devenv.app.context import Context
from devenv.app.wrapper import schema_files, wrapper_files, write_wrapper
from devenv.core import init as guessing
from devenv.core.init import Guess, Repository
from devenv.core.init.correct import project_name, with_port, without
from devenv.core.init.wrapper import SCHEMA
from devenv.host.devcontainers import devcontainer_files
from devenv.host.files import read_text, write_atomic
from devenv.host.project import COMPOSE, MANIFESTS
from devenv.model.errors import DevenvError, ExitCode

_SKIPPED = frozenset(
    (
        ".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", "target", ".tox", ".mypy_cache",
        ".devenv", ".gradle", ".idea", ".next",
    )
)  # fmt: skip
_MOST_FILES = 20_000
_MOST_BYTES = 200_000


def init(
    ctx: Context,
    directory: str | None = None,
    *,
    dry_run: bool = False,
    force: bool = False,
    wrapper: bool = False,
    no_wrapper: bool = False,
    wheel: str | None = None,
) -> int:
    """Write devenv.yaml, a Dockerfile for development where there is none, and `./dev`. `dry_run`: print them instead.
    `force`: files that are there are overwritten. `wrapper`: only `./dev` and what belongs to it; `no_wrapper`: of that
    the schema for editors alone. `wheel` is devenv's package for the wrapper: a file, or an address with `#sha256=`; by
    default what runs here.

    Raises DevenvError (INPUT) where the folder has a manifest or Compose file already."""
    folder = _folder(ctx, directory)
    own = schema_files() if no_wrapper else wrapper_files(wheel)
    if wrapper:
        write_wrapper(ctx, folder, own, force=force)
        return ExitCode.DONE
    if not force and not dry_run:
        _refuse(folder)
    guess = guessing.look(_read(folder, ctx.project))
    if not dry_run:
        guess = _asked(ctx, guess)
    files = guessing.write(guess, schema=SCHEMA)
    if dry_run:
        _show(ctx, files, guess)
        return ExitCode.DONE
    written = [path for path, text in files.items() if _put(ctx, folder, path, text, force=force)]
    if no_wrapper:
        written += [path for path, content in own.items() if write_atomic(folder / path, content)]
    else:
        written += write_wrapper(ctx, folder, own, force=force)
    _told(ctx, folder, guess, written)
    return ExitCode.DONE


def _folder(ctx: Context, directory: str | None) -> Path:
    if ctx.files:
        raise DevenvError("`init` takes no -f: it writes devenv.yaml.", hint="Name the repository: `devenv init DIR`.")
    start = Path(os.path.normpath(Path.cwd() / (ctx.directory or "") / (directory or "")))
    if not start.is_dir():
        raise DevenvError(f"{start} is not a folder.", hint="Name the folder of a repository: `devenv init DIR`.")
    return start


def _refuse(folder: Path) -> None:
    there = next((name for name in (*MANIFESTS, *COMPOSE) if (folder / name).exists()), None)
    if there in MANIFESTS:
        raise DevenvError(
            f"{folder} has a {there} already.",
            hint="`devenv up` uses it. `devenv init --dry-run` shows what would be written today; --force writes it.",
        )
    if there:
        raise DevenvError(
            f"{folder} has a {there}: devenv takes it as it is.",
            hint="`devenv up` uses it, and what devenv can do beyond Compose stands in it under `x-devenv:` "
            "(docs/manifest-by-example.md). `devenv init --wrapper` writes ./dev alone; `devenv init --force` writes a "
            "devenv.yaml beside it, which then counts instead of it.",
        )

    for file in devcontainer_files(folder):
        text = read_text(file)
        if '"dockerComposeFile"' in text and '"devenv"' not in text:
            raise DevenvError(
                f"{file} names the Compose files of a stack: devenv takes them as they are.",
                hint="`devenv up` uses them. `devenv init --force` writes a devenv.yaml, which then counts instead.",
            )


def _read(folder: Path, name: str | None) -> Repository:
    files = tuple(sorted(_walk(folder)))
    texts: dict[str, str] = {}
    for path in guessing.interesting(files):
        try:
            with open(folder / path, "rb") as file:
                texts[path] = file.read(_MOST_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:
            continue
    return Repository(name=name or project_name(folder.name), files=files, texts=texts)


def _walk(folder: Path) -> list[str]:
    found: list[str] = []
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        inside = os.path.relpath(at, folder).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        found += [prefix + name for name in files]
        if len(found) > _MOST_FILES:
            break
    return found


def _asked(ctx: Context, guess: Guess) -> Guess:
    """The guess as the person at the terminal corrects it; as it is where nobody is there or `--yes` was said."""
    for what, found in guessing.summary(guess).items():
        ctx.ui.say(f"{what}: {found}")
    if ctx.yes:
        return guess
    typed = ctx.ui.answer("Name of the project", guess.name)
    guess = replace(guess, name=project_name(typed))
    if guess.name != typed:
        ctx.ui.notice(f"the project is called {guess.name}: a name has small letters, digits, `-` and `_` alone")
    if guess.app is not None and guessing.served(guess):
        guess = with_port(guess, _port(ctx, guess.app.port.value))
    refused = [service.name for service, why in guess.backing if not _yes(ctx, f"Run {service.run} beside it ({why})?")]
    guess = without(guess, refused)
    if guess.seeds and not _yes(ctx, f"Load {', '.join(guess.seeds)} into the database?"):
        guess = replace(guess, seeds=())
    return guess


def _port(ctx: Context, best: str) -> str:
    while True:
        typed = ctx.ui.answer("Port that the program listens at", best)
        if typed.isdecimal() and 0 < int(typed) < 65536:
            return str(int(typed))
        ctx.ui.notice(f"`{typed}` is no port: it is a number from 1 to 65535")


def _yes(ctx: Context, question: str) -> bool:
    while True:
        typed = ctx.ui.answer(f"{question} yes or no", "yes").lower()
        if typed in ("y", "yes", "n", "no"):
            return typed.startswith("y")
        ctx.ui.notice(f"`{typed}` is neither yes nor no")


def _put(ctx: Context, folder: Path, path: str, text: str, *, force: bool) -> bool:
    """Write one file; what is there and says something else stays, unless the person says yes."""
    target = folder / path
    other = target.exists() and not force and target.read_bytes() != text.encode()
    if other and not ctx.ask(f"{path} is there already. Overwrite it?"):
        ctx.ui.notice(f"{path} stays as it is; `devenv init --dry-run` shows what would have been written")
        return False
    return write_atomic(target, text.encode())


def _show(ctx: Context, files: Mapping[str, str], guess: Guess) -> None:
    if ctx.output == "json":
        ctx.ui.print(json.dumps({"files": files, "unsure": list(guess.unsure)}, ensure_ascii=False))
        return
    for path, text in files.items():
        ctx.ui.print(f"# ---- {path}\n{text}")


def _told(ctx: Context, folder: Path, guess: Guess, written: list[str]) -> None:
    if ctx.output == "json":
        ctx.ui.print(json.dumps({"written": written, "unsure": list(guess.unsure)}, ensure_ascii=False))
        return
    for path in written:
        ctx.ui.print(f"wrote {path}")
    for sentence in guess.unsure:
        ctx.ui.notice(sentence)
    up = "./dev up" if os.access(folder / "dev", os.X_OK) else "devenv up"
    ctx.ui.print(f"Look at devenv.yaml, then: {up}")
