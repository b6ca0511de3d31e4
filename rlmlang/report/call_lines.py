"""Calls as lines: which, what came of it, what it cost; neighbours of one outcome in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from rlmlang.report.evidence import answer_of
from rlmlang.report.fitted import Cut, shortened
from rlmlang.trajectory.calls import CallRecord
from rlmlang.trajectory.events import CallFailed

LONGEST = 90


@dataclass(frozen=True)
class CallOutcome:
    """What came of a call, in words and the colour that they have, and how often it was tried."""

    words: str
    style: str
    tries: int


def outcome_of(call: CallRecord) -> CallOutcome:
    """What came of a call; of one that nothing has come of, that."""
    last = call.attempts[-1] if call.attempts else None
    tries = len(call.attempts)
    if last is None:
        if call.skipped:
            reason = " ".join(call.skipped.split())
            return CallOutcome(f"left out: {shortened(reason, LONGEST)}", "yellow", 0)
        return CallOutcome("sent, not answered" if call.sent else "", "dim", 0)
    if isinstance(last, CallFailed):
        return CallOutcome(f"{last.code}: {shortened(last.reason, LONGEST)}", "red", tries)
    said = " ".join(answer_of(last.answer).split())
    return CallOutcome(shortened(said, LONGEST) or "(nothing)", "dim", tries)


def groups_of(calls: Sequence[CallRecord], among: Sequence[CallRecord]) -> list[list[CallRecord]]:
    """Some calls, and together those of which the same came and that are neighbours `among` all."""
    place = {call.id: number for number, call in enumerate(among)}
    found = enumerate(calls)
    groups = groupby(found, lambda x: (outcome_of(x[1]), x[1].id.step, place[x[1].id] - x[0]))
    return [[call for _, call in group] for _, group in groups]


def call_line(calls: Sequence[CallRecord]) -> Cut:
    """Calls of one outcome in a line."""
    outcome, end = outcome_of(calls[0]), Text()
    if outcome.tries > 1:
        end.append(f"  {outcome.tries} tries", style="yellow")
    if len(calls) > 1:
        end.append(f"  {len(calls):,} calls", style="dim")
    end.append(spent_by(calls), style="dim")
    words = f"  {outcome.words}" if outcome.words else ""
    return Cut(Text(ids_of(calls)), Text(words, style=outcome.style), end)


def ids_of(calls: Sequence[CallRecord]) -> str:
    """Which calls they are: `notes[3]`, `notes[3..10]`, `notes[0.1] … notes[0.4]`."""
    first, last = calls[0].id, calls[-1].id
    if len(calls) == 1:
        return str(first)
    if first.index is not None and last.index is not None:
        return f"{first.step}[{first.index}..{last.index}]"
    return f"{first} … {last}"


def spent_by(calls: Sequence[CallRecord]) -> str:
    """What calls cost and how long they took, all tries together; nothing of such as were not
    answered."""
    attempts = [attempt for call in calls for attempt in call.attempts]
    if not attempts:
        return ""
    priced = all(attempt.usd is not None for attempt in attempts)
    usd = f"  ${sum(map(cost_of, calls)):,.4f}" if priced else ""
    return f"{usd}  {sum(map(seconds_of, calls)):,.1f} s"


def cost_of(call: CallRecord) -> float:
    """The dollars of all tries of a call; what has no known price counts as nothing."""
    return sum(attempt.usd or 0.0 for attempt in call.attempts)


def seconds_of(call: CallRecord) -> float:
    """The seconds of all tries of a call."""
    return sum(attempt.seconds for attempt in call.attempts)
