"""`lines(per)`, `records(per, start)` and `items(per)`: so many units in a piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from rlmlang.context import Document, Measure, Slice, Tree
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.partitions.text import line_ends, slices
from rlmlang.partitions.tokens import Tokens

SECONDS = 1.0


@dataclass(frozen=True)
class Lines:
    """`per` lines in a piece, fewer where `max` tok would be passed; a longer line is cut."""

    per: int
    max: int | None = None

    def split(self, subject: Slice | Tree, measure: Measure) -> Iterator[Slice]:
        """The pieces in order."""

        def cut(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
            ends = self.units(document, start, end)
            return _grouped(document, start, ends, self.per, self.max, measure)

        return slices(subject, cut)

    def units(self, document: Document, start: int, end: int) -> Iterator[int]:
        """Where each unit ends."""
        return line_ends(document, start, end)


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


@dataclass(frozen=True)
class Items:
    """`per` rows of a list in a piece."""

    per: int

    def split(self, subject: Sequence[Any], measure: Measure) -> Iterator[list[Any]]:
        """Batches of rows in order."""
        batch: list[Any] = []
        for row in subject:
            batch.append(row)
            if len(batch) == self.per:
                yield batch
                batch = []
        if batch:
            yield batch


def compile_pattern(text: str) -> regex.Pattern[str]:
    """A regular expression. Raises CodedError (bad-pattern)."""
    try:
        return regex.compile(text, regex.MULTILINE)
    except regex.error as mistake:
        raise failed(
            "bad-pattern",
            f"`{text}` is not a regular expression: {mistake}",
            hint="a backslash in a recipe's text is written twice: \\\\d",
        ) from None


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.match(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise slow_pattern(pattern.pattern) from None


def slow_pattern(text: str) -> Exception:
    """The problem of a pattern that backtracks without end."""
    return failed(
        "slow-pattern",
        f"`{text}` took longer than {SECONDS:g} s on one stretch of text",
        hint="avoid nested repeats such as (a+)+",
    )


def _grouped(
    document: Document,
    start: int,
    ends: Iterator[int],
    per: int,
    most: int | None,
    measure: Measure,
) -> Iterator[tuple[int, int]]:
    """Units gathered until there are `per`, or until the next would pass the cap."""
    cap = None if most is None else most * measure.per_tok
    left = right = start
    held = count = 0
    for end in ends:
        weight = measure.weight(document, right, end) if cap is not None else 0
        if count and (count == per or (cap is not None and held + weight > cap)):
            yield left, right
            left, held, count = right, 0, 0
        if cap is not None and most is not None and weight > cap:
            yield from Tokens(most).cut(document, left, end, measure)
            left, held, count = end, 0, 0
        else:
            held, count = held + weight, count + 1
        right = end
    if right > left:
        yield left, right
