"""stdout and stderr that any character can be written to, and that a closed terminal does not
break."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TextIO


class Terminal:
    """A stream to a terminal that may be closed while a run goes on: what is said then is said to
    nobody, and the run is not stopped by that."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes where somebody looks."""
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes where somebody looks."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def settle_streams() -> None:
    """What an encoding cannot show is written as `\\u2026`, as in JSON, in place of an error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if stream.isatty():
                setattr(sys, name, Terminal(stream))
