"""What Sphinx is told: the theme, Markdown, and how recipes are coloured. See `docs/build.py`."""

from __future__ import annotations

from typing import Any

import rlmlang
from rlmlang.editor.lexer import RlmLexer

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


def setup(app: Any) -> None:
    """Makes recipes known to Sphinx."""
    app.add_lexer("rlm", RlmLexer)
