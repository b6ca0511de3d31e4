"""The pipeline on one page: text → syntax tree → checked recipe → plan.

Pure: files are brought by the loader that is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rlmlang.check.check import Checked, check_file
from rlmlang.check.module import Library, Loader
from rlmlang.diagnostics.source import SourceFile
from rlmlang.syntax import tree
from rlmlang.syntax.parse import Parsed, parse

if TYPE_CHECKING:
    from rlmlang.check.recipe import Recipe
    from rlmlang.plan.bind import Binding
    from rlmlang.plan.graph import Plan


def check(source: SourceFile, load: Loader, sizes: Mapping[str, int] | None = None) -> Checked:
    """Source text to checked recipes. Syntax errors are reported alone: nothing else is sure.

    `sizes` are the real sizes of what is bound, as `count(log)`; without, declared ones are used.
    """
    parsed = parse(source)
    if parsed.tree is None or not parsed.ok:
        return Checked({}, parsed.diagnostics)
    found = check_file(Library(load, _parsed, sizes or {}), source, parsed.tree)
    return Checked(found.recipes, (*parsed.diagnostics, *found.diagnostics))


def plan(recipe: Recipe, binding: Binding) -> Plan:
    """A checked recipe to its graph, with bounds for what is bound to it."""
    from rlmlang.plan.lower import lower

    return lower(recipe, binding)


def format(source: SourceFile) -> tuple[str, Parsed]:
    """The canonical layout of a file; the text as it was where it cannot be read."""
    from rlmlang.syntax.format import format_file

    parsed = parse(source)
    if parsed.tree is None or not parsed.ok:
        return source.text, parsed
    return format_file(source, parsed.tree), parsed


def _parsed(source: SourceFile) -> tree.File | None:
    parsed = parse(source)
    return parsed.tree if parsed.ok else None
