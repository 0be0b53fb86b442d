"""The languages that `devenv init` knows. A new one is one file and one line here."""

from __future__ import annotations

from devenv.core.init.guess import Language
from devenv.core.init.languages import go, java, node, php, python, ruby, rust

LANGUAGES: tuple[Language, ...] = (
    python.LANGUAGE,
    ruby.LANGUAGE,
    php.LANGUAGE,
    go.LANGUAGE,
    rust.LANGUAGE,
    java.LANGUAGE,
    node.LANGUAGE,  # last: a package.json for its page's assets stands in many a repository of the others
)
