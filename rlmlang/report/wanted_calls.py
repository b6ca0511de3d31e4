"""Which calls of a run are looked for: by where they stand, what came of them, what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group
from rich.text import Text

from rlmlang.report.call_lines import call_line, cost_of, groups_of, seconds_of
from rlmlang.report.evidence import answer_of
from rlmlang.report.fitted import Cut
from rlmlang.trajectory.calls import CallRecord, RunRecord
from rlmlang.trajectory.events import CallEvent, CallFailed, Event

RANGE = re.compile(r"(?P<step>.+)\[(?P<first>\d+)\.\.(?P<last>\d+)\]")
BEFORE, AFTER = 30, 60  # characters around what a pattern found

Find = Callable[[str], tuple[int, int] | None]
"""Where a pattern stands in a text, if it does."""


@dataclass(frozen=True)
class WantedCalls:
    """Calls of a step, those in which something stands, those that failed, whose answers took
    repairs or say something; of them the `slowest` or `dearest` so many, the first one first."""

    step: str = ""
    find: Find | None = None
    failed: bool = False
    repaired: bool = False
    nonempty: bool = False
    slowest: int | None = None
    dearest: int | None = None

    @property
    def all(self) -> bool:
        """Whether no call is left aside."""
        return self == WantedCalls()

    def among(self, calls: list[CallRecord]) -> list[CallRecord]:
        """Those of some calls that are wanted."""
        found = [call for call in calls if self._wants(call)]
        if self.slowest is not None:
            found = sorted(found, key=seconds_of, reverse=True)[: self.slowest]
        if self.dearest is not None:
            found = sorted(found, key=cost_of, reverse=True)[: self.dearest]
        return found

    def _wants(self, call: CallRecord) -> bool:
        last = call.attempts[-1] if call.attempts else None
        if self.step and call.id.step != self.step:
            return False
        if self.failed and not (isinstance(last, CallFailed) or call.skipped):
            return False
        if self.repaired and not any(read.repairs for read in call.reads.values()):
            return False
        if self.nonempty and (isinstance(last, CallFailed | None) or not answer_of(last.answer)):
            return False
        return self.find is None or excerpt(call, self.find) is not None


def events_of(events: Iterable[Event], calls: Iterable[CallRecord]) -> Iterator[Event]:
    """The events that belong to some calls, all tries of each."""
    wanted = {call.id for call in calls}
    return (e for e in events if isinstance(e, CallEvent) and e.call.again(0) in wanted)


def excerpt(call: CallRecord, find: Find) -> str | None:
    """Where something stands in what a call asked, answered or was refused for, with some words
    around it; None where it stands nowhere."""
    for attempt in reversed(call.attempts):
        reason = attempt.reason if isinstance(attempt, CallFailed) else ""
        texts = {"answer": attempt.answer, "refused": reason, "request": attempt.request}
        for name, text in texts.items():
            if (span := find(text)) is not None:
                start, end = max(0, span[0] - BEFORE), span[0] + AFTER
                cut = " ".join(text[start:end].split())
                return f"{name}: {'…' if start else ''}{cut}{'…' if end < len(text) else ''}"
    return None


def calls_in(run: RunRecord, node: str) -> list[CallRecord]:
    """The calls of a step (`notes`), one call (`notes[3]`), or those of a range of items
    (`notes[3..10]`), the last of which is one of them."""
    found = RANGE.fullmatch(node)
    wanted = range(int(found["first"]), int(found["last"]) + 1) if found is not None else ()
    return [
        call
        for step in run.steps.values()
        for call in ordered(list(step.calls.values()))
        if node in (step.node, step.name, str(call.id))
        or (found is not None and call.id.step == found["step"] and call.id.index in wanted)
    ]


def calls_of(run: RunRecord) -> list[CallRecord]:
    """All calls of a run, step by step."""
    return [call for step in run.steps.values() for call in ordered(list(step.calls.values()))]


def ordered(calls: list[CallRecord]) -> list[CallRecord]:
    """Calls in the order of their items, where all are an item's; else as they were made."""
    if any(call.id.index is None for call in calls):
        return calls
    return sorted(calls, key=lambda call: call.id.index or 0)


def wanted_view(run: RunRecord, wanted: WantedCalls) -> Group:
    """The wanted calls of a run, a line each or for neighbours of one outcome, and how many."""
    calls = calls_of(run)
    found = wanted.among(calls)
    count = Text(f"{len(found):,} of {len(calls):,} calls", style="bold")
    return Group(count, *_lines(found, calls, wanted))


def _lines(
    found: list[CallRecord], among: list[CallRecord], wanted: WantedCalls
) -> Iterator[Cut | Text]:
    find, alone = wanted.find, wanted.slowest is not None or wanted.dearest is not None
    for group in [[call] for call in found] if alone else groups_of(found, among):
        if find is None:
            yield call_line(group)
            continue
        for said, same in groupby(group, lambda call: excerpt(call, find)):
            yield call_line(list(same))
            yield Text(f"    {said}", style="dim")
