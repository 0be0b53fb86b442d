"""Measurements of devenv: `./dev bench`."""
