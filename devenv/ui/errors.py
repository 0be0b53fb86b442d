"""Errors as text and as data: what, where (with the line and a caret under the place), what to do."""

from __future__ import annotations

from typing import Any

from devenv.core.mask import MASK, mask_urls, url_secrets
from devenv.model.errors import DevenvError, DevenvErrors, Span


def parts(error: DevenvError) -> tuple[DevenvError, ...]:
    """The single errors in `error`, itself where it is one."""
    return error.errors if isinstance(error, DevenvErrors) else (error,)


def render_error(error: DevenvError) -> str:
    """All of `error` for a person, a blank line between two, without a line end at the end."""
    return "\n\n".join(_one(each) for each in parts(error))


def error_data(error: DevenvError) -> dict[str, Any]:
    """All of `error` for a program: `code` and `errors`, each with `message`, `hint`, and where known `file`, `line`,
    `column` and `link`."""
    return {"code": int(error.code), "errors": [_data(each) for each in parts(error)]}


def _one(error: DevenvError) -> str:
    # A sentence about a whole file begins with its name already.
    placed = error.where and (error.where.line or not error.message.startswith(error.where.file))
    message = mask_urls(error.message)
    lines = [f"{error.where}: {message}" if placed else f"devenv: {message}"]
    if error.where and error.where.text:
        lines += _excerpt(error.where)
    lines.append(f"  → {mask_urls(error.hint)}")
    if error.link:
        lines.append(f"    {error.link}")
    return "\n".join(lines)


def _excerpt(where: Span) -> list[str]:
    number = str(where.line)
    source = where.text.rstrip("\n")
    secrets = url_secrets(source)

    def shown(column: int) -> int:
        """Where the character `column` (from 0) stands once passwords are masked; one of a password at its begin."""
        return column + sum(
            begin + len(MASK) - end if end <= column else begin - column for begin, end in secrets if begin < column
        )

    first = max(where.column - 1, 0)
    width = max(shown(first + where.length) - shown(first), 1)
    source = mask_urls(source)
    # Tabs stay tabs under the caret, so that it stands right at any tab width.
    indent = "".join("\t" if char == "\t" else " " for char in source[: shown(first)])
    return [f"  {number} | {source}", f"  {' ' * len(number)} | {indent}{'^' * width}"]


def _data(error: DevenvError) -> dict[str, Any]:
    data: dict[str, Any] = {"message": mask_urls(error.message), "hint": mask_urls(error.hint)}
    if error.where:
        data |= {"file": error.where.file, "line": error.where.line, "column": error.where.column}
    if error.link:
        data["link"] = error.link
    return data
