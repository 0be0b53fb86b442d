"""The keys of a Compose service: names, types and meaning follow the Compose Specification."""

from __future__ import annotations

from devenv.core.schema.shapes import (
    BOOLEAN,
    BYTES,
    DURATION,
    NUMBER,
    OPTIONS,
    PATH,
    SCALAR,
    TEXT,
    TEXT_OR_NUMBER,
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
    whole,
)

PORT_TEXT = text(
    "a port such as `8000`, `8080:80` or `127.0.0.1:8080:80/tcp`",
    r"^(?:(?:\[[0-9a-fA-F:.]+\]|[0-9.]+|):)?(?:[0-9]*(?:-[0-9]+)?:)?[0-9]+(?:-[0-9]+)?(?:/(?:[tT][cC][pP]|[uU][dD][pP]|[sS][cC][tT][pP]))?$",
)

_BUILD = mapping(
    {
        "context": key(PATH, "Folder that is sent to the builder.", "./api"),
        "dockerfile": key(PATH, "Dockerfile, relative to the context.", "Dockerfile.dev"),
        "dockerfile_inline": key(TEXT, "The Dockerfile's text itself.", "FROM debian:trixie-slim\n"),
        "args": key(ref("pairs"), "Build arguments.", {"PYTHON": "3.13"}),
        "target": key(TEXT, "The stage to build.", "dev"),
        "labels": key(ref("pairs"), "Labels on the image.", {"team": "shop"}),
        "tags": key(TEXTS, "Further names for the image.", ["shop/api:dev"]),
        "network": key(TEXT, "Network of the build's RUN steps.", "host"),
        "platforms": key(TEXTS, "Platforms to build for.", ["linux/amd64"]),
        "pull": key(BOOLEAN, "Ask for newer base images each time.", True),
        "no_cache": key(BOOLEAN, "Build every step anew.", True),
        "no_cache_filter": key(ref("text_or_texts"), "Stages to build anew.", ["deps"]),
        "cache_from": key(TEXTS, "Where the builder may take layers from.", ["type=registry,ref=shop/cache"]),
        "cache_to": key(TEXTS, "Where the builder puts layers.", ["type=inline"]),
        "additional_contexts": key(ref("pairs"), "Further folders or images, by name.", {"assets": "./assets"}),
        "extra_hosts": key(ref("hosts"), "Names that resolve in RUN steps.", {"mirror.test": "192.0.2.7"}),
        "shm_size": key(BYTES, "Size of /dev/shm in RUN steps.", "128m"),
        "isolation": key(TEXT, "Isolation technology (Windows).", "default"),
        "privileged": key(BOOLEAN, "RUN steps have all rights.", False),
        "entitlements": key(TEXTS, "Rights that the builder grants.", ["network.host"]),
        "secrets": key(ref("grants"), "Secrets that RUN steps may mount.", ["npm_token"]),
        "ssh": key(ref("pairs"), "SSH agents that RUN steps may use.", ["default"]),
        "ulimits": key(ref("ulimits"), "Limits of RUN steps.", {"nofile": 65536}),
        "provenance": key(
            {"type": ["string", "boolean"], "title": "a text or boolean"}, "Attest how it was built.", False
        ),
        "sbom": key({"type": ["string", "boolean"], "title": "a text or boolean"}, "Attest what is in it.", False),
    },
    "a folder, or a mapping",
)

_PORT = mapping(
    {
        "target": key(whole("a port from 1 to 65535", 1, 65535), "Port inside the container.", 80),
        "published": key(
            {"type": ["string", "integer"], "title": "a port or a range"},
            "Port on the host; without it devenv chooses one.",
            "8080",
        ),
        "host_ip": key(TEXT, "Address of the host to listen on.", "127.0.0.1"),
        "protocol": key(one_of("tcp", "udp", "sctp"), "Transport.", "tcp"),
        "app_protocol": key(TEXT, "What is spoken on it.", "http"),
        "mode": key(one_of("ingress", "host"), "How a swarm publishes it.", "ingress"),
        "name": key(TEXT, "A name for people.", "page"),
    },
    "a port in long form",
    required=("target",),
)

