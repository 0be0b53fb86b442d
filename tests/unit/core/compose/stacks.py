"""Compose text as a Stack, for the tests beside this file."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from devenv.core.compose.load import load
from devenv.core.source import read_yaml
from devenv.extensions.probes import PROBES
from devenv.model.errors import DevenvError, DevenvErrors
from devenv.model.stack import Service, Stack

FOLDER = "/repo"


def stack(*texts: str, variables: Mapping[str, str] | None = None, working_dir: str = FOLDER, **more: Any) -> Stack:
    """What `texts`, each over the one before, describe."""
    documents = [read_yaml(textwrap.dedent(text), f"compose{n or ''}.yaml") for n, text in enumerate(texts)]
    files = [f"{working_dir}/compose{n or ''}.yaml" for n in range(len(texts))]
    return load(
        documents, variables=variables or {}, folder=FOLDER, working_dir=working_dir, files=files, kinds=PROBES, **more
    )


def service(text: str, top: str = "", **more: Any) -> Service:
    """The service `a` with the keys `text`, of the image `x` where it names none."""
    image = "" if "image:" in text or "build:" in text else "image: x\n"
    body = textwrap.indent(image + textwrap.dedent(text), "    ")
    return stack(f"name: p\nservices:\n  a:\n{body}\n{textwrap.dedent(top)}", **more).services["a"]


def errors(text: str, **more: Any) -> Sequence[DevenvError]:
    """Everything that is wrong with `text`."""
    try:
        stack(text, **more)
    except DevenvErrors as found:
        return found.errors
    except DevenvError as found:
        return (found,)
    return ()
