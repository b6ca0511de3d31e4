"""Several workers of one batch in a world of their own: time, chance, deaths, cuts from the store
and the provider follow from a seed. `--seeds 0:2000` runs that many, `--seeds 17` that one.

The workers, leases and queue are the real ones, over a store in memory whose commits take a while;
an item is a few calls, made as a run makes them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from rlmlang.batch.worker import Worker
from rlmlang.budget import Account, Limits, Usage
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.calls import CallId
from rlmlang.leases import Amounts
from rlmlang.models.engines.call_context import Stopped
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.ledger import LedgerEngine
from rlmlang.models.engines.providers import Providers
from rlmlang.protocols import Sending, Settled, StoredAnswer
from rlmlang.stores.problems import unwritable
from rlmlang.stores.queue.leases import open_queue
from rlmlang.stores.queue.tables import TABLES, Listing, Queue
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import NOT_TAKEN
from tests.laws.test_simulation import Clock, Disk, forget

LASTS, WORLDS, DIVISOR = 3.0, 2, 8
LONG = 3_000  # seconds of the simulated clock


class Wire(Disk):
    """A worker's way to the store. While it is cut nothing is committed; a worker that is gone
    commits nothing more."""

    def __init__(self, world: World) -> None:
        super().__init__(world.connection, world.chance)
        self.world, self.gone = world, False
        self.open = asyncio.Event()
        self.open.set()
        self.shared = True

    async def _flush(self) -> None:
        while self.waiting:
            await asyncio.sleep(self.chance.uniform(0.001, 0.05))
            await self.open.wait()
            group, self.waiting = self.waiting, []
            self._commit(group)
        self.task = None

    def _commit(self, group: list[Any]) -> None:
        if self.gone:
            return
        if self.broken is not None:
            for _, future in group:
                if future is not None and not future.done():
                    future.set_exception(self.broken)
            return
        results = self.changed([change for change, _ in group])
        for (_, future), result in zip(group, results, strict=True):
            if future is not None and not future.done():
                future.set_result(result)

    def changed(self, changes: list[Any]) -> list[Any]:
        """Commits changes, at the store's own time."""
        self.connection.execute("BEGIN")
        batch = Batch(self.connection, shared=True, now=lambda: self.world.loop.now + 1e6)
        results = [change(batch) for change in changes]
        batch.flush()
        self.connection.execute("COMMIT")
        self.world.held()
        return results

    def wait(self, change: Any) -> Any:
        if self.gone:
            raise unwritable("wire", OSError("gone"))
        group, self.waiting = self.waiting, []
        self._commit(group)
        return self.changed([change])[0]


@dataclass
class Claims:
    """Signs of life: a worker that is cut off still has its own, one that is gone has none."""

    world: World
    wire: Wire

    def take(self, run: int) -> Claims | None:
        holder = self.world.claims.get(run)
        if holder is not None and not holder.gone:
            return None
        self.world.claims[run] = self.wire
        return self

    def drop(self) -> None:
        pass

    def goes_on(self, run: int) -> bool:
        holder = self.world.claims.get(run)
        return holder is not None and not holder.gone

    def others_go_on(self, run: int) -> bool:
        return True


