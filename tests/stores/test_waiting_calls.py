"""Calls that wait in batches, in a store of either kind."""

from __future__ import annotations

import asyncio
from contextlib import closing
from fractions import Fraction
from pathlib import Path

from rlmlang.budget import Usage
from rlmlang.ir.calls import CallId
from rlmlang.protocols import Sending, Settled
from rlmlang.stores import schema
from rlmlang.stores.address import address_of
from rlmlang.stores.maintenance import verify
from rlmlang.stores.opening import open_store
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import PARKED, RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.provider_batch import SENT, ProviderBatch

RUN = RunRow(0, "night", b"the same", "notes", "p", "notes.rlm")
WORST = Usage(1, 100, 50, Fraction(1, 100))


def sending(number: int) -> Sending:
    call = CallId.of("notes", number)
    return Sending(bytes([number]) * 32, call, "note", "{}", "", "asked", WORST, True, batched=True)


async def put_away(store: Store) -> None:
    """Three calls, of which two are put into a batch."""
    rows = [await store.reserve(sending(n)) for n in range(3)]
    inside = [row for row in rows[:2] if isinstance(row, int)]
    batch = ProviderBatch(0, "token", "openai", "there", "m", calls=2)
    opened = await store.batches.open(batch, inside)
    await store.batches.note(ProviderBatch(**{**vars(opened), "name": "b1", "state": SENT}))


async def taken(store: Store) -> None:
    """The first of them is waited for again, and answered."""
    assert store.batches.left(sending(0).key) == WORST
    assert store.batches.left(sending(2).key) is None  # it was never sent
    row = await store.reserve(sending(0))
    assert isinstance(row, int)
    batch = store.batches.batch_of(row)
    assert batch is not None and (batch.name, batch.state, batch.calls) == ("b1", SENT, 2)
    await store.settle(row, Settled("bees", Usage(1, 10, 5, Fraction(1, 1000)), 1.0, finish="stop"))


def test_what_waits_counts_at_its_worst_and_what_was_not_sent_counts_nothing(place: str) -> None:
    address = address_of(place)
    store = open_store(address)
    store.begin(RUN)
    asyncio.run(put_away(store))
    store.end(PARKED)
    store.close()
    with closing(StoreReader(address)) as reader:
        (run,) = reader.runs()
        assert reader.usage(run) == WORST + WORST
        assert [(b.name, n) for b, n in reader.batches(run)] == [("b1", 2)]
    store = open_store(address)
    begun = store.begin(RUN)
    assert begun.resumed and sum((s.usage for s in begun.spent), Usage()) == WORST + WORST
    asyncio.run(taken(store))
    assert store.batches.waiting == 1 and store.batches.taken_over == WORST
    store.close()
    assert not verify(address).wrong
    with closing(StoreReader(address)) as reader:
        (run,) = reader.runs()
        assert reader.usage(run) == WORST + Usage(1, 10, 5, Fraction(1, 1000))


def test_a_store_without_such_tables_is_given_them(place: str) -> None:
    address = address_of(place)
    store = open_store(address)
    store.begin(RUN)

    def before(c: Batch) -> None:
        for table in schema.BATCHES:
            c.execute(f"DROP TABLE {table}")
        if isinstance(address, Path):
            c.execute("PRAGMA user_version=3")
        else:
            c.execute("UPDATE store SET version = 3")

    store.journal.wait(before)
    store.end(PARKED)
    store.close()
    with closing(StoreReader(address)) as reader:
        (run,) = reader.runs()
        assert reader.batches(run) == []
