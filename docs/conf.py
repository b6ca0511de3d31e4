"""What Sphinx is told: the theme, Markdown, and how recipes are coloured. See `docs/build.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

import rlmlang
from rlmlang.schema.types import TYPE_WORDS
from rlmlang.schema.words import WORDS

project = "rlmlang"
author = "The rlmlang authors"
version = release = rlmlang.__version__
extensions = ["myst_parser"]
root_doc = "index"
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]
smartquotes = False
html_theme = "furo"
html_title = f"rlmlang {version}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"


class Recipe(RegexLexer):
    """Recipes, by the words of the language's own table."""

    name, aliases, filenames = "rlm", ["rlm"], ["*.rlm"]
    tokens: ClassVar = {
        "root": [
            (r"//[^\n]*", Comment),
            (r'r?"""(.|\n)*?"""', String),
            (r'r?"(\\.|[^"\\\n])*"', String),
            (r"[0-9][0-9_]*(\.[0-9]+)?[A-Za-z%]*", Number),
            (words([t.name for t in TYPE_WORDS if t.name.isalpha()], r"\b", r"\b"), Keyword.Type),
            (words([w.text for w in WORDS if w.text.isalpha()], r"\b", r"\b"), Keyword),
            (r"[A-Za-z_]\w*", Name),
            (r"[<>=!+\-*/%.?]+", Operator),
            (r"[{}()\[\],:]", Punctuation),
            (r".|\n", Text),
        ]
    }


def setup(app: Any) -> None:
    """Makes recipes known to Sphinx."""
    app.add_lexer("rlm", Recipe)
