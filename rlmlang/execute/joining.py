"""The joins of a reduce carried out: full groups as soon as they are there, the rest at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from anyio.abc import TaskGroup

from rlmlang.context import Datum
from rlmlang.execute.joins import Join, Joins, last_groups
from rlmlang.ir.calls import CallId


@dataclass
class Joining:
    """Items in order become one. `name` gives the call of a join by its level and index, the level
    being None for those at the end; `ask` carries it out."""

    fanin: int
    tasks: TaskGroup
    name: Callable[[int | None, int], CallId]
    ask: Callable[[CallId, list[Datum]], Awaitable[Datum]]
    joins: Joins = field(init=False)

    def __post_init__(self) -> None:
        self.joins = Joins(self.fanin)

    def add(self, item: Datum) -> None:
        """Takes the next item."""
        self._start(self.joins.add(item))

    async def last(self) -> list[Datum]:
        """Joins what is left, once the task group has ended: one value, or none."""
        left = self.joins.rest()
        for number, size in enumerate(list(last_groups(len(left), self.fanin))):
            left[-size:] = [await self.ask(self.name(None, number), _flat(left[-size:]))]
        return left

    def _start(self, groups: Iterable[Join]) -> None:
        for group in groups:
            self.tasks.start_soon(self._join, group)

    async def _join(self, group: Join) -> None:
        value = await self.ask(self.name(group.level, group.index), _flat(group.items))
        self._start(self.joins.put(group.level, group.index, value))


def _flat(items: Iterable[Datum]) -> list[Datum]:
    """The items of a join; lists become one list."""
    group = list(items)
    lists = [x for x in group if isinstance(x, list)]
    return [x for inner in lists for x in inner] if len(lists) == len(group) else group
