"""devcontainer.json read, and what follows from it for a container: containers.dev/implementors/spec. Pure."""
