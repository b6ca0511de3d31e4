"""What requests used, from their events."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from rlmlang.budget import Usage
from rlmlang.trajectory.events import NOT_TAKEN, CallEnded, CallFailed


def usage_of(ended: Iterable[CallEnded]) -> Usage:
    """Calls, tok and dollars. Of an answer that was used again nothing is counted, nor is a request
    that was never sent."""
    total = Usage()
    for one in ended:
        if one.row and not one.reused and not _not_taken(one):
            total += Usage(1, one.tokens_in, one.tokens_out, Fraction(str(one.usd or 0)))
    return total


def cost_of(ended: Iterable[CallEnded]) -> float | None:
    """Their dollars; None where one has no known price."""
    costs = [one.usd for one in ended if one.row]
    return None if None in costs else sum(c for c in costs if c is not None)


def _not_taken(one: CallEnded) -> bool:
    return isinstance(one, CallFailed) and one.code == NOT_TAKEN