_MOUNT = mapping(
    {
        "type": key(one_of("bind", "volume", "tmpfs", "cluster", "npipe", "image"), "What is mounted.", "bind"),
        "source": key(TEXT, "Path on the host, volume or image.", "./html"),
        "target": key(PATH, "Path in the container.", "/usr/share/nginx/html"),
        "read_only": key(BOOLEAN, "The container cannot write to it.", True),
        "consistency": key(TEXT, "Ignored by current engines.", "cached"),
        "bind": key(
            mapping(
                {
                    "create_host_path": key(BOOLEAN, "Make a missing source as an empty folder.", False),
                    "propagation": key(TEXT, "How mounts below it spread.", "rslave"),
                    "recursive": key(
                        one_of("enabled", "disabled", "writable", "readonly"), "What of mounts below it.", "enabled"
                    ),
                    "selinux": key(one_of("z", "Z"), "SELinux label: shared or private.", "z"),
                }
            ),
            "Options of a bind.",
            {"create_host_path": False},
        ),
        "volume": key(
            mapping(
                {
                    "nocopy": key(BOOLEAN, "Do not copy the image's files into a new volume.", True),
                    "subpath": key(PATH, "A folder in the volume.", "uploads"),
                    "labels": key(ref("pairs"), "Labels on the volume.", {"keep": "yes"}),
                }
            ),
            "Options of a volume.",
            {"nocopy": True},
        ),
        "tmpfs": key(
            mapping(
                {
                    "size": key(BYTES, "Most it may hold.", "64m"),
                    "mode": key(TEXT_OR_NUMBER, "Permissions, octal.", "1777"),
                }
            ),
            "Options of a tmpfs.",
            {"size": "64m"},
        ),
        "image": key(
            mapping({"subpath": key(PATH, "A folder in the image.", "data")}),
            "Options of an image.",
            {"subpath": "data"},
        ),
    },
    "a mount in long form",
    required=("type",),
)

_NEED = mapping(
    {
        "condition": key(
            one_of("service_started", "service_healthy", "service_completed_successfully"),
            "What must be true of it before this service starts.",
            "service_healthy",
        ),
        "required": key(
            {"type": "boolean", "title": "`true` or `false`"}, "A failure of it stops this service too.", True
        ),
        "restart": key(BOOLEAN, "Restart this service when that one is recreated.", True),
    },
    "a mapping with `condition`",
    required=("condition",),
)

_ENDPOINT = mapping(
    {
        "aliases": key(TEXTS, "Further names on this network.", ["database"]),
        "interface_name": key(TEXT, "Name of the interface inside.", "eth1"),
        "ipv4_address": key(TEXT, "A fixed address.", "192.0.2.10"),
        "ipv6_address": key(TEXT, "A fixed IPv6 address.", "2001:db8::10"),
        "link_local_ips": key(TEXTS, "Link-local addresses.", ["169.254.0.9"]),
        "mac_address": key(TEXT, "MAC address on this network.", "02:42:ac:11:00:02"),
        "driver_opts": key(OPTIONS, "Options of the network's driver.", {"com.example.option": "1"}),
        "priority": key(NUMBER, "The network with the highest one is joined first.", 100),
        "gw_priority": key(NUMBER, "The network with the highest one gives the default route.", 100),
        "use_service_name_alias": key(BOOLEAN, "The service's name resolves on this network.", True),
    },
    "a mapping",
)

_HOOK = {
    "command": key(ref("command"), "What to run.", ["./migrate"]),
    "user": key(TEXT, "As whom.", "root"),
    "privileged": key(BOOLEAN, "With all rights.", False),
    "working_dir": key(PATH, "In which folder.", "/app"),
    "environment": key(ref("pairs"), "With which variables.", {"MODE": "once"}),
}
_DEVICE = mapping(
    {
        "capabilities": key(TEXTS, "What the device must be able to do.", ["gpu"]),
        "count": key(whole("a number or `all`") | {"pattern": r"^[0-9]+$|^all$|\$|\{\{"}, "How many.", 1),
        "device_ids": key(TEXTS, "Which ones.", ["0"]),
        "driver": key(TEXT, "Driver.", "nvidia"),
        "options": key(ref("pairs"), "Options of the driver.", {"virtualization": "false"}),
    }
)
_RATES = listed(
    mapping(
        {"path": key(PATH, "The device.", "/dev/sda"), "rate": key(BYTES, "The most a second.", "12mb")},
        "path and rate",
    ),
    "a list of `path` and `rate`",
)
_CREDENTIAL = mapping(
    {
        "config": key(TEXT, "A config that holds it.", "my_credential_spec"),
        "file": key(PATH, "A file that holds it.", "my-credential-spec.json"),
        "registry": key(TEXT, "A registry value that holds it.", "my-credential-spec"),
    }
)

