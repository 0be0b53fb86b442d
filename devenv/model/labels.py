"""Labels on containers, networks, volumes and images: Compose's own (so that it sees them), and devenv's.

Source of Compose's: docker/compose `pkg/api/labels.go`.
"""

from __future__ import annotations

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
ONEOFF = "com.docker.compose.oneoff"
HOOK = "com.docker.compose.hook"
"""On what runs a `pre_start` hook: which kind of hook (`HOOK_INDEX` says which of them)."""
HOOK_INDEX = "com.docker.compose.hook-index"
CONFIG_HASH = "com.docker.compose.config-hash"
CONFIG_FILES = "com.docker.compose.project.config_files"
ENV_FILES = "com.docker.compose.project.environment_file"
WORKING_DIR = "com.docker.compose.project.working_dir"
DEPENDS_ON = "com.docker.compose.depends_on"
IMAGE = "com.docker.compose.image"
VERSION = "com.docker.compose.version"
IMAGE_BUILDER = "com.docker.compose.image.builder"
"""On an image that Compose built: by what. Not every builder lets it write the service's name there too."""
NETWORK = "com.docker.compose.network"
VOLUME = "com.docker.compose.volume"

CONFIG = "dev.devenv.config"
"""On a container: version-tagged canonical JSON with a hash a key; what devenv compares (DESIGN, rule 2)."""
SERVER = "dev.devenv.server"
"""On a volume: which server's data it holds, `postgres/17`."""
RECIPE = "dev.devenv.recipe"
"""On an image of ours: the digest of what it was built from."""
SOURCE = "dev.devenv.source"
"""On a built image: the digest of its context and build settings, so that an unchanged tree is not built again."""
BASES = "dev.devenv.bases"
"""On a built image: JSON of each image its Dockerfile names from outside → the one it was really built on."""
MADE_FROM = "dev.devenv.made-from"
"""On the image of a workspace with features or another user: the ID of the service's own image. Compose compares that
one: its label on the container is of it."""
BUILT_ON = "dev.devenv.built-on"
"""On a built image: JSON of each image of another service that it was built on → that image's ID."""
CONTEXT = "dev.devenv.context"
"""On an image that holds a folder for builds that name it as an additional context: that folder."""
FOLDER = "dev.devenv.folder"
"""On a container and a volume: the folder of the repository that owns the project."""
ENV = "dev.devenv.env"
"""On a container: JSON of the host values that devenv chose (ports, substitutes, project), to find them again."""

ON_HOST = "dev.devenv.on-host"
"""On what stands in for a service that runs on the host (`up --except`): on its two containers JSON of container port →
the host's port, on the volume that they share the service's name."""

DEVCONTAINER_FOLDER = "devcontainer.local_folder"
DEVCONTAINER_CONFIG = "devcontainer.config_file"
DEVCONTAINER_METADATA = "devcontainer.metadata"
"""On an image and a container: JSON of what its sources (image, features, devcontainer.json) say to editors."""

COMPOSE_VERSION = "5.6.1"
"""The Compose version whose labels and hash we write."""

IMAGE_NAMESPACE = "localhost/devenv"
"""Our images live under this name: `localhost` is never asked for on a public registry."""
