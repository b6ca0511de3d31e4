"""stdout and stderr: any character can be written there, a closed terminal breaks nothing, and no
answer steers a terminal. Files and pipes get every character as it is."""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import re
import sys
from typing import TextIO

from rlmlang.diagnostics.render import BLUE, BOLD, OFF, RED, YELLOW
from rlmlang.unicode import visible

ESCAPES = "rlmlang-escapes"
OURS = re.compile(f"({'|'.join(map(re.escape, (RED, YELLOW, BLUE, BOLD, OFF)))})")


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


class Shown(Terminal):
    """A terminal for text that others wrote: nothing in it steers the terminal. `direct` is for who
    draws there, and has made its text visible before."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.direct = Terminal(stream)

    def write(self, text: str) -> int:
        """Writes with our own colours and no other sequence."""
        parts = OURS.split(text)
        super().write("".join(p if OURS.fullmatch(p) else visible(p) for p in parts))
        return len(text)


def open_streams() -> None:
    """Opens those of the three streams that are closed, since the next file would be taken for one
    of them. Nothing comes in; what would go to stderr is said to nobody, and that stdout takes
    nothing is an error where something is written."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            os.set_inheritable(number, True)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def settle_streams() -> None:
    """What an encoding cannot show is written as `\\u2026`, as in JSON, in place of an error."""
    codecs.register_error(ESCAPES, _escaped)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPES)
            if stream.isatty():
                setattr(sys, name, Shown(stream))


def _escaped(mistake: UnicodeError) -> tuple[str, int]:
    if not isinstance(mistake, UnicodeEncodeError):
        raise mistake
    return json.dumps(mistake.object[mistake.start : mistake.end])[1:-1], mistake.end
