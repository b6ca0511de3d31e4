"""What a step, or a whole plan, may take: best, expected and worst."""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction

from rlmlang.schema.formula import ZERO, Formula, minimum, number
from rlmlang.value import Frozen, value


@value
class Cost(Frozen):
    """One case. `usd` is None where a model has no known price."""

    calls: Formula = ZERO
    tokens_in: Formula = ZERO
    tokens_out: Formula = ZERO
    usd: Formula | None = ZERO

    def __add__(self, other: Cost) -> Cost:
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Cost(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            usd,
        )

    def times(self, count: Formula) -> Cost:
        """So many times as much."""
        usd = None if self.usd is None else self.usd * count
        return Cost(self.calls * count, self.tokens_in * count, self.tokens_out * count, usd)

    def within(self, calls: float | None, tokens: float | None, usd: float | None) -> Cost:
        """No more than limits that are kept exactly."""
        return Cost(
            _least(self.calls, calls),
            _least(self.tokens_in, tokens),
            _least(self.tokens_out, tokens),
            None if self.usd is None else _least(self.usd, usd),
        )


def _least(amount: Formula, most: float | None) -> Formula:
    return amount if most is None else minimum(amount, number(Fraction(str(most))))


@value
class Allowed(Frozen):
    """The most tokens that a provider may count for one request of a part of a step (empty for the
    step itself): for the first to an item, and how much more for one that is repeated."""

    part: str
    first: Formula
    again: Formula = ZERO


@value
class Bound(Frozen):
    """A step's cost in three cases, its rounds one after another, and its depth; of a step that
    asks, what each of its requests is allowed, which sums of steps have not."""

    best: Cost = field(default_factory=Cost)
    expected: Cost = field(default_factory=Cost)
    worst: Cost = field(default_factory=Cost)
    rounds: Formula = ZERO
    depth: int = 0
    requests: tuple[Allowed, ...] = ()

    def __add__(self, other: Bound) -> Bound:
        return Bound(
            self.best + other.best,
            self.expected + other.expected,
            self.worst + other.worst,
            self.rounds + other.rounds,
            max(self.depth, other.depth),
        )

    def times(self, count: Formula, least: Formula) -> Bound:
        """What it comes to when it is done so many times beside each other, at least `least`."""
        return replace(
            self,
            best=self.best.times(least),
            expected=self.expected.times(count),
            worst=self.worst.times(count),
        )