DEFINITIONS: dict[str, Schema] = {
    "grants": listed(
        either(
            TEXT,
            mapping(
                {
                    "source": key(TEXT, "Its name at the top of the file.", "db_password"),
                    "target": key(PATH, "Path or name in the container.", "password"),
                    "uid": key(TEXT, "Owner.", "1000"),
                    "gid": key(TEXT, "Group.", "1000"),
                    "mode": key(TEXT_OR_NUMBER, "Permissions, octal.", "0400"),
                },
                "a long form",
            ),
        ),
        "a list of names or long forms",
    ),
    "ulimits": by_name(
        either(
            WHOLE,
            mapping(
                {
                    "soft": key(WHOLE, "The limit that holds.", 20000),
                    "hard": key(WHOLE, "The most that it can be raised to.", 40000),
                },
                "`soft` and `hard`",
                required=("soft", "hard"),
            ),
        ),
        "a mapping of limits",
        "^[a-z]+$",
    ),
    "healthcheck": mapping(
        {
            "test": key(ref("text_or_texts"), "Command that ends 0 when it is healthy.", ["CMD", "pg_isready", "-q"]),
            "interval": key(DURATION, "Time between two looks.", "5s"),
            "timeout": key(DURATION, "Time that one look may take.", "5s"),
            "retries": key(NUMBER, "Failures in a row that make it unhealthy.", 3),
            "start_period": key(DURATION, "Time in which failures do not count.", "30s"),
            "start_interval": key(DURATION, "Time between two looks in the start period (engines from 25.0).", "1s"),
            "disable": key(BOOLEAN, "Switch the image's own healthcheck off.", True),
        }
    ),
    "build": either(PATH, _BUILD, title="a folder or a mapping"),
}

