"""The keys that devenv adds to Compose's, in a service and at the top of `devenv.yaml`."""

from __future__ import annotations

from devenv.core.readiness import Kinds, words
from devenv.core.schema import generate_keys
from devenv.core.schema.check_keys import CHECK
from devenv.core.schema.shapes import (
    BOOLEAN,
    BYTES,
    COMMAND,
    DURATION,
    NAME,
    PATH,
    SCALAR,
    TEXT,
    TEXTS,
    Schema,
    by_name,
    either,
    key,
    listed,
    literal,
    mapping,
    ref,
    text,
    whole,
)

_CONDITION = ref("condition")
_TIMEOUT = key(DURATION, "Time it has, counted from the start of the container (120 s by default).", "60s")
_COUNT = whole("a whole number from 0", 0)


def definitions(kinds: Kinds) -> dict[str, Schema]:
    """What depends on the kinds of readiness, for `$defs`: one item of `ready`, and the catalogue's `commands`."""
    named = [name for name, kind in kinds.items() if kind.named]
    return {
        "condition": mapping(
            {
                **{name: key(kind.shape(), kind.means, kind.example) for name, kind in kinds.items()},
                "timeout": _TIMEOUT,
            },
            f"a mapping with one of {words(kinds)}",
        ),
        "commands": by_name(
            TEXTS,
            f"a mapping of {' or '.join(f'`{name}`' for name in named)} to a command",
            f"^(?:{'|'.join(named)})$",
        ),
    }


_SEED_ONE = mapping(
    {
        "sql": key(PATH, "A file of SQL, run as written.", "seeds/schema.sql"),
        "csv": key(PATH, "A file of rows with commas.", "seeds/products.csv"),
        "jsonl": key(PATH, "A file with one JSON object a line.", "seeds/events.jsonl"),
        "commands": key(
            PATH, "A file of commands for Redis, one a line, quoted as for redis-cli.", "seeds/cache.redis"
        ),
        "json": key(
            PATH,
            "A file of keys for Redis: an object of key and value (texts and numbers, lists, objects as hashes), or a "
            "list of objects with `key`, `value`, and where wanted `type` (string, list, set, zset, hash, stream) and "
            "`ttl` (seconds). A `jsonl` for Redis has such an object a line.",
            "seeds/cache.json",
        ),
        "rdb": key(PATH, "A dump of Redis, whose keys are put in.", "seeds/cache.rdb"),
        **generate_keys.SEED,
        "table": key(TEXT, "Table the rows go to, which the seed then owns; by default the file's stem.", "events"),
        "name": key(TEXT, "Its name in the ledger; by default the path.", "products"),
        "columns": key(TEXTS, "Columns in the order of the file.", ["id", "title"]),
        "delimiter": key(text("one character", r"^(?:.|\t)$"), "What stands between two values (CSV).", ";"),
        "null": key(TEXT, "The text that means no value (CSV).", "\\N"),
        "header": key(BOOLEAN, "The first line names the columns (CSV); true by default.", True),
        "transactional": key(BOOLEAN, "Whole or not at all; `false` for what cannot run in one transaction.", False),
    },
    "a seed in long form",
)

_LINK = by_name(TEXT, "a mapping of label to address", ".")
_OWNER = key(TEXT, "Who to ask.", "team-shop")
_DOCS = key(TEXT, "Where to read on.", "docs/api.md")
_RUNBOOK = key(TEXT, "What to do when it is sick.", "docs/runbooks/api.md")
_LINKS = key(_LINK, "Further addresses, by label.", {"dashboard": "https://grafana.shop.test"})

