"""What the user's code prints: noted on its way to stderr. Imports only the standard library, as
`child.py` does, which is a script."""

from __future__ import annotations

import io
import sys

MOST_WORDS, MOST_PRINTED = 2_000, 20


class Said:
    """The lines that were printed: how many, and the first, whole: a cut one could hide secrets."""

    def __init__(self) -> None:
        self.lines, self.printed, self.room, self.open = 0, list[str](), MOST_WORDS, ""

    def add(self, text: str) -> None:
        """Takes text as it is printed."""
        *ended, last = (self.open + text).split("\n")
        self.open = last[: MOST_WORDS + 1]
        for line in ended:
            self.lines, self.room = self.lines + 1, self.room - len(line)
            if self.room >= 0 and len(self.printed) < MOST_PRINTED:
                self.printed.append(line)


class Printed(io.TextIOWrapper):
    """A stream of the process that notes what goes through it."""

    said = Said()  # of both streams

    def write(self, text: str) -> int:
        """Writes a text."""
        Printed.said.add(text)
        return super().write(text)


def printed() -> dict[str, object]:
    """What was printed since it was asked last."""
    said, Printed.said = Printed.said, Said()
    if said.open:
        said.add("\n")
    return {"lines": said.lines, "printed": said.printed} if said.lines else {}


def watch_printing() -> None:
    """Notes what is printed on its way to stderr."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        encoding = getattr(getattr(sys, name), "encoding", "utf-8")
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        stream = Printed(raw, encoding, "backslashreplace", line_buffering=True)
        vars(sys).update({name: stream, f"__{name}__": stream})
