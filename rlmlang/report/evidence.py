"""The evidence of a result: places whose answers went into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rlmlang.framing.replies import UnreadableError, read, unframed
from rlmlang.report.text import as_text
from rlmlang.trajectory.events import CallFinished, Event, Range
from rlmlang.value import Json

RESULT = "result"
LEAST, MOST = 8, 5
REMEMBERED = 20_000
"""Answers of a run among which evidence is looked for."""


class Answers:
    """The answers of a run that may be evidence: of a large run the first ones. `more` is how many
    came after those."""

    def __init__(self) -> None:
        self.kept: list[CallFinished] = []
        self.more = 0

    def take(self, event: Event) -> None:
        """One event of the run."""
        if not isinstance(event, CallFinished) or not event.ranges or not answer_of(event.answer):
            return
        if len(self.kept) < REMEMBERED:
            self.kept.append(replace(event, request=""))
        else:
            self.more += 1

    def evidence(
        self, result: Json, line: Callable[[str, int], int | None]
    ) -> list[tuple[str, str]]:
        """Places whose answers went into the result, and what was said of them. `line` finds the
        line of a byte of a document; it is asked for the places that are shown."""
        return [(place, said) for _, place, said in self.cited(result, line)]

    def cited(
        self, result: Json, line: Callable[[str, int], int | None]
    ) -> Iterator[tuple[CallFinished, str, str]]:
        """The same, each with the call that was answered."""
        for count, (event, said) in enumerate(self.supporting(result)):
            yield event, _place(event.ranges, line if count < MOST else _unknown), said

    def supporting(self, result: Json) -> Iterator[tuple[CallFinished, str]]:
        """The calls whose answers went into the result, with what was said."""
        final = " ".join(as_text(result).split()).lower()
        for event in self.kept:
            said = " ".join(answer_of(event.answer).split())
            if len(said) >= LEAST and _supports(said.lower(), final):
                yield event, said


def answer_of(raw: str) -> str:
    """The text of the field `result` in what a model wrote."""
    try:
        text = read(raw, {RESULT: True}).fields[RESULT]
    except UnreadableError:
        text = unframed(raw, (RESULT,))
    return "" if text in ("null", "None", "[]", '""') else text


def _supports(said: str, final: str) -> bool:
    sentences = [s for s in said.replace("! ", ". ").split(". ") if len(s) >= LEAST]
    within = len(final) >= LEAST and final in said  # a number stands in many texts by chance
    return said in final or within or any(s.rstrip(".") in final for s in sentences)


def _place(ranges: Sequence[Range], line: Callable[[str, int], int | None]) -> str:
    first, last = ranges[0], ranges[-1]
    if len(ranges) == 1:
        section = f" {first[3]}," if len(first) > 3 else ""
        at = line(str(first[0]), int(first[1]))
        words = f", line {at:,}" if at is not None else ""
        return f"{first[0]}{section} bytes {first[1]:,}–{first[2]:,}{words}"
    return f"{first[0]} … {last[0]} ({len(ranges)} parts)"


def _unknown(path: str, at: int) -> int | None:
    """The line of a byte, where no document is at hand."""
    return None
