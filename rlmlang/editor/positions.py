"""Places in a text as editors count them: lines from 0, and units of an encoding within a line."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from rlmlang.diagnostics.source import SourceFile

Encoding = Literal["utf-8", "utf-16", "utf-32"]
Position = tuple[int, int]


@dataclass(frozen=True)
class Positions:
    """Translates between offsets of a text, in characters, and an editor's positions."""

    source: SourceFile
    encoding: Encoding = "utf-16"

    def of(self, offset: int) -> Position:
        """The position of an offset; one outside of the text is moved to its nearest end."""
        offset = max(0, min(offset, len(self.source.text)))
        line = bisect_right(self.source.line_starts, offset) - 1
        start = self.source.line_starts[line]
        return line, self._units(self.source.text[start:offset])

    def offset(self, line: int, character: int) -> int:
        """The offset of a position. One behind the end of a line is that end, one inside a
        character the beginning of it."""
        starts = self.source.line_starts
        if line >= len(starts):
            return len(self.source.text)
        text = self.source.lines[max(0, line)]
        start = starts[max(0, line)]
        if text.isascii() or self.encoding == "utf-32":
            return start + max(0, min(character, len(text)))
        units = 0
        for index, letter in enumerate(text):
            units += self._units(letter)
            if units > character:
                return start + index
        return start + len(text)

    def _units(self, text: str) -> int:
        if self.encoding == "utf-32" or text.isascii():
            return len(text)
        if self.encoding == "utf-8":
            return len(text.encode(errors="surrogatepass"))
        return len(text) + sum(letter > "\uffff" for letter in text)
