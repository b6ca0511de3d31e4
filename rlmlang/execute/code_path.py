"""Where the Python files lie that a recipe names."""

from __future__ import annotations

import os

from rlmlang.ir.expressions import Code


def code_path(code: Code) -> str:
    """The file of a function or module: its path is taken from the folder of the recipe."""
    return os.path.join(os.path.dirname(os.path.abspath(code.base)), code.path)
