"""docs/manifest.md, made from the schema: every key of `devenv.yaml` with its meaning, form and an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from devenv.core.check import LATER_SERVICE, LATER_TOP
from devenv.core.readiness import Kinds
from devenv.core.schema import devenv_keys, generate_keys, manifest_schema
from devenv.core.schema.explain import flow
from devenv.core.schema.shapes import Schema

_OPENING = """\
# The manifest

Made from the schema by devenv itself (`devenv schema` prints it for editors); a test keeps this page up to date.

`devenv.yaml` lies at the root of a repository and describes its development stack. It takes the keys of a
[Compose file](https://docs.docker.com/reference/compose-file/) with their meaning there, and adds some of its own.
A plain Compose file is a manifest too: there the keys that devenv adds stand under `x-devenv:`, at its top and in its
services.

```yaml
name: shop
services:
  db:
    use: postgres
    seed: [seeds/schema.sql, seeds/products.csv]
  api:
    build: ./api
    environment: {DATABASE_URL: "{{ db.url }}"}
    ports: [8000]
    ready: {http: /health}
```

## Values

- `${NAME}`, `${NAME:-default}` and `${NAME:?why}` are Compose's variables: from the shell, else from `.env` at the root
  of the repository, else what an earlier `devenv up` kept. A literal `$` is `$$`: a command or task that reads a
  variable of its container says `$$NAME`.
- `{{ db.url }}` is a value of another service, and makes this one wait until that one can be used. Quote it: YAML reads
  a bare `{{` as a mapping. Each service has `host`, `port` and `url` (inside the network), `host_port` and `host_url`
  (on the host), as far as it has a port, and what its catalogue entry names (`user`, `password`, `database`). A service
  whose name has a `-` is found as `my_db` or `services["my-db"]`. Texts, `~`, `+`, `if … else` and a few filters
  (`upper`, `lower`, `replace`, `default`, `urlencode`, …) work; statements do not. `{{.Name}}` passes as it is.
- A container's port alone (`ports: [8000]`) is devenv's to place: on the loopback of the host, moved when it is taken,
  then kept. Longer forms are taken literally, and what they open to the network is said.
- Paths are relative to the file.
"""

_COLUMNS = """\
`id: sequence`, where a kind needs no more; else a mapping with one kind, whose value is its main option or a mapping of
options. Options may stand beside the kind: `customer: {ref: customers.id, skew: zipf, nulls: 0.1}`. The same options
give the same bytes on every machine."""


def manifest_reference(kinds: Kinds) -> str:
    """The page as Markdown; the same bytes each time."""
    schema = manifest_schema(kinds)
    top: Mapping[str, Schema] = schema["properties"]
    service: Mapping[str, Schema] = top["services"]["additionalProperties"]["properties"]
    ours = [name for name in devenv_keys.TOP if name != "name"]
    lines = [_OPENING]
    lines += ["## At the top", "", *_table({"name": top["name"], "services": top["services"]}, schema), ""]
    lines += ["### What devenv adds", "", *_table({name: top[name] for name in ours}, schema), ""]
    for name in ours:
        lines += _inside(f"`{name}`", top[name], schema)
    compose = [name for name in top if name not in ours and name not in ("name", "services")]
    lines += ["### Compose's", "", *_table({name: top[name] for name in compose}, schema, LATER_TOP), ""]
    lines += ["## In a service", "", "### What devenv adds to it", ""]
    lines += [*_table({name: service[name] for name in devenv_keys.SERVICE}, schema, LATER_SERVICE), ""]
    for name in devenv_keys.SERVICE:
        lines += _inside(f"`{name}`", service[name], schema)
        if name == "seed":
            lines += ["#### Inside `generate`", "", *_table(generate_keys.GENERATE, schema), ""]
            lines += ["#### A column of `generate`", "", _COLUMNS, "", *_table(generate_keys.COLUMN, schema), ""]
    rest = sorted(name for name in service if name not in devenv_keys.SERVICE)
    lines += ["### Compose's keys", "", *_table({name: service[name] for name in rest}, schema, LATER_SERVICE), ""]
    for name in ("build", "depends_on", "healthcheck", "ports", "volumes"):
        lines += _inside(f"`{name}`", service[name], schema)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(keys: Mapping[str, Schema], root: Schema, later: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    yield "| key | meaning | form | example |"
    yield "| --- | --- | --- | --- |"
    for name, shape in keys.items():
        example = flow(shape["examples"][0]).replace("\n", "\\n")
        meaning = shape["description"] + (f" **{later[name]}**" if name in later else "")
        cells = (f"`{name}`", meaning, _whole(shape, root)["title"], _code(f"{flow(name)}: {example}"))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _inside(title: str, shape: Schema, root: Schema) -> Iterator[str]:
    """The keys of a long form, where a key has one."""
    keys = _keys(shape, root)
    if keys:
        yield f"#### Inside {title}"
        yield ""
        yield from _table(keys, root)
        yield ""


def _whole(shape: Schema, root: Schema) -> Schema:
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    if name:
        return {**root["$defs"][name], **shape}
    first = shape.get("anyOf", ({},))[0]
    return {**shape, "title": _whole(first, root)["title"]} if shape.get("title") == "a value or nothing" else shape


def _keys(shape: Schema, root: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    whole = _whole(shape, root)
    found |= whole.get("properties", {})
    inner: list[Any] = [*whole.get("anyOf", ()), whole.get("items"), whole.get("additionalProperties")]
    for each in inner:
        if isinstance(each, dict):
            found |= _keys(each, root)
    return found
