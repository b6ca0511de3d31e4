"""Names to implementations: the built-in table first, then entry points of other packages.

Nothing is imported until a recipe names it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlmlang.diagnostics.diagnostic import failed

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rlmlang.protocols import Partition, Search

BUILT_IN = {
    "rlmlang.partitions": {
        "tokens": "rlmlang.partitions.tokens:Tokens",
        "lines": "rlmlang.partitions.lines:Lines",
        "items": "rlmlang.partitions.lines:Items",
        "records": "rlmlang.partitions.lines:Records",
        "headings": "rlmlang.partitions.packed:Headings",
        "paragraphs": "rlmlang.partitions.packed:Paragraphs",
        "files": "rlmlang.partitions.packed:Files",
        "functions": "rlmlang.partitions.packed:Functions",
        "tree": "rlmlang.partitions.tree:TreeCut",
        "stable": "rlmlang.partitions.stable:Stable",
    },
    "rlmlang.searches": {
        "bm25": "rlmlang.partitions.search:Bm25",
        "regex": "rlmlang.partitions.search:Regex",
    },
}


def load(group: str, name: str) -> Any:
    """The implementation of a name. Raises CodedError when a plug-in cannot be loaded."""
    target = BUILT_IN[group].get(name)
    if target is None:
        found = _entries(group).get(name)
        if found is None:
            raise failed("plugin-missing", f"nothing installed is called {name}")
        target = found.value
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as mistake:
        raise failed("plugin-broken", f"{name} ({target}) cannot be loaded: {mistake}") from None


def find(group: str, name: str) -> object | None:
    """What another distribution brings under that name, loaded; None where there is none. Raises
    CodedError (plugin-broken)."""
    entry = _entries(group).get(name)
    try:
        return None if entry is None else entry.load()
    except (ImportError, AttributeError) as mistake:
        words = f"{name} ({entry.value}) cannot be loaded: {mistake}" if entry else ""
        raise failed("plugin-broken", words) from None


def names(group: str) -> tuple[str, ...]:
    """The names that other distributions bring, without loading anything."""
    return tuple(_entries(group))


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # as slow as checking a recipe

    return {e.name: e for e in entry_points(group=group)}


def partition(name: str, options: dict[str, Any], before: int = 0, after: int = 0) -> Partition:
    """A partition with its arguments, and its neighbours if it gathers them."""
    made: Partition = load("rlmlang.partitions", name)(**options)
    if before or after:
        from rlmlang.partitions.gather import Gather

        return Gather(made, before, after)
    return made


def search(name: str, options: dict[str, Any]) -> Search:
    """A look-up with its arguments."""
    made: Search = load("rlmlang.searches", name)(**options)
    return made
