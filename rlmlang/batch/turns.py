"""Whose turn it is: which item a process takes next, alone or with other workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from rlmlang.batch.history import History
from rlmlang.batch.items import Item
from rlmlang.batch.result import Ended, state_of
from rlmlang.batch.worker import Worker
from rlmlang.budget import Account, Usage
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.stores.queue.items import End


class Turns(Protocol):
    """How items come to a process, and how room for them does."""

    async def next(self) -> Item | None:
        """The next item; None behind the last. Raises CodedError for one that cannot be read."""

    def ended(self, ended: Ended, *, for_good: bool) -> None:
        """An item of this process has ended; one that has not `for_good` is begun again by who goes
        on."""

    async def room(self, least: Usage) -> bool:
        """Waits until the account could hold so much beside what is set aside; False when it never
        will."""

    async def watch(self) -> None:
        """What is to be done meanwhile, until it is cancelled. Raises CodedError."""

    def rest(self) -> Iterator[Item]:
        """The items that nobody has taken or ended, behind the last turn."""

    def cease(self) -> None:
        """No more items are wanted, of nobody who was asked by this process."""


class Alone:
    """All items one after another."""

    def __init__(self, items: Iterator[Item], account: Account, waiters: BudgetWaiters) -> None:
        self.items, self.account, self.waiters = items, account, waiters
        self._over = False

    async def next(self) -> Item | None:
        """The next item."""
        return None if self._over else next(self.items, None)

    def ended(self, ended: Ended, *, for_good: bool) -> None:
        """Nobody else asks."""

    async def room(self, least: Usage) -> bool:
        """Waits for what items in work give back."""
        while not self._over:
            returned = self.waiters.returned
            limits, spent = self.account.limits, self.account.spent
            if not limits.exceeded_by(spent + self.account.reserved + least):
                return True
            if limits.exceeded_by(spent + least):
                return False
            await self.waiters.wait(returned)
        return False

    async def watch(self) -> None:
        """Nobody waits for a sign of life."""

    def rest(self) -> Iterator[Item]:
        """Those that were not begun."""
        return self.items

    def cease(self) -> None:
        """Nothing more is begun."""
        self._over = True


class Among:
    """The items that this process takes among several. A `host`, which began the batch, is told of
    those that others have ended as well."""

    def __init__(
        self,
        items: Callable[[], Iterator[Item]],
        worker: Worker,
        history: History,
        told: Callable[[Ended], None] | None,
    ) -> None:
        self.items, self.worker, self.history, self.told = items, worker, history, told
        self._ahead = items()
        self._reached = 0
        self._passed: dict[int, Item] = {}
        self._own: set[int] = set()
        self._over = False

    async def next(self) -> Item | None:
        """The next item of this worker; those of workers that are gone come again."""
        if self._over and self.told is None:
            return None
        place = await self.worker.take()
        if place is None:
            await self.hear()
            return None
        self._own.add(place)
        return self._at(place)

    def ended(self, ended: Ended, *, for_good: bool) -> None:
        """Notes it in the queue, from which others learn it."""
        if for_good:
            run = self.history.number(ended.item.name)
            self.worker.ended(ended.item.number, run, ended.state)

    async def room(self, least: Usage) -> bool:
        """Waits for what others give back as well."""
        return not self._over and await self.worker.room(least)

    async def watch(self) -> None:
        """Signs of life, and what others have ended."""
        await self.worker.beat(self.hear)

    async def hear(self) -> None:
        """What ended meanwhile, of others too."""
        while ends := await self.worker.news():
            for end in ends:
                item = self._at(end.item)
                self._passed.pop(end.item, None)
                if end.item in self._own:
                    self._own.discard(end.item)
                elif self.told is not None:
                    self.told(self._of_another(item, end))

    def rest(self) -> Iterator[Item]:
        """Those that nobody ended."""
        yield from (i for n, i in sorted(self._passed.items()) if n not in self._own)
        yield from self._ahead

    def cease(self) -> None:
        """A host has no more of them given out."""
        self._over = True
        if self.told is not None:
            self.worker.close()

    def _at(self, place: int) -> Item:
        """The item at a place; one that has ended before may be given out again. Raises CodedError
        (batch-differs)."""
        while self._reached < place:
            item = next(self._ahead, None)
            if item is None:
                raise differs()
            self._reached = item.number
            self._passed[item.number] = item
        if place not in self._passed:
            item = next((i for i in self.items() if i.number == place), None)
            if item is None:
                raise differs()
            self._passed[place] = item
        return self._passed[place]

    def _of_another(self, item: Item, end: End) -> Ended:
        """What came of an item in another process."""
        state = state_of(end.outcome)
        if not end.run:
            return Ended(item, state)
        self.history.note(item.name, end.run)
        earlier = self.history.of(item.name)
        if earlier is None:
            return Ended(item, state)
        answer = self.history.answer(earlier) if earlier.finished else None
        if state not in ("done", "failed"):
            return Ended(item, state, earlier.run, answer)
        usage, seconds = self.history.used(earlier)
        code, words = self.history.problem(earlier) if state == "failed" else ("", "")
        problem = failed(code, words).diagnostic if code else None
        return Ended(item, state, earlier.run, answer, usage, 0, seconds, problem)


def differs() -> CodedError:
    """The problem of a worker that sees other items than who began the batch."""
    return failed(
        "batch-differs",
        "the items here are not those that the batch was begun with",
        hint="bring the same files here: a worker opens them by their paths below the project",
    )
