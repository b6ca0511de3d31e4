"""The pipeline on one page: text → syntax tree → checked recipe → plan.

Pure: files are brought by the loader that is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from rlmlang.check.check import check_file
from rlmlang.check.earlier import Earlier as Earlier
from rlmlang.check.environment import Variables
from rlmlang.check.module import Library, Loader
from rlmlang.check.overrides import override, settable
from rlmlang.check.settings import limit_from
from rlmlang.check.told import told
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.suite import Checked
from rlmlang.schema.formula import Sizes
from rlmlang.schema.partitions import GRAIN
from rlmlang.schema.registry import ALONE, Find, Plugins
from rlmlang.syntax import tree
from rlmlang.syntax.parse import Parsed, parse, too_deep

if TYPE_CHECKING:
    from rlmlang.ir.binding import Binding
    from rlmlang.ir.recipe import Recipe
    from rlmlang.plan.plan import Plan


def check(
    source: SourceFile,
    load: Loader,
    sizes: Sizes | None = None,
    sets: Mapping[str, str] | None = None,
    most: int = 1,
    grain: int = GRAIN,
    plugins: Plugins = ALONE,
    variable: Variables | None = None,
    images: Mapping[str, int] | None = None,
    earlier: Earlier | None = None,
) -> Checked:
    """Source text to checked recipes. What a syntax error makes unreadable is left out, and the
    rest checked; no recipe comes of such a file.

    `sizes` are the real sizes of what is bound, else declared ones are used; `sets` are values for
    paths that may be set; those that may not come back as `refused`. `most` is how many tokens the
    bound models may count for a tok, `grain` the least slack, in tok, of the measure that texts are
    cut by. `plugins` has what other distributions add; `variable` reads the environment for
    constants; `images` are the most tokens of an image, by the models that are shown some.
    `earlier` has the recipes of earlier checks.
    """
    parsed = read(source)
    if parsed.tree is None:
        return Checked({}, parsed.diagnostics)
    file, refused = override(parsed.tree, sets or {}, _value)
    given = sizes or {}
    library = Library(load, _parsed, given, plugins, most=most, grain=grain, variable=variable)
    library.images = images or {}
    library.broken = not parsed.ok
    if earlier is not None:
        library.known = earlier.recipe
    found = _found(library, source, file)
    if found is None:
        return Checked({}, (*parsed.diagnostics, too_deep(source)))
    said = (*parsed.diagnostics, *found.diagnostics)
    if not parsed.ok:
        return Checked({}, told(said, source), facts=found.facts)
    known = tuple(settable(file))
    return replace(found, diagnostics=said, refused=tuple(refused), settable=known)


def _found(library: Library, source: SourceFile, file: tree.File) -> Checked | None:
    """What comes of a file that was read; None for what is too deep."""
    try:
        return check_file(library, source, file)
    except RecursionError:
        return None
    finally:
        library.modules.clear()  # they know the library: so it is freed now, not at some later time


def plan(
    recipe: Recipe, binding: Binding, find: Find = ALONE.find, *, rewrite: bool = True
) -> Plan:
    """A checked recipe to its graph, with bounds for what is bound to it, and without what it can
    do without."""
    from rlmlang.plan.lower import lower
    from rlmlang.plan.rewrite.passes import rewritten

    made = lower(recipe, binding, find)
    return rewritten(made) if rewrite else made


def format(source: SourceFile) -> tuple[str, Parsed]:
    """The canonical layout of a file; the text as it was where it cannot be read."""
    from rlmlang.syntax.format import format_file

    parsed = parse(source)
    if parsed.tree is None or not parsed.ok:
        return source.text, parsed
    try:
        return format_file(source, parsed.tree), parsed
    except RecursionError:
        return source.text, Parsed(None, (too_deep(source),))


def with_task(source: SourceFile, prompt: str, task: str) -> str | None:
    """The text of a file with another task in one of its prompts; None where it declares none."""
    from rlmlang.syntax.edit import with_task

    file = _parsed(source)
    return None if file is None else with_task(source.text, file, prompt, task)


def limit(name: str, text: str) -> float | None:
    """A limit of a budget given on the command line: `30min`, `2ktok`, `500`; None for no such."""
    return limit_from(name, _value(text))


def _value(text: str) -> tree.Expr | None:
    """A value given on the command line, as an expression; a bare word is text."""
    for written in (text, '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'):
        parsed = parse(SourceFile("--set", f"rlm 1\nconst value = {written}\n"))
        if parsed.ok and parsed.tree is not None:
            found = parsed.tree.items[0]
            if isinstance(found, tree.Const) and not isinstance(found.value, tree.Name):
                return found.value
    return None


def read(source: SourceFile) -> Parsed:
    """The tree of a file, read once, however often it is checked: with real sizes, for example by
    example. Of a path the text that was last read is kept."""
    last = _last(source.path)
    known = last.read
    if known is None or known[0] != source:
        known = last.read = source, parse(source)
    return known[1]


class _Last:
    """What was last read of a path."""

    read: tuple[SourceFile, Parsed] | None = None


@lru_cache(maxsize=256)
def _last(path: str) -> _Last:
    return _Last()


def _parsed(source: SourceFile) -> tree.File | None:
    parsed = read(source)
    return parsed.tree if parsed.ok else None