@dataclass
class World:
    """One seed: the store and the provider stay, workers come and go."""

    seed: int
    loop: Clock = field(default_factory=Clock)
    claims: dict[int, Wire] = field(default_factory=dict)
    flying: list[tuple[bytes, Hand]] = field(default_factory=list)
    counted: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        chance = self.chance = random.Random(self.seed)
        self.connection = Disk(None, chance).connection
        for statement in TABLES:
            self.connection.execute(statement)
        self.items = [chance.randrange(1, 4) for _ in range(chance.randrange(1, 13))]
        self.work = sum(self.items)
        self.limit = self.work * 3 if chance.random() < 0.6 else chance.randrange(1, self.work + 1)
        self.slow, self.faults = chance.choice([0.1, 1.0, 8.0]), chance.choice([0.0, 0.2])
        self.workers: list[Hand] = []

    def held(self) -> None:
        """What holds after every commit: calls that are kept are within the budget, and charged to
        leases one by one."""
        kept = self.connection.execute(
            "SELECT COUNT(*) FROM call WHERE state < 3 AND COALESCE(code, '') <> ?",
            (NOT_TAKEN,),
        ).fetchone()[0]
        assert kept <= self.limit, f"seed {self.seed}: {kept} calls of {self.limit}"
        charged, granted = self.connection.execute(
            """SELECT COALESCE(SUM(used_calls), 0),
            COALESCE(SUM(CASE WHEN state = 1 THEN MAX(calls, used_calls) ELSE used_calls END), 0)
            FROM lease"""
        ).fetchone()
        assert charged == kept, f"seed {self.seed}: {charged} charged for {kept} calls"
        assert granted <= self.limit, f"seed {self.seed}: {granted} granted of {self.limit}"

    async def answer(self, sending: Sending, hand: Hand) -> str:
        """The provider's part: how it fails, if it does. What it does not take is not counted."""
        self.nobody_has(sending.key)
        self.flying.append((sending.key, hand))
        await asyncio.sleep(self.chance.uniform(0, self.slow))
        code: str = self.chance.choices(
            ["", "failed", NOT_TAKEN], [1 - self.faults, *[self.faults / 2] * 2]
        )[0]
        self.counted += code != NOT_TAKEN
        assert self.counted <= self.limit, f"seed {self.seed}: more was paid than allowed"
        return code

    def nobody_has(self, key: bytes) -> None:
        """A request is sent that has no kept answer, and that no worker has on its way but those
        that are gone or have lost their leases."""
        query = "SELECT 1 FROM call WHERE key = ? AND state = 1"
        known = self.connection.execute(query, (key,)).fetchone()
        assert known is None, f"seed {self.seed}: {key!r} is known"
        for hand in (hand for other, hand in self.flying if other == key):
            query = "SELECT 1 FROM lease WHERE id = ? AND state = 1"
            live = self.connection.execute(query, (hand.store.lease,)).fetchone()
            assert hand.wire.gone or live is None, f"seed {self.seed}: {key!r} is on its way"

    def host(self) -> Hand:
        return Hand(self, host=True)


