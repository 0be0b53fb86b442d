"""devenv: one manifest, one command, the whole development stack, healthy and seeded."""

__version__ = "0.1.0"
