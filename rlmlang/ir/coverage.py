"""How much of what it comes from a value holds: a base, and the conditions that its items passed.

A condition loses nothing: what it turned away is known, so that a count over what is left is exact
*where* it holds, as `WHERE` is in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable

from rlmlang.schema.partitions import Coverage, worst_of
from rlmlang.value import Frozen, value


@value
class Kept(Frozen):
    """Of all items, those that passed the conditions in `where`, as they are written: each once
    (`exact`), at least once (`cover`), or some of them."""

    coverage: Coverage = "exact"
    where: frozenset[str] = frozenset()

    def __str__(self) -> str:
        said = " and ".join(sorted(self.where))
        return f"{self.coverage} where {said}" if said else self.coverage

    def passing(self, *conditions: str) -> Kept:
        """Those of them that pass more conditions."""
        return Kept(self.coverage, self.where | set(conditions))


def denied(condition: str) -> str:
    """The condition of what another one turns away."""
    return f"not ({condition})"


def together(kept: Iterable[Kept]) -> Kept:
    """What a value made of several holds: the weakest base, and all conditions."""
    all_ = tuple(kept)
    where = frozenset[str]().union(*(k.where for k in all_))
    return Kept(worst_of(k.coverage for k in all_), where)


def side_by_side(a: Kept, b: Kept, *, related: bool) -> Kept:
    """What two lists hold, one behind the other. `related` lists come from the same source: of two
    that passed unlike conditions an item may stand in both or in neither, but for the two halves
    of a filter."""
    both = together((a, b))
    mine, theirs = a.where - b.where, b.where - a.where
    if not related or not (mine or theirs):
        return both
    halves = theirs == {*map(denied, mine)} or mine == {*map(denied, theirs)}
    halves = halves and len(mine) == 1
    return Kept(both.coverage, a.where & b.where) if halves else Kept("some", both.where)
