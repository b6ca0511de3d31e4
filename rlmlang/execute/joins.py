"""The shape of a reduce: which neighbours are joined, as soon as they are there.

Full groups of `fanin` siblings of one level are joined as they come; what is left at the end is
joined from the right, one short group first, so that m items take ⌈(m−1)/(fanin−1)⌉ joins and
order is kept. Pure: no await, no model; the executor feeds it and carries out what it asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rlmlang.context import Datum


@dataclass(frozen=True)
class Join:
    """A group to be joined: where its result goes, and what is to be joined, in order."""

    level: int
    index: int
    items: tuple[Datum, ...]


@dataclass
class Joins:
    """The state of one reduce."""

    fanin: int
    levels: list[dict[int, Datum]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def add(self, item: Datum) -> Iterator[Join]:
        """Takes the next item; gives the join that becomes possible."""
        self._level(0)
        index = self.counts[0]
        self.counts[0] += 1
        yield from self.put(0, index, item)

    def put(self, level: int, index: int, value: Datum) -> Iterator[Join]:
        """Takes a result; gives the join that becomes possible with it."""
        self._level(level)
        row = self.levels[level]
        row[index] = value
        first = index - index % self.fanin
        group = range(first, first + self.fanin)
        if all(i in row for i in group):
            items = tuple(row.pop(i) for i in group)
            self._level(level + 1)
            self.counts[level + 1] = max(self.counts[level + 1], first // self.fanin + 1)
            yield Join(level + 1, first // self.fanin, items)

    def rest(self) -> list[Datum]:
        """What is left in order once everything that was asked for has come back."""
        return [row[i] for row in reversed(self.levels) for i in sorted(row)]

    def _level(self, level: int) -> None:
        while len(self.levels) <= level:
            self.levels.append({})
            self.counts.append(0)


def last_groups(count: int, fanin: int) -> Iterator[int]:
    """The sizes of the groups that join `count` left-overs from the right, the odd one first."""
    while count > 1:
        odd = (count - 1) % (fanin - 1)
        size = odd + 1 if odd else fanin
        yield size
        count -= size - 1
