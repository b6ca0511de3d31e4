"""Where a result goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed

STDOUT = (None, "-")


class Target:
    """A file is written beside its place, as `NAME.part`, and takes its name at the end; devices
    and pipes are written to as they are.

    Raises CodedError (file-unwritable) at once where it cannot be written.
    """

    def __init__(self, out: str | None, *, binary: bool = False) -> None:
        self.out = out or "-"
        self.path = None if out in STDOUT else Path(os.path.realpath(out or ""))
        plain = self.path is not None and (self.path.is_file() or not self.path.exists())
        self.part = self.path.with_name(self.path.name + ".part") if self.path and plain else None
        self.binary = binary
        self._file = self._opened(self.path) if self.path is not None else None

    def _opened(self, path: Path) -> FileIO:
        if path.is_dir():
            raise unwritable(self.out, "it is a folder", "name a file")
        try:
            return (self.part or path).open("wb", buffering=0)
        except OSError as mistake:
            gone = not path.parent.is_dir()
            hint = f"mkdir -p {path.parent}" if gone else "name another place"
            raise unwritable(self.out, str(mistake.strerror), hint) from None

    def write(self, data: bytes) -> None:
        """Writes whole lines. Raises CodedError (file-unwritable), and BrokenPipeError where nobody
        reads standard output any more."""
        try:
            if self._file is None:
                self._print(data)
                return
            view = memoryview(data)
            while view:  # what is not buffered may be written in parts
                view = view[self._file.write(view) or 0 :]
        except BrokenPipeError:
            raise  # whoever read it has enough
        except OSError as mistake:
            raise unwritable(self.out, str(mistake.strerror), "") from None

    def _print(self, data: bytes) -> None:
        if self.binary:
            sys.stdout.buffer.write(data)
        else:
            sys.stdout.write(data.decode("utf-8"))
        sys.stdout.flush()

    def keep(self) -> None:
        """Ends it: the file takes its name. Raises CodedError (file-unwritable)."""
        try:
            self._close()
            if self.part is not None and self.path is not None:
                self.part.replace(self.path)
            self.part = None
        except OSError as mistake:
            raise unwritable(self.out, str(mistake.strerror), "") from None

    def drop(self) -> None:
        """Ends it: nothing is left of what was not kept."""
        with suppress(OSError):
            self._close()
            if self.part is not None:
                self.part.unlink(missing_ok=True)

    def leave(self) -> Path | None:
        """Ends it: what was written so far stays beside the file's place, which is given."""
        with suppress(OSError):
            self._close()
        part, self.part = self.part, None
        return part

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()


def unwritable(out: str, why: str, hint: str) -> CodedError:
    """The problem `file-unwritable`."""
    return failed("file-unwritable", f"{out} cannot be written: {why}", hint=hint)