SERVICE: dict[str, Schema] = {
    "use": key(
        text("a catalogue service such as `postgres` or `postgres@17`", "^[a-z0-9][a-z0-9._-]*(?:@[A-Za-z0-9._-]+)?$"),
        "A service of the catalogue, with its version where another than the default is wanted: image, port, health, "
        "addresses and seeder in one word.",
        "postgres@17",
    ),
    "ready": key(
        either(
            _CONDITION, listed(_CONDITION, "a list of conditions", at_least=1), title="a condition or a list of them"
        ),
        "When it can be used. Of several, all must be met.",
        {"http": "/health"},
    ),
    "seed": key(
        either(
            PATH,
            listed(either(PATH, _SEED_ONE, title="a path or a long form"), "a list of paths or long forms"),
            title="a path or a list of seeds",
        ),
        "What to load once it is ready: files (.sql, .csv, .jsonl, .yaml with rules to make rows by; for Redis "
        ".redis, .json, .jsonl, .rdb), folders of them, or rules at once (`generate`); in order, each once per data.",
        ["seeds/schema.sql", "seeds/products.csv"],
    ),
    "one_shot": key(
        BOOLEAN,
        "It is meant to run to its end (migrations, builds, downloads); 0 is success, anything else fails `up`, "
        "and the next one runs it again. Done, it does not run again as long as its container is there and it is "
        "what it was: its keys, its image, and what it mounts read-only of the repository "
        "(`./migrations:/migrations:ro`). It runs again when data of a service that it needs are new, and after "
        "`down` (its container is gone): write it so that it may. `devenv restart SERVICE` runs it by hand. "
        "Without this key a service is one that another waits for with `service_completed_successfully`.",
        True,
    ),
    "lazy": key(BOOLEAN, "Started at the first connection.", True),
    "owner": _OWNER,
    "docs": _DOCS,
    "runbook": _RUNBOOK,
    "links": key(
        either(_LINK, TEXTS, title="a mapping of label to address"),
        "Further addresses, by label. (A list is Compose's old `links`.)",
        {"dashboard": "https://grafana.shop.test"},
    ),
}
"""Keys of a service that are devenv's."""

_HOOK = either(
    TEXT,
    TEXTS,
    by_name(COMMAND, "a mapping of name to command", "."),
    title="a text, a list of texts or a mapping of commands",
)
_ANY = {"type": "object", "title": "a mapping"}

WORKSPACE = mapping(
    {
        "service": key(
            literal("a service's name", NAME),
            "The service that the editor opens; by default the one named `workspace`.",
            "workspace",
        ),
        "user": key(
            literal("a user's name or number", "^[^$]+$"),
            "The user that the editor works as inside (devcontainer.json: remoteUser).",
            "dev",
        ),
        "folder": key(
            literal("an absolute path", "^/[^$]*$"),
            "Where the repository is mounted (devcontainer.json: workspaceFolder).",
            "/workspaces/shop",
        ),
        "name": key(TEXT, "Name that the editor shows.", "Shop"),
        "extensions": key(TEXTS, "Extensions of Visual Studio Code.", ["ms-python.python"]),
        "settings": key(_ANY, "Settings of Visual Studio Code.", {"editor.formatOnSave": True}),
        "customizations": key(
            by_name(_ANY, "a mapping of editors", "."),
            "Settings of other editors, as in devcontainer.json.",
            {"jetbrains": {}},
        ),
        "features": key(
            _ANY,
            "Dev container features, installed in the image of the workspace: of a registry, or a folder of the "
            "repository (`./.devcontainer/tool`).",
            {"ghcr.io/devcontainers/features/git:1": {}},
        ),
        "overrideFeatureInstallOrder": key(
            TEXTS,
            "Features that are installed before the others, in this order.",
            ["ghcr.io/devcontainers/features/git"],
        ),
        "secrets": key(
            by_name(_ANY, "a mapping of secrets", "."),
            "Secrets that an editor asks the person for, by the variable that they get.",
            {"API_TOKEN": {"description": "Token of the test shop", "documentationUrl": "https://shop.test/tokens"}},
        ),
        "forwardPorts": key(
            listed({"type": ["integer", "string"], "title": "a port or `service:port`"}, "a list of ports"),
            "Ports the editor forwards; by default those that the services publish.",
            [8000, "db:5432"],
        ),
        "portsAttributes": key(
            by_name(_ANY, "a mapping of ports", "."), "What the editor does with a port.", {"8000": {"label": "API"}}
        ),
        "otherPortsAttributes": key(_ANY, "What it does with other ports.", {"onAutoForward": "ignore"}),
        "remoteEnv": key(
            by_name({"type": ["string", "null"], "title": "a text"}, "a mapping of variables", "."),
            "Variables of the editor's processes.",
            {"PAGER": "less"},
        ),
        "onCreateCommand": key(_HOOK, "Run once in a new container.", "make deps"),
        "updateContentCommand": key(_HOOK, "Run after onCreateCommand.", "make deps"),
        "postCreateCommand": key(_HOOK, "Run when the container is given to a person.", "make hooks"),
        "postStartCommand": key(_HOOK, "Run at each start.", "git status"),
        "postAttachCommand": key(_HOOK, "Run each time an editor attaches.", "make greet"),
        "waitFor": key(
            text(
                "a hook's name",
                "^(?:initializeCommand|onCreateCommand|updateContentCommand|postCreateCommand|postStartCommand)$",
            ),
            "The hook the editor waits for.",
            "postCreateCommand",
        ),
        "userEnvProbe": key(
            text("a way to read it", "^(?:none|loginShell|loginInteractiveShell|interactiveShell)$"),
            "How the user's variables are read.",
            "loginShell",
        ),
        "hostRequirements": key(_ANY, "What the machine must have.", {"cpus": 4}),
    },
    "a mapping",
)

