"""What a run has used so far, how fast it goes and how long it may take: a line of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from rlmlang.ir.declarations import Budget
from rlmlang.trajectory.events import CallFailed, CallFinished, Event, ItemSkipped, RunResumed

RECENT = 200  # ends of calls that the rate is measured over
FEW = 3  # below so many no rate is told


class Rate:
    """How many things a second, over the last ones; what stands still gets slower by it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._ends = deque[tuple[float, int]]([(clock(), 0)], RECENT)

    def add(self, amount: int = 0) -> None:
        """One is done; `amount` is what else is counted of it."""
        self._ends.append((self.clock(), self._ends[-1][1] + amount))

    def each_second(self) -> tuple[float, float]:
        """Things and amounts a second; nothing as long as there are too few."""
        count, (first, before), (_, now) = len(self._ends) - 1, self._ends[0], self._ends[-1]
        passed = self.clock() - first
        return (count / passed, (now - before) / passed) if count >= FEW and passed > 0 else (0, 0)

    def left(self, things: float) -> str:
        """How long so many take, in words; empty where nobody can know."""
        rate, _ = self.each_second()
        return f"{span(things / rate)} left" if rate > 0 and things > 0 else ""


class Tally:
    """Listens to a run's events: its calls, tok and dollars against its budget, what was asked
    again and what failed. `expected` are the calls that the plan expects, None where unknown."""

    def __init__(
        self,
        budget: Budget,
        expected: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget, self.expected = budget, expected
        self.calls, self.usd, self.priced = 0, 0.0, True
        self.done = self.again = self.failed = self.skipped = 0
        self.rate = Rate(clock)

    def take(self, event: Event) -> None:
        """One event of the run."""
        match event:
            case RunResumed():
                self.calls, self.usd = event.calls, event.usd
            case ItemSkipped():
                self.skipped += 1
            case CallFinished() | CallFailed():
                self.done += isinstance(event, CallFinished)
                self.failed += isinstance(event, CallFailed)
                if not event.reused:
                    self._sent(event)

    def _sent(self, event: CallFinished | CallFailed) -> None:
        self.calls += 1
        self.again += event.call.attempt > 0
        self.usd += event.usd or 0.0
        self.priced = self.priced and event.usd is not None
        self.rate.add(event.tokens_in + event.tokens_out)

    def words(self) -> str:
        """All of it in a line; empty before the first call."""
        if not (self.calls or self.done):
            return ""
        left = self.rate.left((self.expected or 0) - self.done)
        return "  ".join(x for x in (self._spent(), left, self._trouble(), self._pace()) if x)

    def _spent(self) -> str:
        """What was spent, against the limits that there are."""
        calls = f"{self.calls:,}{_of(self.budget.calls, ',')} calls"
        if not self.priced:
            return calls
        return f"${self.usd:,.2f}{_of(self.budget.usd, ',.2f', '$')}, {calls}"

    def _trouble(self) -> str:
        counts = ((self.again, "asked again"), (self.failed, "failed"), (self.skipped, "skipped"))
        return ", ".join(f"{count:,} {word}" for count, word in counts if count)

    def _pace(self) -> str:
        calls, tok = self.rate.each_second()
        if not calls:
            return ""
        return f"{calls:,.1f} calls/s, {tok:,.0f} tok/s"


def _of(most: float | None, form: str, sign: str = "") -> str:
    return "" if most is None else f" of {sign}{most:{form}}"


def span(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:,.0f} h"
