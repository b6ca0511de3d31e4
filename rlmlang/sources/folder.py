"""What stands below a folder: its files in order, and what is left out with the reason.

Links lead nowhere outside of the folder unless they may, and never in a circle. Pipes, sockets and
devices are not opened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlmlang.context import LeftOut
from rlmlang.schema.sources.folders import FOLDER
from rlmlang.unicode import file_name

SKIP = "skipped by name"
OUTSIDE = "linked from outside"
INSIDE = "linked to a folder of the tree"
CIRCLE = "linked in a circle"
AGAIN = "read already"
BROKEN = "linked to nothing"
LINK = "linked"
UNREADABLE = "not readable"
MEANT = frozenset((SKIP, INSIDE, LINK, CIRCLE, AGAIN))
"""Reasons that follow from the settings alone, so that nothing is missing that was wanted."""
KINDS = {
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(frozen=True)
class Found:
    """A file: where it lies, and its path from the folder with / between its parts."""

    path: str
    name: str


@dataclass
class Folder:
    """A folder and what may be read of it. `wanted` says of the path of a file from here whether it
    is asked for, `enters` of that of a folder whether such a file could be below it."""

    root: str
    skip: frozenset[str]
    links: str
    wanted: Callable[[str], bool] = lambda name: True
    enters: Callable[[str], bool] = lambda name: True
    left_out: list[LeftOut] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    linked: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)

    def files(self) -> list[Found]:
        """Its files in the order of their paths; fills `left_out`. Links to folders come last, so
        that a folder has its own name wherever it has one."""
        inside = os.path.realpath(self.root)
        found = list(self._below(self.root, "", inside, (inside,)))
        while self.linked:
            found += self._below(*self.linked.pop(0))
        self.left_out.sort(key=lambda one: one.name)
        return sorted(found, key=lambda one: Path(one.name).parts)

    def leave(self, name: str, reason: str) -> None:
        """Names what is left out."""
        self.left_out.append(LeftOut(file_name(name), reason))

    def _below(self, path: str, name: str, inside: str, above: tuple[str, ...]) -> Iterator[Found]:
        """The files below a folder. `inside` is what links may not lead out of, `above` are the
        folders that this one stands in and itself, all without links."""
        if above[-1] in self.read:
            self.leave(name, AGAIN)
            return
        self.read.add(above[-1])
        try:
            with os.scandir(path) as entries:
                every = sorted(entries, key=lambda entry: entry.name)
        except OSError as mistake:
            if name or not _gone(mistake):
                self.leave(f"{name}/", UNREADABLE)
            return
        for entry in every:
            below = f"{name}/{entry.name}" if name else entry.name
            reason = self._refused(entry, below, inside, above)
            if reason is None and entry.is_dir():
                inner = (entry.path, below, inside, (*above, os.path.realpath(entry.path)))
                if entry.is_symlink():
                    self.linked.append(inner)
                else:
                    yield from self._below(*inner)
            elif reason is None:
                yield Found(entry.path, below)
            elif reason:
                self.leave(below, reason)

    def _refused(
        self, entry: os.DirEntry[str], name: str, inside: str, above: tuple[str, ...]
    ) -> str | None:
        """Why an entry is not read; empty where nobody asked for it, None where it is."""
        try:
            info, folder = entry.stat(), entry.is_dir()
        except OSError as mistake:
            if not self.wanted(name):
                return ""
            return BROKEN if entry.is_symlink() and _gone(mistake) else UNREADABLE
        if not (self.enters(name) if folder else self.wanted(name)):
            return ""
        if folder and entry.name in self.skip:
            return SKIP
        if entry.is_symlink() and (reason := self._link(entry.path, inside, above, folder)):
            return reason
        if folder or stat.S_ISREG(info.st_mode):
            return None
        return KINDS.get(stat.S_IFMT(info.st_mode), "no file")

    def _link(self, path: str, inside: str, above: tuple[str, ...], folder: bool) -> str:
        """Why a link is not followed; empty where it is."""
        if self.links == "skip":
            return LINK
        real = os.path.realpath(path)
        if folder and real in above:
            return CIRCLE
        if self.links == "follow":
            return ""
        if os.path.commonpath((real, inside)) != inside:
            return OUTSIDE
        return INSIDE if folder else ""


def folder_at(
    root: str,
    options: Mapping[str, object],
    wanted: Callable[[str], bool] = lambda name: True,
    enters: Callable[[str], bool] = lambda name: True,
) -> Folder:
    """A folder with the settings of its source, those not written as they are by default."""
    said = {s.name: options.get(s.name, s.default) for s in FOLDER}
    skip = said["skip"] if isinstance(said["skip"], tuple) else ()
    return Folder(root, frozenset(map(str, skip)), str(said["links"]), wanted, enters)


def _gone(mistake: OSError) -> bool:
    return (
        isinstance(mistake, FileNotFoundError | NotADirectoryError) or mistake.errno == errno.ELOOP
    )
