"""`files("docs/**/*.md")`: all text files that match a glob."""

from __future__ import annotations

from pathlib import Path

from rlmlang.context import Tree
from rlmlang.sources.place import Place
from rlmlang.sources.tree import texts, tree_of


def opened(place: Place) -> Tree:
    """The files of a glob, taken from the recipe's folder."""
    return open_glob(place.written, place.folder)


def open_glob(pattern: str, base: str) -> Tree:
    """All text files that match a glob, taken from the folder `base`."""
    rooted = Path(pattern)
    anchor = Path(rooted.anchor) if rooted.is_absolute() else Path(base)
    relative = str(rooted.relative_to(rooted.anchor)) if rooted.is_absolute() else pattern
    found = [p for p in sorted(anchor.glob(relative)) if p.is_file()]
    return tree_of(pattern, *texts([(str(p), p.relative_to(anchor).as_posix()) for p in found]))