class Hand:
    """A worker's process: it takes items and makes their calls, until it is done or gone."""

    def __init__(self, world: World, *, host: bool = False) -> None:
        self.world, self.wire, self.is_host = world, Wire(world), host
        self.account = Account("batch all", Limits(calls=world.limit))
        self.store = Store(self.wire, world.connection, None, claims=Claims(world, self.wire))
        self.in_flight = InFlight()
        self.word = ""
        self.tasks: list[asyncio.Task[None]] = []
        self.task = world.loop.create_task(self.process())
        world.workers.append(self)

    async def process(self) -> None:
        """From joining to leaving."""
        try:
            await self._work()
            self.word = self.word or "done"
        except CodedError as problem:
            self.word = problem.diagnostic.code
        self.world.ends[self.word] += 1

    async def _work(self) -> None:
        listing = Listing(len(self.world.items), "names", "{}")
        queue = Queue(1, Amounts.most(Limits(calls=self.world.limit)), listing)
        if self.is_host:
            resumed = self.world.connection.execute("SELECT 1 FROM queue").fetchone() is not None
            self.wire.wait(lambda c: open_queue(c, queue, Amounts(), again=resumed))
        waiters = self.in_flight.budget_waiters
        self.worker = Worker(self.store, queue, self.account, waiters, Providers(), LASTS)
        self.worker.join(host=self.is_host)
        beats = self._task(self.worker.beat(self._heard))
        turns = [self._task(self._turns()) for _ in range(self.world.chance.randrange(1, 4))]
        done = self._task(self._all(turns))
        await asyncio.wait([beats, done], return_when=asyncio.FIRST_COMPLETED)
        problems = [t.exception() for t in (beats, done) if t.done() and not t.cancelled()]
        self._drop()
        for problem in filter(None, problems):
            raise problem
        assert self.account.reserved.calls == 0
        self.worker.leave()

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self.world.loop.create_task(work)
        self.tasks.append(task)
        return task

    def _drop(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def _all(self, turns: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*turns)

    async def _heard(self) -> None:
        await self.worker.news()

    async def _turns(self) -> None:
        while (place := await self.worker.take()) is not None:
            outcome = "not started"
            if await self.worker.room(Usage(1)):
                outcome = await self._item(place)
            self.worker.ended(place, self.store.run.id, outcome)

    async def _item(self, place: int) -> str:
        store = self.store.lent()
        about: Any = {"item": {"batch": "all", "round": "1", "lease": store.lease}}
        await asyncio.sleep(self.world.chance.uniform(0, 0.1))
        store.begin(RunRow(0, f"run{self.world.chance.random()}", bytes([place]), data=about))
        try:
            for number in range(self.world.items[place - 1]):
                await self._call(store, CallId.of("step", place, number))
        except Stopped as stop:
            if stop.problem.diagnostic.code != "budget-spent":
                raise stop.problem from None
            store.end("parked")
            return "stopped"
        store.end("finished")
        return "done"

    async def _call(self, store: Store, call: CallId) -> None:
        """One call, asked again for as long as it brings nothing, as cache, retry and ledger do."""
        key = str(call).encode()
        sending = Sending(key, call, "p", "", "", "", Usage(1), priced=False)
        while store.find(sending) is None:
            ledger = LedgerEngine(None, store, None, self.in_flight)  # type: ignore[arg-type]
            reservation = await ledger._reserve(self.account, sending, "")
            used = Usage(1)
            try:
                row = await store.reserve(sending)
                if isinstance(row, StoredAnswer):
                    used = Usage()
                    return
                code = await self.world.answer(sending, self)
                used = Usage(int(code != NOT_TAKEN))
                await store.settle(row, settled(code, used))
                self.world.flying.remove((key, self))
            finally:
                reservation.settle(used)
                self.in_flight.budget_waiters.wake()

    def kill(self) -> None:
        """The process is gone; it cleans nothing up."""
        self.wire.gone = True
        self.task.cancel()
        self._drop()

    def cut(self) -> None:
        """It no longer reaches the store."""
        self.wire.open.clear()

    def mend(self, *, lost: bool) -> None:
        """It reaches the store again; its connection may be lost."""
        if lost:
            self.kill()
        self.wire.open.set()


def settled(code: str, used: Usage) -> Settled:
    return Settled("yes", used, 0.1, code, finish="" if code else "stop")


async def life(world: World) -> None:
    """Workers come, are killed or cut off, and come again; a last one has all the time."""
    chance = world.chance
    host = world.host()
    await asyncio.sleep(chance.uniform(0, 1))
    for _ in range(chance.randrange(2, 12)):
        alive = [w for w in world.workers if not w.task.done()]
        what = chance.choice(["join", "join", "kill", "cut", "mend", "host"])
        if what == "join" and len(alive) < 6:
            Hand(world)
        elif what == "host" and host.task.done():
            host = world.host()
        elif alive and what in ("kill", "cut", "mend"):
            one = chance.choice(alive)
            if what == "kill":
                one.kill()
            elif what == "cut":
                one.cut()
            else:
                one.mend(lost=chance.random() < 0.3)
        await asyncio.sleep(chance.choice([0.05, 0.5, 5.0]))
    for worker in world.workers:
        if chance.random() < 0.5:
            worker.mend(lost=False)
    await over(w for w in world.workers if w.wire.open.is_set())
    last = world.host()
    await over([last])
    world.ends["last " + last.word] += 1
    for worker in world.workers:  # who was cut off all the time finds that its lease is lost
        worker.mend(lost=False)
    await over(world.workers)


async def over(workers: Iterable[Hand]) -> None:
    """Waits for processes; what went wrong in one fails the test."""
    tasks = [worker.task for worker in workers]
    if tasks:
        _, waiting = await asyncio.wait(tasks, timeout=LONG)
        assert not waiting, "somebody never comes to an end"
    for task in tasks:
        if not task.cancelled():
            task.result()


def ended(world: World) -> None:
    """What holds in the end."""
    outcomes = Counter(
        o for (o,) in world.connection.execute("SELECT outcome FROM claim WHERE state = 2")
    )
    assert sum(outcomes.values()) == len(world.items), f"seed {world.seed}: {outcomes}"
    if outcomes["done"] < len(world.items):
        used = world.connection.execute("SELECT SUM(used_calls) FROM lease").fetchone()[0]
        assert used == world.limit, f"seed {world.seed}: {used} of {world.limit}, {outcomes}"


@pytest.fixture
def worlds(seeds: range) -> range:
    """Fewer of these than of single runs: each has several processes."""
    return seeds if len(seeds) != 500 else range(500 // DIVISOR)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(WORLDS))
def test_workers_share_a_budget_and_lose_nothing(worlds: range, part: int) -> None:
    ends = Counter[str]()
    for seed in worlds[part::WORLDS]:
        world = World(seed)
        try:
            world.loop.run_until_complete(life(world))
            ended(world)
        finally:
            forget(world.loop)
        ends += world.ends
        world.connection.close()
    print(dict(ends))
    assert len(worlds) < 100 or {"last done", "lease-lost"} <= set(ends), ends
