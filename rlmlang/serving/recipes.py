"""The recipes that are served: read and checked once, so that what is run is what was offered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from rlmlang import compiler, plugins
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.recipe import Interface
from rlmlang.runtime.checking import importing
from rlmlang.runtime.files import read_source
from rlmlang.runtime.prepared import Options, sound

FREE = ("plan", "runs", "show")
"""Names of tools that are no recipes."""
LONGEST = 64  # characters of a tool's name that all clients take


@dataclass(frozen=True)
class ServedRecipe:
    """A recipe as a tool called `tool`, the text that it was read from, and how it is run."""

    tool: str
    source: SourceFile
    interface: Interface
    options: Options


def recipes_of(files: Iterable[tuple[str, Options]]) -> list[ServedRecipe]:
    """The recipes of files, each with the options of its runs. Of two of one name the tools are
    called after their files too. Raises BadRecipe, and CodedError (recipe-missing, no-recipe,
    tools-alike)."""
    found = [one for path, options in files for one in _in_file(path, options)]
    if not found:
        raise failed("no-recipe", "there is no recipe to serve", hint="rlm mcp FILE")
    names = [one.interface.name for one in found]
    named = [_named(one, names) for one in found]
    tools = [one.tool for one in named]
    for one in named:
        if tools.count(one.tool) > 1:
            raise failed(
                "tools-alike",
                f"two recipes would be the tool `{one.tool}`",
                hint="serve one of the files alone, or give one of the recipes another name",
            )
    return named


def _in_file(path: str, options: Options) -> Iterator[ServedRecipe]:
    source = read_source(path)
    load = importing(source.path, trust=options.trust, locked=options.locked)
    checked = sound(compiler.check(source, load, plugins=plugins))
    for name, recipe in checked.recipes.items():
        yield ServedRecipe(name, source, recipe, replace(options, recipe=name))


def _named(one: ServedRecipe, names: Sequence[str]) -> ServedRecipe:
    name = one.interface.name
    if name in FREE or names.count(name) > 1:
        name = f"{PurePath(one.source.path).stem}_{name}"
    return replace(one, tool=re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST])
