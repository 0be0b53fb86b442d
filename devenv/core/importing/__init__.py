"""What a team has already, as a devenv.yaml: their Compose files and their devcontainer.json.

merged(documents)          several Compose files, or one that includes or extends others, as one, nothing filled in
taken(value)               what devenv.yaml says instead of a Compose file
workspace(read)            what it says instead of a devcontainer.json
edited(text, doc, value)   the person's own text, changed line by line; None where that cannot be done
text(value, kept)          the file
origin(span, made, theirs) where the person's files say what stands there in the file
compared(theirs, ours)     what is another than it was, in sentences
"""

from __future__ import annotations

from devenv.core.importing.compare import compared
from devenv.core.importing.compose import Imported, taken
from devenv.core.importing.devcontainer import workspace
from devenv.core.importing.edit import edited
from devenv.core.importing.flatten import merged, relative
from devenv.core.importing.place import origin
from devenv.core.importing.write import text

__all__ = ["Imported", "compared", "edited", "merged", "origin", "relative", "taken", "text", "workspace"]
