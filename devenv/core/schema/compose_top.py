"""The keys of a Compose file beside its services: networks, volumes, secrets, configs, models; and `deploy`."""

from __future__ import annotations

from devenv.core.schema.shapes import (
    BOOLEAN,
    BYTES,
    DURATION,
    NUMBER,
    OPTIONS,
    PATH,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    by_name,
    either,
    key,
    listed,
    mapping,
    one_of,
    or_null,
    ref,
    text,
)

_ROLLOUT = mapping(
    {
        "parallelism": key(WHOLE, "Containers changed at once.", 2),
        "delay": key(DURATION, "Time between two groups.", "10s"),
        "failure_action": key(TEXT, "What follows a failure.", "pause"),
        "monitor": key(DURATION, "Time to watch each for failure.", "5s"),
        "max_failure_ratio": key(NUMBER, "Failures that are borne.", 0.1),
        "order": key(one_of("start-first", "stop-first"), "Which comes first.", "stop-first"),
    }
)
_DEVICES = listed(
    mapping(
        {
            "capabilities": key(TEXTS, "What the device must be able to do.", ["gpu"]),
            "count": key({"type": ["integer", "string"], "title": "a number or `all`"}, "How many.", 1),
            "device_ids": key(TEXTS, "Which ones.", ["0"]),
            "driver": key(TEXT, "Driver.", "nvidia"),
            "options": key(ref("pairs"), "Options of the driver.", {"virtualization": "false"}),
        },
        required=("capabilities",),
    ),
    "a list of devices",
)

DEPLOY = mapping(
    {
        "resources": key(
            mapping(
                {
                    "limits": key(
                        mapping(
                            {
                                "cpus": key(NUMBER, "CPUs.", "0.5"),
                                "memory": key(BYTES, "Memory.", "512m"),
                                "pids": key(WHOLE, "Processes.", 200),
                            }
                        ),
                        "The most it may use.",
                        {"memory": "512m"},
                    ),
                    "reservations": key(
                        mapping(
                            {
                                "cpus": key(NUMBER, "CPUs.", "0.25"),
                                "memory": key(BYTES, "Memory.", "128m"),
                                "devices": key(_DEVICES, "Devices.", [{"capabilities": ["gpu"]}]),
                                "generic_resources": key(
                                    listed({"type": "object", "title": "a resource"}, "a list of resources"),
                                    "Resources of a swarm.",
                                    [{"discrete_resource_spec": {"kind": "gpu", "value": 2}}],
                                ),
                            }
                        ),
                        "What is kept for it.",
                        {"memory": "128m"},
                    ),
                }
            ),
            "Limits and reservations.",
            {"limits": {"memory": "512m"}},
        ),
        "mode": key(TEXT, "How many a swarm runs.", "replicated"),
        "replicas": key(WHOLE, "How many containers.", 1),
        "endpoint_mode": key(TEXT, "How a swarm finds it.", "vip"),
        "labels": key(ref("pairs"), "Labels on a swarm's service.", {"team": "shop"}),
        "placement": key(
            mapping(
                {
                    "constraints": key(TEXTS, "Where it may run.", ["node.labels.disk==ssd"]),
                    "preferences": key(
                        listed(mapping({"spread": key(TEXT, "Label to spread over.", "node.labels.zone")}), "a list"),
                        "Where it had better run.",
                        [{"spread": "node.labels.zone"}],
                    ),
                    "max_replicas_per_node": key(WHOLE, "Most on one node.", 1),
                }
            ),
            "Where a swarm runs it.",
            {"constraints": ["node.role==worker"]},
        ),
        "restart_policy": key(
            mapping(
                {
                    "condition": key(TEXT, "When it is restarted.", "on-failure"),
                    "delay": key(DURATION, "Time before it is.", "5s"),
                    "max_attempts": key(WHOLE, "How often.", 3),
                    "window": key(DURATION, "Time after which it counts as started.", "2m"),
                }
            ),
            "What happens when it ends.",
            {"condition": "on-failure"},
        ),
        "update_config": key(_ROLLOUT, "How a swarm updates it.", {"parallelism": 2}),
        "rollback_config": key(_ROLLOUT, "How a swarm takes an update back.", {"parallelism": 2}),
    }
)

