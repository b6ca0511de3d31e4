"""Folders where recipes are named: all recipe files below them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.packages.tree import VENDOR

ENDING = ".rlm"
VENDORED = re.compile(rf"(?:^|/){VENDOR}/(?:[^/]+/)*[^/@]+@\d[^/]*/")
"""A file of a package that a project has a copy of."""


def recipe_files(paths: Iterable[str], *, some: bool = True) -> list[str]:
    """The recipe files that paths stand for, each once: of a folder all below it, in order, but
    those in folders that the source `tree` does not enter, and copies of packages. A folder that
    may not be read stands for itself, so that whoever opens it says so.

    Raises CodedError (folder-without-recipes) where there must be `some`.
    """
    found: dict[str, None] = {}
    for path in paths:
        if not os.path.isdir(path):
            found[path] = None
            continue
        below = _below(path)
        if some and not below:
            raise failed(
                "folder-without-recipes",
                f"no file below {path} ends in {ENDING}",
                hint="name another folder or a file, or make one: rlm new my.rlm",
            )
        found |= dict.fromkeys(below)
    return list(found)


def _below(root: str) -> list[str]:
    from rlmlang.sources.folder import UNREADABLE, folder_at

    folder = folder_at(root, {}, lambda name: name.endswith(ENDING))
    every = [file.path for file in folder.files()]
    found = [p for p in every if not VENDORED.search(os.path.relpath(p, root).replace(os.sep, "/"))]
    unread = [one.name for one in folder.left_out if one.reason == UNREADABLE]
    return [os.path.normpath(path) for path in (*found, *(os.path.join(root, x) for x in unread))]