SERVICE: dict[str, Schema] = {
    "image": key(TEXT, "Image to create the container from.", "debian:trixie-slim"),
    "build": key(ref("build"), "How to build the image.", "./api"),
    "command": key(ref("command"), "Replaces the image's command.", ["sleep", "infinity"]),
    "entrypoint": key(ref("command"), "Replaces the image's entrypoint.", ["/usr/bin/tini", "--"]),
    "environment": key(ref("pairs"), "Environment variables.", {"LOG_LEVEL": "debug"}),
    "env_file": key(
        either(
            PATH,
            listed(
                either(
                    PATH,
                    mapping(
                        {
                            "path": key(PATH, "The file.", "./api.env"),
                            "required": key(BOOLEAN, "It must be there.", False),
                            "format": key(TEXT, "How it is read: `raw` takes values as they are.", "raw"),
                        },
                        "a long form",
                        required=("path",),
                    ),
                ),
                "a list of paths",
            ),
            title="a path or a list of paths",
        ),
        "Files of environment variables.",
        ["./api.env"],
    ),
    "ports": key(
        listed(
            either(
                whole("a port from 1 to 65535", 1, 65535) | {"type": "integer"},
                PORT_TEXT,
                _PORT,
                title=PORT_TEXT["title"],
            ),
            "a list of ports",
        ),
        "Published ports. A container's port alone (`8000`) gets a free port on the host's loopback; "
        "Compose's longer forms are taken literally.",
        [8000],
    ),
    "expose": key(listed(TEXT_OR_NUMBER, "a list of ports"), "Ports that other services use; not published.", ["9000"]),
    "volumes": key(
        listed(either(text("`source:target`"), _MOUNT, title="`source:target` or a long form"), "a list of mounts"),
        "What is mounted.",
        ["./html:/usr/share/nginx/html:ro"],
    ),
    "depends_on": key(
        either(TEXTS, by_name(_NEED, "a mapping of service to condition"), title="a list or mapping of services"),
        "Services that come first.",
        {"db": {"condition": "service_healthy"}},
    ),
    "healthcheck": key(
        ref("healthcheck"), "The engine's own look at it; `ready` is devenv's.", {"test": ["CMD", "true"]}
    ),
    "restart": key(
        text(
            "`no`, `always`, `unless-stopped` or `on-failure[:n]`",
            r"^(?:no|always|unless-stopped|on-failure(?::[0-9]+)?)$",
        ),
        "What the engine does when it ends.",
        "unless-stopped",
    ),
    "user": key(TEXT, "User inside, by name or number.", "1000:1000"),
    "working_dir": key(PATH, "Folder in which the command starts.", "/app"),
    "networks": key(
        either(
            TEXTS,
            by_name(or_null(_ENDPOINT), "a mapping of networks"),
            {"type": "null", "title": "nothing"},
            title="a list or mapping of networks",
        ),
        "Networks it joins.",
        ["backend"],
    ),
    "network_mode": key(TEXT, "`none`, `host`, `service:NAME` or `container:NAME` instead of networks.", "host"),
    "hostname": key(TEXT, "Host name inside.", "api"),
    "domainname": key(TEXT, "Domain name inside.", "shop.test"),
    "container_name": key(
        text("a container name", "^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"),
        "Name of the container instead of PROJECT-SERVICE-1.",
        "shop-db",
    ),
    "labels": key(ref("pairs"), "Labels on the container.", {"team": "shop"}),
    "label_file": key(ref("text_or_texts"), "Files of labels.", ["./labels.env"]),
    "annotations": key(ref("pairs"), "Annotations on the container.", {"team": "shop"}),
    "profiles": key(TEXTS, "Only started when one of these profiles is asked for.", ["tools"]),
    "init": key(BOOLEAN, "A small init process forwards signals and reaps children.", True),
    "stop_signal": key(TEXT, "Signal that asks it to end.", "SIGINT"),
    "stop_grace_period": key(DURATION, "Time it has to end by itself.", "10s"),
    "secrets": key(ref("grants"), "Secrets it may read, under /run/secrets.", ["db_password"]),
    "configs": key(ref("grants"), "Configs it may read.", ["nginx_conf"]),
    "tmpfs": key(ref("text_or_texts"), "Folders in memory.", ["/tmp"]),
    "read_only": key(BOOLEAN, "Its root file system cannot be written.", True),
    "shm_size": key(BYTES, "Size of /dev/shm.", "128m"),
    "extra_hosts": key(ref("hosts"), "Names that resolve inside.", ["host.docker.internal=host-gateway"]),
    "dns": key(ref("text_or_texts"), "DNS servers.", ["192.0.2.53"]),
    "dns_opt": key(TEXTS, "DNS options.", ["use-vc"]),
    "dns_search": key(ref("text_or_texts"), "DNS search domains.", ["shop.test"]),
    "privileged": key(BOOLEAN, "All rights on the host.", False),
    "cap_add": key(TEXTS, "Capabilities to add.", ["SYS_PTRACE"]),
    "cap_drop": key(TEXTS, "Capabilities to take away.", ["NET_RAW"]),
    "security_opt": key(TEXTS, "Security options.", ["no-new-privileges:true"]),
    "group_add": key(listed(TEXT_OR_NUMBER, "a list of groups"), "Further groups of the user.", ["docker"]),
    "devices": key(
        listed(
            either(
                TEXT,
                mapping(
                    {
                        "source": key(PATH, "Device on the host.", "/dev/ttyUSB0"),
                        "target": key(PATH, "Device in the container.", "/dev/ttyUSB0"),
                        "permissions": key(TEXT, "What may be done with it.", "rwm"),
                    },
                    "a long form",
                    required=("source",),
                ),
            ),
            "a list of devices",
        ),
        "Devices of the host.",
        ["/dev/fuse:/dev/fuse"],
    ),
    "device_cgroup_rules": key(TEXTS, "Rules for devices.", ["c 1:3 mr"]),
    "gpus": key(
        either(one_of("all"), listed(_DEVICE, "a list of GPUs"), title="`all` or a list of GPUs"), "GPUs.", "all"
    ),
    "cpus": key(NUMBER, "CPUs it may use.", 1.5),
    "cpu_count": key(WHOLE, "CPUs it may use (Windows).", 2),
    "cpu_percent": key(whole("0 to 100", 0, 100), "Share of the CPUs (Windows).", 50),
    "cpu_shares": key(NUMBER, "Its weight beside others.", 512),
    "cpu_quota": key(NUMBER, "CFS quota in microseconds.", 50000),
    "cpu_period": key(NUMBER, "CFS period in microseconds.", 100000),
    "cpu_rt_period": key(TEXT_OR_NUMBER, "Real-time period.", "1400us"),
    "cpu_rt_runtime": key(TEXT_OR_NUMBER, "Real-time run time.", "400us"),
    "cpuset": key(TEXT, "Which CPUs.", "0-1"),
    "mem_limit": key(BYTES, "Most memory it may use.", "512m"),
    "mem_reservation": key(BYTES, "Memory kept for it.", "128m"),
    "memswap_limit": key(BYTES, "Most memory and swap together; -1 is no limit.", "1g"),
    "mem_swappiness": key(WHOLE, "How readily it is swapped out, 0 to 100.", 10),
    "oom_kill_disable": key(BOOLEAN, "Never killed for memory.", False),
    "oom_score_adj": key(whole("-1000 to 1000", -1000, 1000), "How readily it is killed for memory.", 500),
    "pids_limit": key(NUMBER, "Most processes.", 200),
    "ulimits": key(ref("ulimits"), "Limits of its processes.", {"nofile": 65536}),
    "umask": key({"type": ["integer", "string", "null"], "title": "an octal number"}, "File mode mask.", "0022"),
    "sysctls": key(ref("pairs"), "Kernel settings inside.", {"net.core.somaxconn": 1024}),
    "blkio_config": key(
        mapping(
            {
                "weight": key(WHOLE, "Its weight beside others, 10 to 1000.", 300),
                "weight_device": key(
                    listed(
                        mapping(
                            {"path": key(PATH, "The device.", "/dev/sda"), "weight": key(WHOLE, "Its weight.", 400)},
                            "path and weight",
                        ),
                        "a list of `path` and `weight`",
                    ),
                    "Weight by device.",
                    [{"path": "/dev/sda", "weight": 400}],
                ),
                "device_read_bps": key(_RATES, "Bytes read a second.", [{"path": "/dev/sda", "rate": "12mb"}]),
                "device_read_iops": key(_RATES, "Reads a second.", [{"path": "/dev/sda", "rate": 120}]),
                "device_write_bps": key(_RATES, "Bytes written a second.", [{"path": "/dev/sda", "rate": "1024k"}]),
                "device_write_iops": key(_RATES, "Writes a second.", [{"path": "/dev/sda", "rate": 30}]),
            }
        ),
        "Limits on disks.",
        {"weight": 300},
    ),
    "storage_opt": key({"type": "object", "title": "a mapping"}, "Options of the storage driver.", {"size": "1G"}),
    "logging": key(
        mapping(
            {
                "driver": key(TEXT, "Where the lines go.", "json-file"),
                "options": key(
                    by_name({"type": ["string", "number", "null"], "title": "a text or number"}, "a mapping", "."),
                    "Options of the driver.",
                    {"max-size": "10m", "tag": "{{.Name}}"},
                ),
            }
        ),
        "What the engine does with its output.",
        {"driver": "json-file"},
    ),
    "stdin_open": key(BOOLEAN, "Standard input stays open.", True),
    "tty": key(BOOLEAN, "It has a terminal.", True),
    "attach": key(BOOLEAN, "Its lines are shown by Compose's `up`.", False),
    "platform": key(TEXT, "Platform of the image.", "linux/amd64"),
    "pull_policy": key(
        text(
            "a pull policy such as `missing`",
            "^(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+)$",
        ),
        "When the image is asked for anew.",
        "missing",
    ),
    "pull_refresh_after": key(DURATION, "Age after which the image is asked for anew.", "24h"),
    "runtime": key(TEXT, "Container runtime.", "runc"),
    "isolation": key(TEXT, "Isolation technology (Windows).", "default"),
    "ipc": key(TEXT, "IPC namespace.", "shareable"),
    "pid": key(or_null(TEXT), "Process namespace.", "host"),
    "uts": key(TEXT, "Host name namespace.", "host"),
    "userns_mode": key(TEXT, "User namespace.", "host"),
    "cgroup": key(one_of("host", "private"), "Control group namespace.", "private"),
    "cgroup_parent": key(TEXT, "Parent control group.", "m-executor-abcd"),
    "mac_address": key(TEXT, "MAC address.", "02:42:ac:11:00:02"),
    "links": key(TEXTS, "Other names for other services (old form).", ["db:database"]),
    "external_links": key(TEXTS, "Links to containers outside of the project.", ["redis"]),
    "volumes_from": key(TEXTS, "Mounts of another service or container.", ["db:ro"]),
    "scale": key(WHOLE, "How many containers.", 1),
    "use_api_socket": key({"type": "boolean", "title": "`true` or `false`"}, "The engine's socket is mounted.", True),
    "credential_spec": key(_CREDENTIAL, "Managed service account (Windows).", {"file": "my-credential-spec.json"}),
    "extends": key(
        either(
            TEXT,
            mapping(
                {
                    "service": key(TEXT, "The service to take over.", "common"),
                    "file": key(PATH, "The file it stands in.", "common.yaml"),
                },
                required=("service",),
            ),
            title="a service, or `service` and `file`",
        ),
        "Take over another service's keys.",
        {"file": "common.yaml", "service": "common"},
    ),
    "provider": key(
        mapping(
            {
                "type": key(TEXT, "The program that provides it.", "cloud-db"),
                "options": key(
                    by_name(either(SCALAR, listed(SCALAR, "a list"), title="a value or a list"), "a mapping", "."),
                    "What it is told.",
                    {"size": "small"},
                ),
            },
            required=("type",),
        ),
        "A service that is no container.",
        {"type": "cloud-db"},
    ),
    "models": key(
        either(
            TEXTS,
            by_name(
                or_null(
                    mapping(
                        {
                            "endpoint_var": key(TEXT, "Variable that gets its address.", "MODEL_URL"),
                            "model_var": key(TEXT, "Variable that gets its name.", "MODEL"),
                        }
                    )
                ),
                "a mapping of models",
            ),
            title="a list or mapping of models",
        ),
        "Language models it uses.",
        ["llm"],
    ),
    "pre_start": key(
        listed(
            {"type": "object", "title": "a hook"},
            "a list of hooks",
        ),
        "Containers that run to their end before it starts.",
        [{"command": ["./migrate"]}],
    ),
    "post_start": key(
        listed(mapping(_HOOK, "a hook", required=("command",)), "a list of hooks"),
        "Run inside after it started.",
        [{"command": ["./warm"]}],
    ),
    "pre_stop": key(
        listed(mapping(_HOOK, "a hook", required=("command",)), "a list of hooks"),
        "Run inside before it is stopped.",
        [{"command": ["./drain"]}],
    ),
    "develop": key(
        or_null(
            mapping(
                {
                    "watch": key(
                        listed(
                            mapping(
                                {
                                    "path": key(PATH, "What is watched.", "./src"),
                                    "action": key(
                                        one_of("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
                                        "What a change does.",
                                        "sync",
                                    ),
                                    "target": key(PATH, "Where it is copied to.", "/app/src"),
                                    "ignore": key(ref("text_or_texts"), "What is not watched.", ["*.pyc"]),
                                    "include": key(ref("text_or_texts"), "What is watched alone.", ["*.py"]),
                                    "initial_sync": key(
                                        {"type": "boolean", "title": "`true` or `false`"},
                                        "Copy all at the start.",
                                        True,
                                    ),
                                    "exec": key(mapping(_HOOK), "What is run after a copy.", {"command": ["./reload"]}),
                                },
                                required=("path", "action"),
                            ),
                            "a list of rules",
                        ),
                        "Rules of `docker compose watch`.",
                        [{"path": "./src", "action": "sync", "target": "/app/src"}],
                    )
                }
            )
        ),
        "What Compose does when sources change.",
        {"watch": [{"path": "./src", "action": "rebuild"}]},
    ),
    "deploy": key(or_null(ref("deploy")), "Limits and placement.", {"resources": {"limits": {"memory": "512m"}}}),
}
"""Key → shape, meaning, example. Every key of the Compose Specification's service is here."""