_NETWORK = mapping(
    {
        "name": key(TEXT, "Its name on the engine.", "shop-backend"),
        "driver": key(TEXT, "Network driver.", "bridge"),
        "driver_opts": key(OPTIONS, "Options of the driver.", {"com.docker.network.driver.mtu": "1400"}),
        "external": key(ref("external"), "It is there already; devenv neither makes nor removes it.", True),
        "internal": key(BOOLEAN, "No way to the outside.", True),
        "attachable": key(BOOLEAN, "Single containers may join (swarm).", True),
        "enable_ipv4": key(BOOLEAN, "IPv4.", True),
        "enable_ipv6": key(BOOLEAN, "IPv6.", True),
        "labels": key(ref("pairs"), "Labels on the network.", {"team": "shop"}),
        "ipam": key(
            mapping(
                {
                    "driver": key(TEXT, "Address driver.", "default"),
                    "options": key(by_name(TEXT, "a mapping", "."), "Its options.", {"foo": "bar"}),
                    "config": key(
                        listed(
                            mapping(
                                {
                                    "subnet": key(TEXT, "Subnet.", "192.0.2.0/24"),
                                    "ip_range": key(TEXT, "Part of it for containers.", "192.0.2.128/25"),
                                    "gateway": key(TEXT, "Gateway.", "192.0.2.1"),
                                    "aux_addresses": key(
                                        by_name(TEXT, "a mapping of name to address", "."),
                                        "Addresses to leave alone.",
                                        {"printer": "192.0.2.9"},
                                    ),
                                }
                            ),
                            "a list of subnets",
                        ),
                        "Subnets.",
                        [{"subnet": "192.0.2.0/24"}],
                    ),
                }
            ),
            "Addresses of the network.",
            {"config": [{"subnet": "192.0.2.0/24"}]},
        ),
    }
)
_VOLUME = mapping(
    {
        "name": key(TEXT, "Its name on the engine.", "shop-data"),
        "driver": key(TEXT, "Volume driver.", "local"),
        "driver_opts": key(OPTIONS, "Options of the driver.", {"type": "tmpfs", "device": "tmpfs"}),
        "external": key(ref("external"), "It is there already; devenv neither makes nor removes it.", True),
        "labels": key(ref("pairs"), "Labels on the volume.", {"team": "shop"}),
    }
)
_SECRET = mapping(
    {
        "environment": key(TEXT, "Variable that holds its value.", "STRIPE_KEY"),
        "file": key(PATH, "File that holds its value.", "./stripe.key"),
        "external": key(ref("external"), "It is there already (swarm).", True),
        "name": key(TEXT, "Its name on the engine.", "shop-stripe"),
        "labels": key(ref("pairs"), "Labels on the secret.", {"team": "shop"}),
        "driver": key(TEXT, "Secret driver (swarm).", "vault"),
        "driver_opts": key(OPTIONS, "Options of the driver.", {"path": "shop"}),
        "template_driver": key(TEXT, "Template driver (swarm).", "golang"),
    }
)
_CONFIG = mapping(
    {
        "content": key(TEXT, "Its text.", "worker_processes 1;\n"),
        "environment": key(TEXT, "Variable that holds its text.", "NGINX_CONF"),
        "file": key(PATH, "File that holds its text.", "./nginx.conf"),
        "external": key(ref("external"), "It is there already (swarm).", True),
        "name": key(TEXT, "Its name on the engine.", "shop-nginx"),
        "labels": key(ref("pairs"), "Labels on the config.", {"team": "shop"}),
        "template_driver": key(TEXT, "Template driver (swarm).", "golang"),
    }
)
_MODEL = mapping(
    {
        "model": key(TEXT, "The model's image.", "ai/smollm2"),
        "name": key(TEXT, "Its name on the engine.", "llm"),
        "context_size": key({"type": "integer", "title": "a whole number"}, "Tokens it reads at once.", 4096),
        "runtime_flags": key(TEXTS, "What its runtime is told.", ["--no-prefill-assistant"]),
    },
    required=("model",),
)
_INCLUDE = listed(
    either(
        PATH,
        mapping(
            {
                "path": key(ref("text_or_texts"), "The file or files.", "./other/compose.yaml"),
                "env_file": key(ref("text_or_texts"), "Files of variables for it.", "./other/.env"),
                "project_directory": key(PATH, "Folder its paths are relative to.", "./other"),
            }
        ),
        title="a path or a mapping",
    ),
    "a list of files",
)

TOP: dict[str, Schema] = {
    "name": key(
        text("a project name of small letters, digits, `-` and `_`", "^[a-z0-9][a-z0-9_-]*$"),
        "Name of the project: containers, volumes and networks begin with it.",
        "shop",
    ),
    "networks": key(by_name(or_null(_NETWORK), "a mapping of networks"), "Networks of the stack.", {"backend": None}),
    "volumes": key(
        by_name(or_null(_VOLUME), "a mapping of volumes"), "Named volumes, which outlive containers.", {"uploads": None}
    ),
    "secrets": key(
        by_name(_SECRET, "a mapping of secrets"),
        "Values that stand in no file of the repository.",
        {"stripe": {"environment": "STRIPE_KEY"}},
    ),
    "configs": key(
        by_name(_CONFIG, "a mapping of configs"),
        "Files that containers read.",
        {"nginx_conf": {"file": "./nginx.conf"}},
    ),
    "include": key(_INCLUDE, "Other Compose files that belong to this one.", ["./other/compose.yaml"]),
    "models": key(by_name(_MODEL, "a mapping of models"), "Language models.", {"llm": {"model": "ai/smollm2"}}),
    "jobs": key({"type": "object", "title": "a mapping of jobs"}, "Containers that run to their end on a trigger.", {}),
    "version": key({**TEXT, "deprecated": True}, "Ignored since Compose 2; leave it out.", "3.8"),
}
"""Key → shape, meaning, example, of a Compose file's top; `services` is put beside by who makes the schema."""