_TASK = mapping(
    {
        "service": key(TEXT, "Where it runs; by default in the workspace's service.", "api"),
        "command": key(COMMAND, "What is run; a text is run by `sh -c`.", "pytest -q"),
        "description": key(TEXT, "What it is for, in a line.", "Run the API's tests"),
    },
    "a command, or a mapping with `command`",
    required=("command",),
)

TOP: dict[str, Schema] = {
    "name": key(
        literal("a project name of small letters, digits, `-` and `_`", "^[a-z0-9][a-z0-9_-]*$"),
        "Name of the project: containers, volumes and networks begin with it. Another clone of the same repository "
        "gets a suffix.",
        "shop",
    ),
    "base": key(
        text("a stack of the catalogue", "^[a-z0-9][a-z0-9._-]*$"),
        "A whole stack of the catalogue to build on; this file is merged over it as Compose merges a second file.",
        "shop",
    ),
    "workspace": key(WORKSPACE, "The devcontainer.", {"service": "workspace", "user": "dev"}),
    "tasks": key(
        by_name(either(TEXT, TEXTS, _TASK, title="a command, or a mapping with `command`"), "a mapping of tasks"),
        "Commands by name, for `devenv run NAME`.",
        {"test": {"service": "api", "command": "pytest -q"}},
    ),
    "checks": key(
        by_name(CHECK, "a mapping of checks"),
        "Requests along the critical paths that prove the stack works: run after `up`, and by `devenv check`.",
        {"search": [{"http": "{{ web.host_url }}/api/products?q=lamp", "expect": {"json": {"total": 12}}}]},
    ),
    "requires": key(
        mapping(
            {
                "engine": key(TEXT, "Engine version.", ">=20.10"),
                "memory": key(BYTES, "Memory of the engine.", "4g"),
                "disk": key(BYTES, "Free disk of the engine.", "10g"),
                "cpus": key(_COUNT, "CPUs of the engine.", 2),
                "tools": key(TEXTS, "Programs on the host.", ["git"]),
            }
        ),
        "What the machine must have.",
        {"engine": ">=20.10", "memory": "4g"},
    ),
    "owner": _OWNER,
    "docs": _DOCS,
    "runbook": _RUNBOOK,
    "links": _LINKS,
}
"""Keys at the top that are devenv's."""

READY_LIST = listed(_CONDITION, "a list of conditions")
X_SERVICE: dict[str, Schema] = {
    **{name: shape for name, shape in SERVICE.items() if name != "links"},
    "links": _LINKS,
    "server": key(TEXT, "Whose data the volume at `data` holds.", "postgres/17"),
    "data": key(PATH, "Where its data lies in the container.", "/var/lib/postgresql/data"),
    "seeder": key(TEXT, "The kind of seeder that loads its seeds.", "postgres"),
    "values": key(by_name(SCALAR, "a mapping", "."), "What addresses and seeders are made from.", {"user": "app"}),
    "urls": key(_LINK, "Addresses on the host, by label.", {"url": "http://127.0.0.1:8000"}),
    "depends_on": key(
        by_name(TEXT, "a mapping of service to condition"),
        "Conditions that devenv holds where a healthcheck cannot say them.",
        {"worker": "service_healthy"},
    ),
}
"""Keys of `x-devenv` in a service of a Compose file."""
X_TOP: dict[str, Schema] = {name: shape for name, shape in TOP.items() if name not in ("name", "base")}
"""Keys of `x-devenv` at the top of a Compose file."""
