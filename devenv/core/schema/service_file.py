"""The keys of `stacks/services/<name>/service.yaml`, a service of the catalogue."""

from __future__ import annotations

from devenv.core.schema import compose_service
from devenv.core.schema.devenv_keys import READY_LIST
from devenv.core.schema.shapes import PATH, PORT, TEXT, TEXTS, Schema, by_name, key, listed, mapping, ref, text

_RECIPE = mapping(
    {
        "version": key(text("a version in quotes"), "The version that it makes.", "17"),
        "suite": key(TEXT, "The Debian suite whose packages it takes.", "trixie"),
        "tags": key(TEXTS, "Tags of the official image that it stands for, as shell patterns.", ["17", "17.*"]),
        "bootstrap": key(
            {"type": "boolean", "title": "`true` or `false`"},
            "The suite's minimal root file system itself is the image.",
            True,
        ),
    },
    required=("version", "suite", "tags"),
)

SERVICE_FILE: Schema = mapping(
    {
        "name": key(text("a name", "^[a-z0-9][a-z0-9._-]*$"), "What `use:` calls it; the folder's name.", "postgres"),
        "title": key(TEXT, "What people call it.", "PostgreSQL"),
        "image": key(TEXT, "The official image's repository.", "postgres"),
        "default": key(text("a version in quotes"), "Version without `@`: the one that the recipe builds.", "17"),
        "versions": key(
            listed(text("a version in quotes"), "a list of versions", at_least=1),
            "Versions it is known to work with.",
            ["17"],
        ),
        "port": key(PORT, "Port it serves inside the container.", 5432),
        "host_port": key(PORT, "Port on the host that is tried first.", 5432),
        "data": key(PATH, "Folder of its data; gets the named volume SERVICE-data.", "/var/lib/postgresql/data"),
        "server": key(
            {"type": "boolean", "title": "`true` or `false`"},
            "Its data is bound to its version: a volume of another is refused.",
            True,
        ),
        "values": key(
            by_name(TEXT, "a mapping of name to environment variable"),
            "Names for `{{ }}`, URLs and seeders, and the environment variable each comes from.",
            {"user": "POSTGRES_USER"},
        ),
        "url": key(
            TEXT, "How its address is made; `{host}`, `{port}` and the values are filled in.", "redis://{host}:{port}"
        ),
        "config": key(
            mapping(compose_service.SERVICE), "Compose keys that are put under the person's own.", {"shm_size": "128m"}
        ),
        "ready": key(READY_LIST, "When it can be used; `{port}` and the values are filled in.", [{"tcp": 5432}]),
        "commands": key(
            ref("commands"),
            "Commands inside the image that look the same way, for the healthcheck; `{port}`, `{path}` are filled in.",
            {"tcp": ["nc", "-z", "127.0.0.1", "{port}"]},
        ),
        "seeder": key(TEXT, "The kind of seeder that loads its seeds.", "postgres"),
        "recipe": key(
            _RECIPE,
            "How a substitute is built where no registry answers.",
            {"version": "17", "suite": "trixie", "tags": ["17"]},
        ),
    },
    required=("name", "title", "image", "default", "versions"),
)
