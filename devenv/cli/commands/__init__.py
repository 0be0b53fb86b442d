"""The commands as Typer sees them: options in, exit code out. One module a group, loaded only where it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from devenv.app.context import Context
from devenv.cli.verbs import Load

Index = Annotated[
    int, typer.Option("--index", metavar="N", min=0, help="Which container, where the service has several.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a command finds in `typer.Context.obj`: the app's context and where its verbs come from."""

    ctx: Context
    load: Load


def call(typed: typer.Context, verb: str, *arguments: object, **options: object) -> int:
    """Hand over to the app's `verb`."""
    given: Given = typed.obj
    return given.load(verb)(given.ctx, *arguments, **options)


class OneCommand(TyperCommand):
    """A command whose help names arguments as people write them: `SERVICE`, `[SERVICE]...`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", *(_written(param) for param in self.params if _is_argument(param))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        arguments = [
            (_written(param), getattr(param, "help", None) or "") for param in self.params if _is_argument(param)
        ]
        records = [param.get_help_record(ctx) for param in self.get_params(ctx) if not _is_argument(param)]
        for title, rows in (("Arguments", arguments), ("Options", [record for record in records if record])):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _written(param: Any) -> str:
    name = param.metavar if param.required else f"[{param.metavar}]"
    return f"{name}..." if param.nargs == -1 else str(name)
