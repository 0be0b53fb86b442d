"""Rows and columns as text, for `status` and other lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.ui import text


def status_table(status: Mapping[str, Any], *, width: int | None = None) -> str:
    """What `status --output json` says, for a person: a row a service; `width` as in `table`."""
    rows = [row for service in status["services"] for row in _rows(service)]
    if not rows:
        return f"{status['project']} has no services"
    return table(("SERVICE", "STATE", "READY", "SEEDED", "ADDRESS"), rows, width=width)


def _rows(service: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The service; below it each of its containers, where it has several."""
    several = service.get("containers", ())
    addresses = _addresses({**service, "ports": []} if several else service)
    yield (
        str(service["name"]), _state(service), _ready(service), str(service["seeded"] or ""), "\n".join(addresses),
    )  # fmt: skip
    for each in several:
        address = "\n".join(_addresses({**each, "name": "", "urls": {}}))
        yield f"  {each['container']}", _state(each), _ready(each), "", address


def _state(service: Mapping[str, Any]) -> str:
    """The engine's word; a one-shot alone can have ended and be what it should be."""
    return "done" if service["state"] == "exited" and service["ready"] else str(service["state"])


def _ready(service: Mapping[str, Any]) -> str:
    if service["state"] == "on the host" and not service["ports"]:
        return ""  # nothing to ask
    if service["ready"]:
        return "yes"
    if service["state"] == "on the host":
        return "no answer"
    return "no" if service["state"] != "missing" else ""


def _addresses(service: Mapping[str, Any]) -> list[str]:
    """The addresses that devenv knows; where it knows none, the ports that are open on the host."""
    urls = dict(service["urls"])
    if urls:
        return [url if label == service["name"] else f"{url} ({label})" for label, url in urls.items()]
    ports = [port for port in service["ports"] if port.get("published")]
    return list(
        dict.fromkeys(
            f"{port['host_ip'] or '*'}:{port['published']} -> {port['target']}/{port['protocol']}" for port in ports
        )
    )


def top_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """What `top --output json` says, for a person: a row a service, those that do not run with their state alone."""
    shown = [
        (str(row["service"]), str(row["state"]), "", "", "")
        if row["memory"] is None
        else (
            str(row["service"]),
            "" if row["cpu_percent"] is None else f"{row['cpu_percent']:.1f} %",
            _memory(row["memory"], row["memory_limit"]),
            f"{text.size(row['received'])} / {text.size(row['sent'])}",
            str(row["pids"]),
        )
        for row in rows
    ]
    return table(("SERVICE", "CPU", "MEMORY", "RECEIVED / SENT", "PIDS"), shown)


def _memory(used: int, limit: int | None) -> str:
    shown = text.size(used, binary=True)
    return f"{shown} of {text.size(limit, binary=True)} ({used * 100 // limit} %)" if limit else shown


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """`rows` under `columns`, each column as wide as its widest cell; a cell with line ends takes several lines.

    `width` is the terminal's: where the table is wider, the last column goes to lines of its own below its row, so
    that nothing is cut (an address must stay whole). Without rows only the head is there.
    """
    cells = [[text.clean(cell).split("\n") for cell in row] for row in rows]
    wide = [
        max([text.width(name), *(text.width(line) for row in cells for line in row[index])])
        for index, name in enumerate(columns)
    ]
    if width is not None and len(columns) > 2 and sum(wide) + 2 * (len(wide) - 1) > width:
        return _folded(columns, cells, wide)
    return "\n".join([_line(columns, wide), *(line for row in cells for line in _lines(row, wide))])


def _folded(columns: Sequence[str], cells: Sequence[Sequence[Sequence[str]]], wide: Sequence[int]) -> str:
    lines = [_line(columns[:-1], wide[:-1])]
    for row in cells:
        lines += _lines(row[:-1], wide[:-1])
        lines += [f"    {line}" for line in row[-1] if line]
    return "\n".join(lines)


def _lines(row: Sequence[Sequence[str]], wide: Sequence[int]) -> list[str]:
    height = max((len(cell) for cell in row), default=0)
    return [_line([cell[i] if i < len(cell) else "" for cell in row], wide) for i in range(height)]


def _line(cells: Sequence[str], wide: Sequence[int]) -> str:
    return "  ".join(text.pad(cell, columns) for cell, columns in zip(cells, wide, strict=True)).rstrip()
