"""Turns of one process among several, over a store in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from rlmlang.batch.history import History
from rlmlang.batch.items import Item
from rlmlang.batch.result import Ended
from rlmlang.batch.turns import Among
from rlmlang.batch.worker import Worker
from rlmlang.budget import Account
from rlmlang.leases import NO_AMOUNTS, NO_LIMIT, Amounts
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.providers import Providers
from rlmlang.runtime.prepared import Options
from rlmlang.stores.opening import memory_store
from rlmlang.stores.queue import items, leases
from rlmlang.stores.queue.tables import Listing, Queue
from rlmlang.stores.store import Store
from tests.conftest import Rlm

WHOLE = Amounts(NO_LIMIT, NO_LIMIT, NO_LIMIT)


def listed(count: int) -> Iterator[Item]:
    return (Item(number, str(number)) for number in range(1, count + 1))


def begun(count: int) -> tuple[Store, Queue, int]:
    """A queue of so many items, and the lease of another worker, who has taken them all."""
    store, queue = memory_store(str), Queue(1, WHOLE, Listing(count, "names", "{}"))
    store.journal.wait(lambda c: leases.open_queue(c, queue, NO_AMOUNTS, again=False))
    other = store.journal.wait(lambda c: leases.join(c, 1, 30.0))
    store.journal.wait(lambda c: items.take(c, other, count))
    return store, queue, other


def among(store: Store, queue: Queue, told: list[Ended]) -> Among:
    """The turns of the host of a queue."""
    worker = Worker(store, queue, Account("all"), BudgetWaiters(), Providers(), 30.0)
    worker.join(host=True)
    history = History(Options(store=store.path), "all")
    return Among(lambda: listed(queue.listing.items), worker, history, told.append)


def test_a_host_hears_of_all_that_others_have_ended(folder: Path) -> None:
    """However many ended since it looked last: none is taken for one that was never begun."""
    count = 1_203
    store, queue, other = begun(count)
    for place in range(1, count + 1):
        store.journal.post(lambda c, n=place: items.finish(c, other, n, 0, "done"))
    told: list[Ended] = []
    turns = among(store, queue, told)
    assert asyncio.run(turns.next()) is None
    assert [ended.item.number for ended in told] == list(range(1, count + 1))
    assert list(turns.rest()) == []


def test_an_item_that_is_given_out_again_is_found_again(folder: Path) -> None:
    """A worker that heard how it ended goes on when the batch is begun again."""
    store, queue, other = begun(3)
    for place in (1, 2, 3):
        store.journal.post(lambda c, n=place: items.finish(c, other, n, 0, "not started"))
    told: list[Ended] = []
    turns = among(store, queue, told)
    asyncio.run(turns.hear())
    store.journal.wait(lambda c: leases.open_queue(c, queue, NO_AMOUNTS, again=True))
    turns.worker.join(host=True)
    taken = asyncio.run(turns.next())
    assert taken is not None and (taken.number, len(told)) == (1, 3)


def test_a_look_for_work_makes_no_store(folder: Path, rlm: Rlm) -> None:
    found = rlm("work", "--store", "none.db")
    assert (found.code, found.err) == (0, "no batch is open in none.db\n")
    assert not list(folder.iterdir())
