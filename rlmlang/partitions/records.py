"""`records(per, start, max)`: so many records of a text in a piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import regex

from rlmlang.context import Document
from rlmlang.partitions.lines import Lines, Listed, Units
from rlmlang.partitions.pattern import SECONDS, compile_pattern, finds, is_quick, stays_in_line
from rlmlang.partitions.text import View, blocks

LINE = SMALL = 4096
"""So many bytes of a line are looked at."""
KEPT = "surrogateescape"
"""Bytes that are no UTF-8 keep their places."""


@dataclass(frozen=True)
class Records(Lines):
    """Like lines; a unit begins at a line that matches `start`."""

    max: int | None = 4_000
    start: str = r"\S"

    def units(self, view: View, start: int) -> Units:
        """The records from a place on."""
        return Listed(self.ends(view.document, start, view.end))

    def ends(self, document: Document, start: int, end: int) -> Iterator[list[int]]:
        """Where records end, many at a time: where the next one begins."""
        starts = _Starts(compile_pattern(self.start))
        for at, data in blocks(document, start, end):
            found = [at + place for place in starts.within(data)]
            if found and found[0] <= start:
                del found[0]
            if found:
                yield found
        if end > start:
            yield [end]


class _Starts:
    """Where lines begin that match a pattern. A pattern that cannot look behind its line is
    searched for in many lines at once, any other is matched with each line by itself."""

    def __init__(self, pattern: regex.Pattern[str]) -> None:
        self.pattern = pattern
        plain = stays_in_line(pattern.pattern)
        self.joined = compile_pattern(rf"\n(?:{pattern.pattern})") if plain else None
        quick = plain and is_quick(pattern.pattern)
        self.quick = re.compile(rf"\n{pattern.pattern}".encode()) if quick else None

    def within(self, data: bytes) -> list[int]:
        """The places in a block that are behind a line feed, and not at its end."""
        middle = data.find(b"\n", len(data) // 2) if len(data) > SMALL else 0
        if self.quick is not None and data.isascii():
            places = [match.start() + 1 for match in self.quick.finditer(data)]
            return places[:-1] if places and places[-1] == len(data) else places
        if self.quick is not None and middle > 0:  # the less of it is in other scripts
            more = (middle + place for place in self.within(data[middle:]))
            return [*self.within(data[:middle]), *more]
        try:
            if self.joined is not None:
                return self._at_once(self.joined, data)
        except TimeoutError:  # many lines took long together
            pass
        return self._line_by_line(data)

    def _at_once(self, joined: regex.Pattern[str], data: bytes) -> list[int]:
        text = data.decode(errors=KEPT)
        found = joined.finditer(text, timeout=SECONDS)
        places = [match.start() + 1 for match in found]
        if places and places[-1] == len(text):
            places.pop()
        if len(text) == len(data):
            return places
        pairs = pairwise([0, *places])
        return list(accumulate(len(text[a:b].encode(errors=KEPT)) for a, b in pairs))

    def _line_by_line(self, data: bytes) -> list[int]:
        places, at = [], data.find(b"\n") + 1
        while 0 < at < len(data):
            behind = data.find(b"\n", at) + 1
            line = data[at : min(behind or len(data), at + LINE)]
            if finds(self.pattern, line.decode(errors=KEPT), at_start=True):
                places.append(at)
            at = behind
        return places
