"""Portions of a budget that several workers spend from at one time. Pure arithmetic.

Who keeps the budget gives each worker a lease: so much it may use in sum. What its calls are
charged with is noted with the lease, so that the whole is exact however a worker ends: an ended
lease takes what it was charged, a live one what it was granted. Portions get smaller as less is
left, as in guided self-scheduling (Polychronopoulos and Kuck, 1987): half of an equal part of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from rlmlang.budget import PICO, Limits, Usage

NO_LIMIT = 2**62
PART = 2
"""A portion is an equal part of what is left divided by this: the rest is for who needs more."""


class Amounts(NamedTuple):
    """Calls, tok, and dollars in millionths of a millionth, as whole numbers. What has no limit is
    limited by `NO_LIMIT`, which nobody reaches."""

    calls: int = 0
    tokens: int = 0
    usd: int = 0

    @classmethod
    def used(cls, usage: Usage) -> Amounts:
        """Those of a usage, dollars rounded up."""
        return cls(usage.calls, usage.tokens, usage.pico)

    @classmethod
    def most(cls, limits: Limits) -> Amounts:
        """Those of limits, dollars rounded down."""
        calls = NO_LIMIT if limits.calls is None else limits.calls
        tokens = NO_LIMIT if limits.tokens is None else limits.tokens
        return cls(calls, tokens, NO_LIMIT if limits.usd is None else int(limits.usd * PICO))

    @property
    def limits(self) -> Limits:
        """The same as limits of an account."""
        usd = None if self.usd >= NO_LIMIT else Fraction(self.usd, PICO)
        return Limits(_limit(self.calls), _limit(self.tokens), usd)

    @property
    def usage(self) -> Usage:
        """The same as a usage; tok of both directions together."""
        return Usage(self.calls, self.tokens, 0, Fraction(self.usd, PICO))

    def plus(self, other: Amounts) -> Amounts:
        """Both together; without a limit where one of them is."""
        return Amounts(*(min(a + b, NO_LIMIT) for a, b in zip(self, other, strict=True)))

    def minus(self, other: Amounts) -> Amounts:
        """The difference, of either sign."""
        return Amounts(*(a - b for a, b in zip(self, other, strict=True)))

    def beyond(self, other: Amounts) -> Amounts:
        """What is more than the other; never below nothing."""
        pairs = zip(self, other, strict=True)
        return Amounts(*(a if a >= NO_LIMIT else max(a - b, 0) for a, b in pairs))

    def cut(self, held: Amounts) -> Amounts:
        """A grant without what is not held: the rest is given back."""
        pairs = zip(self, held, strict=True)
        return Amounts(*(a if a >= NO_LIMIT else min(a, b) for a, b in pairs))

    def within(self, other: Amounts) -> bool:
        """Whether nothing is more than the other."""
        return all(a <= b for a, b in zip(self, other, strict=True))


NO_AMOUNTS = Amounts()


@dataclass(frozen=True)
class Lease:
    """What a worker may use in sum, and what its calls are charged with so far. One that is not
    `live` gets nothing more and gives nothing back. One that is not `busy` has no call on its way,
    of which something may come back."""

    granted: Amounts
    charged: Amounts = NO_AMOUNTS
    live: bool = True
    busy: bool = True

    @property
    def held(self) -> Amounts:
        """What nobody else may use. A call that used more than its worst case counts whole."""
        if not self.live:
            return self.charged
        return Amounts(*(max(g, c) for g, c in zip(self.granted, self.charged, strict=True)))


def nothing(limits: Amounts) -> Amounts:
    """A grant of nothing in all that is limited."""
    return limits.cut(NO_AMOUNTS)


def total(amounts: Iterable[Amounts]) -> Amounts:
    """All together."""
    found = NO_AMOUNTS
    for one in amounts:
        found = Amounts(*(a + b for a, b in zip(found, one, strict=True)))
    return found


def left(limits: Amounts, leases: Iterable[Lease]) -> Amounts:
    """What of the limits no lease holds."""
    held = total(x.held for x in leases)
    return Amounts(
        *(m if m >= NO_LIMIT else max(m - h, 0) for m, h in zip(limits, held, strict=True))
    )


def portion(free: Amounts, least: Amounts, workers: int) -> Amounts | None:
    """What one of so many workers is given of what is left, at least what it needs; None where not
    so much is left."""
    if not least.within(free):
        return None
    parts = PART * max(workers, 1)
    return Amounts(*(max(need, most // parts) for need, most in zip(least, free, strict=True)))


def share(others: float, workers: int) -> float:
    """The part of a provider's limits that one of so many workers takes, where the others still
    hold a part of them: an equal one, as soon as it is free."""
    return max(0.0, min(1 / max(workers, 1), 1.0 - others))


def _limit(amount: int) -> int | None:
    return None if amount >= NO_LIMIT else amount
