"""The root of a project: the folder of the nearest `rlm.toml` at or above a recipe, else the
recipe's own. It decides configuration and store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rlmlang.runtime.files import STD, folder_of
from rlmlang.runtime.trust_list import listed

FILE = "rlm.toml"
STORE = Path(".rlm", "store.db")
"""Where runs are kept, from a root; as the store of options it means that of the recipe's root."""


@dataclass(frozen=True)
class Root:
    """A project's folder, links resolved; its `rlm.toml`, None where there is none; and those that
    are left aside, since they belong to somebody else."""

    folder: Path
    file: Path | None = None
    strange: tuple[Path, ...] = ()

    @property
    def store(self) -> Path:
        """The file that keeps its runs."""
        return self.folder / STORE


def root_of(path: str = "") -> Root:
    """The root of a recipe file; without one, or for a recipe that ships with rlmlang, that of the
    current folder. Raises CodedError for what can be no path."""
    return root_at(Path.cwd() if not path or path.startswith(STD) else folder_of(path))


def root_at(start: Path) -> Root:
    """The root of a folder: as git does with repositories, an `rlm.toml` counts only if it belongs
    to the user, to the system, or to whom the folder belongs, or if the user trusts it: what others
    put above it, as in /tmp, decides nothing."""
    strange: list[Path] = []
    owners = _owners(start)
    for folder in (start, *start.parents):
        path = folder / FILE
        if not os.path.lexists(path):
            continue
        if _owner(path) in owners or str(path) in listed().files:
            return Root(folder, path, tuple(strange))
        strange.append(path)
    return Root(start, None, tuple(strange))


def _owners(start: Path) -> set[int]:
    """Whose files count. A system without owners has one for all."""
    getuid = getattr(os, "getuid", None)
    return {0, _owner(start), *((getuid(),) if getuid is not None else ())}


def _owner(path: Path) -> int:
    """Who a file belongs to; of a link, who made the link."""
    try:
        return path.lstat().st_uid
    except OSError:
        return -1
