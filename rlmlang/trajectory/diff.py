"""Two runs beside each other: their answers call by call, their results, cost and coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rlmlang.budget import Usage
from rlmlang.trajectory.events import CallFailed, CallFinished, Event, RunFinished
from rlmlang.value import Json


@dataclass(frozen=True)
class RunSide:
    """A run to be compared: how it stands or ended, what it gave and used, the lines of its
    receipt, and the last answer to each call, or why there is none, by the call's id."""

    name: str
    state: str
    result: Json
    usage: Usage
    receipt: Sequence[Mapping[str, Json]]
    answers: Mapping[str, str]


@dataclass(frozen=True)
class AnswerChange:
    """A call whose answer is not as it was; None on the side that did not make it."""

    call: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class CoverageChange:
    """What a step read of a source, before and after: the line of the receipt, None where there is
    none."""

    step: str
    source: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None


@dataclass(frozen=True)
class RunDiff:
    """What came out differently. What the runs cost is not counted as a difference: the same again
    is free, since its answers are kept."""

    before: RunSide
    after: RunSide
    answers: tuple[AnswerChange, ...]
    coverage: tuple[CoverageChange, ...]
    alike: int
    """How many calls both made that were answered alike."""

    @property
    def same_result(self) -> bool:
        """Whether both ended alike, with the same result."""
        return (self.before.state, self.before.result) == (self.after.state, self.after.result)

    @property
    def same(self) -> bool:
        """Whether result, answers and coverage are the same."""
        return self.same_result and not (self.answers or self.coverage)


def answers_of(events: Iterable[Event]) -> Mapping[str, str]:
    """The last answer to each call, in the order in which they were first told."""
    found: dict[str, str] = {}
    for event in events:
        match event:
            case CallFinished():
                found[str(event.call)] = event.answer
            case CallFailed():
                found[str(event.call)] = f"({event.code}) {event.answer or event.reason}"
    return found


def run_side(
    name: str, state: str, usage: Usage, ended: RunFinished | None, events: Iterable[Event]
) -> RunSide:
    """A run as it is compared, from its events and the way it ended."""
    result, receipt = (None, ()) if ended is None else (ended.result, ended.receipt)
    return RunSide(name, state, result, usage, receipt, answers_of(events))


def diff(before: RunSide, after: RunSide) -> RunDiff:
    """What came out differently in two runs."""
    old, new = before.answers, after.answers
    changed = tuple(
        AnswerChange(call, old.get(call), new.get(call))
        for call in dict.fromkeys((*new, *old))
        if old.get(call) != new.get(call)
    )
    alike = sum(1 for call, answer in new.items() if old.get(call) == answer)
    return RunDiff(before, after, changed, tuple(_coverage(before, after)), alike)


def _coverage(before: RunSide, after: RunSide) -> Iterator[CoverageChange]:
    old, new = _lines(before), _lines(after)
    for step, source in dict.fromkeys((*new, *old)):
        was, now = old.get((step, source)), new.get((step, source))
        if was != now:
            yield CoverageChange(step, source, was, now)


def _lines(side: RunSide) -> Mapping[tuple[str, str], Mapping[str, Json]]:
    """The lines of a receipt by what they are about."""
    return {(str(x["step"]), str(x["source"])): x for x in side.receipt}
