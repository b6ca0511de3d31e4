"""`records(per, start, max)`: so many records of a text in a piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from rlmlang.context import Document
from rlmlang.partitions.lines import Lines
from rlmlang.partitions.pattern import SECONDS, compile_pattern, slow_pattern
from rlmlang.partitions.text import line_ends


@dataclass(frozen=True)
class Records(Lines):
    """Like lines; a unit begins at a line that matches `start`."""

    max: int | None = 4_000
    start: str = r"\S"

    def units(self, document: Document, start: int, end: int) -> Iterator[int]:
        """A record ends where the next one begins."""
        pattern = compile_pattern(self.start)
        line_start, first = start, True
        for line_end in line_ends(document, start, end):
            text = document.read(line_start, min(line_end, line_start + 4096))
            if not first and _matches(pattern, text.decode(errors="replace")):
                yield line_start
            line_start, first = line_end, False
        if line_start > start:
            yield end


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.match(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise slow_pattern(pattern.pattern) from None
