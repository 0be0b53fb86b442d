"""What a repository is made of, guessed from its files: the manifest that a person would write for it.

interesting(files)    which of the files must be read
look(repository)      everything that is guessed, each guess with its reason
write(guess)          the files that say it: devenv.yaml, Dockerfile.dev, its .dockerignore
"""

from __future__ import annotations

from devenv.core.init.guess import Guess, Repository
from devenv.core.init.look import interesting, look
from devenv.core.init.write import DOCKERFILE, IGNORE, MANIFEST, served, summary, write

__all__ = [
    "DOCKERFILE", "IGNORE", "MANIFEST", "Guess", "Repository", "interesting", "look", "served", "summary", "write",
]  # fmt: skip
