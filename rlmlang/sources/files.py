"""`files("docs/**/*.md")`: all text files that match a glob."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import PurePath

from rlmlang.context import LeftOut, Tree
from rlmlang.sources.folder import Folder, Found, folder_at
from rlmlang.sources.place import Place
from rlmlang.sources.tree import extracts, texts, tree_of


def opened(place: Place) -> Tree:
    """The files of a glob, taken from the recipe's folder."""
    return open_glob(place.written, place.folder, place.options)


def open_glob(pattern: str, base: str, options: Mapping[str, object] | None = None) -> Tree:
    """All text files that match a glob, taken from the folder `base`."""
    folder, prefix = glob_at(pattern, base, options or {})
    found = [Found(f.path, prefix + f.name) for f in folder.files()]
    others = [LeftOut(prefix + one.name, one.reason) for one in folder.left_out]
    return tree_of(pattern, *texts(found, others, extract=extracts(options)), options)


def glob_at(pattern: str, base: str, options: Mapping[str, object]) -> tuple[Folder, str]:
    """The folder that a glob looks into, and what its part of the glob is before each name. A
    folder that the glob itself names is entered, whatever `skip` says."""
    written = PurePath(pattern)
    anchor = PurePath(written.anchor) if written.is_absolute() else PurePath(base)
    parts = written.parts[1:] if written.is_absolute() else written.parts
    fixed = tuple(takewhile(_is_literal, parts[:-1]))
    rest = parts[len(fixed) :]
    folder = folder_at(
        str(anchor.joinpath(*fixed)),
        options,
        lambda name: _matches(tuple(name.split("/")), rest),
        lambda name: _may_hold(tuple(name.split("/")), rest),
    )
    folder.skip -= frozenset(rest)
    return folder, "".join(f"{part}/" for part in fixed)


def _is_literal(part: str) -> bool:
    return not set("*?[") & set(part)


def _matches(names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether a path matches a glob: ** stands for any number of folders."""
    if not parts:
        return not names
    if parts[0] == "**":
        rest = parts[1:]
        return not rest or any(_matches(names[i:], rest) for i in range(len(names)))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _matches(names[1:], parts[1:])


def _may_hold(names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether a file below a folder of that path could match."""
    if not names or not parts:
        return bool(parts)
    return parts[0] == "**" or (fnmatchcase(names[0], parts[0]) and _may_hold(names[1:], parts[1:]))
