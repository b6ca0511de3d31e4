"""The folders that an agent may name files of: a path that leads out of them is never opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.unicode import file_name

LONGEST = 4_096  # characters of a path


class Roots:
    """Folders, with all links in them resolved. Raises CodedError (source-missing) for one that is
    none."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = tuple(os.path.realpath(folder) for folder in folders)
        for given, real in zip(folders, self.folders, strict=True):
            if not Path(real).is_dir():
                raise failed("source-missing", f"there is no folder {given}", hint="--root FOLDER")

    def admitted(self, path: str) -> str:
        """The file or folder that a path means, absolute and without links. One that is not
        absolute begins at the first folder in which it is. Raises CodedError (outside-roots,
        source-missing); of what lies outside nothing is said, not even whether it is there."""
        if not path or len(path) > LONGEST or "\0" in path:
            raise self._outside(path)
        places = [os.path.realpath(Path(folder, path)) for folder in self.folders]
        inside = [place for place in places if self.holds(place)]
        if not inside:
            raise self._outside(path)
        found = next((place for place in inside if Path(place).exists()), None)
        if found is None:
            hint = f"paths begin at {self.folders[0]}"
            raise failed("source-missing", f"{file_name(path)} is not there", hint=hint)
        return found

    def holds(self, place: str) -> bool:
        """Whether a path without links is a root, or lies below one."""
        return any(Path(place).is_relative_to(folder) for folder in self.folders)

    def _outside(self, path: str) -> Exception:
        return failed(
            "outside-roots",
            f"{file_name(path[:200])!r} leads out of the folders that this server may read",
            hint="these may be read: " + ", ".join(self.folders),
        )
