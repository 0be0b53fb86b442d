"""What a Dockerfile names from outside, and what is said of an image that cannot be had."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from devenv.core import dockerfile
from devenv.core.recipes import full, host
from devenv.model.errors import DevenvError, ExitCode, Span
from devenv.model.stack import Build


def bases_of(build: Build, text: str) -> tuple[str, ...]:
    return dockerfile.bases(text, build.args, build.target, build.context_names)


def run_bases_of(build: Build, text: str) -> frozenset[str]:
    return dockerfile.run_bases(text, build.args, build.target, build.context_names)


def changed(bases: Mapping[str, str]) -> dict[str, str]:
    return {ref: other for ref, other in bases.items() if ref != other}


def from_span(build: Build, text: str, ref: str) -> Span | None:
    """Where a Dockerfile names `ref` in a FROM."""
    if build.inline is not None:
        return build.where
    for stage in dockerfile.stages(text, build.args):
        if stage.base == ref:
            line = text.split("\n")[stage.head.line - 1].rstrip("\r")
            column = max(line.find(stage.written), 0)
            return Span(
                file=posixpath.normpath(posixpath.join(build.context, build.dockerfile)),
                line=stage.head.line,
                column=column + 1,
                length=len(stage.written),
                text=line,
            )
    return build.where


def unavailable(
    ref: str, where: Span | None, policy: object, *, askable: bool, offered: str | None, others: tuple[str, ...]
) -> DevenvError:
    """The error of an image that nothing can deliver. `offered` is what a registry said where it was `askable`, None
    where none answered; `others` are images of the same repository that recipes make."""
    registry = host(full(ref))
    if policy in ("never", "build"):
        why = f"the engine does not have it, and `pull_policy: {policy}` forbids to ask for it"
    elif not askable:
        why = "the engine does not have it, and no registry does"
    elif offered is None:
        why = f"the engine does not have it, and {registry} does not answer"
    else:
        why = f"{registry} has no such image, or wants a login"
    if not askable:
        hint = "load it (`docker load`) or build it"
    elif offered is None:
        hint = f"let the engine reach {registry} (network, proxy, certificates), or load the image (`docker load`)"
    else:
        hint = f"see its name and tag, and log in (`docker login {registry}`)"
    if others:
        why += f"; devenv itself can make {' and '.join(others)} alone"
        hint = f"name {' or '.join(f'`{other}`' for other in others)}, or {hint}"
    return DevenvError(f"the image {ref} cannot be had: {why}", hint=hint, code=ExitCode.UNFIT, where=where)


def unbuilt(ref: str, where: Span | None) -> DevenvError:
    """The error of an image that is not there and may not be built."""
    return DevenvError(
        f"the image {ref} is not there, and `--no-build` forbids to build it",
        hint="leave out `--no-build`, or build it first (`devenv build`)",
        where=where,
    )
