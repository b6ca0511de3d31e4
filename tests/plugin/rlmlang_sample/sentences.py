"""`sentences(max, slack)`, and a partition that breaks its contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.context import Document, Measure, Slice
from rlmlang.partitions.packed import Packed

END = re.compile(rb"[.!?]\s+")


class Sentences(Packed):
    """A unit is a sentence with the space behind it."""

    def ends(self, document: Document, start: int, end: int) -> Iterator[int]:
        for match in END.finditer(document.read(start, end)):
            yield start + match.end()
        yield end


@dataclass(frozen=True)
class Torn:
    max: int

    def split(self, subject: Slice, measure: Measure) -> Iterator[Slice]:
        yield subject
