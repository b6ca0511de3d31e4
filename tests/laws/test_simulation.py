"""Whole runs in a world of their own: time, chance, provider and disk follow from a seed.

The event loop's clock stands still but for the moments when everybody waits; then it jumps to the
next timer. Nothing runs in a thread. A seed that fails fails again: `--seeds 17` runs that one,
`--seeds 0:10000` that many.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from dspy import lm15
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime import beginning
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Prepared
from rlmlang.runtime.session import Session
from rlmlang.stores.journal import Memory
from rlmlang.stores.opening import memory_store
from rlmlang.stores.problems import unwritable
from rlmlang.stores.rows import Batch
from rlmlang.stores.runs import RunRow
from rlmlang.stores.store import Store

RECIPE = """rlm 1

prompt note(page: Slice) -> Text { task: "Say what the page holds." retry <= 1 }
prompt merge(notes: [Text]) -> Text { task: "Join the notes." retry <= 1 }

recipe find(book: Text) -> Text {
  budget { calls <= 400 }
  let notes = map (split book by lines(per: 1)) with note()
  return reduce notes with merge() { fanin: 3 }
}
"""
LINES, PARTS = 12, 4


async def at_once(work: Callable[..., Any], *given: Any, **how: Any) -> Any:
    """Does what else a thread would do, whose order nobody could repeat."""
    return work(*given)


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while nothing can be done, and that has no threads."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select

        def jump(timeout: float | None) -> Any:
            if timeout is None:
                raise DeadlockError("everybody waits for somebody")
            self.now += timeout
            return select(0)

        self._selector.select = jump

    def time(self) -> float:
        return self.now

    def run_until_complete(self, future: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(anyio.to_thread, "run_sync", at_once)
            return super().run_until_complete(future)


class DeadlockError(AssertionError):
    """Nobody can go on."""


class PowerCut(SystemExit):
    """The process is gone."""


class Disk(Memory):
    """Commits groups after a while; what was not committed when the power goes is gone. A full
    disk keeps nothing of a group."""

    def __init__(self, connection: sqlite3.Connection | None, chance: random.Random) -> None:
        super().__init__()
        if connection is not None:
            self.connection.close()
            self.connection = connection
        self.chance, self.waiting, self.full_after = chance, [], 10**9
        self.commits, self.broken = 0, None
        self.task: asyncio.Task[None] | None = None

    async def do(self, change: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        self._add(change, future)
        return await future

    def post(self, change: Any) -> None:
        self._add(change, None)

    def _add(self, change: Any, future: Any) -> None:
        self.waiting.append((change, future))
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        while self.waiting:
            await asyncio.sleep(self.chance.uniform(0.0001, 0.02))
            group, self.waiting = self.waiting, []
            self._commit(group)
        self.task = None

    def _commit(self, group: list[Any]) -> None:
        self.commits += 1
        if self.commits > self.full_after and self.broken is None:
            self.broken = unwritable("disk", OSError("No space left on device"))
        if self.broken is not None:
            for _, future in group:
                if future is not None and not future.done():
                    future.set_exception(self.broken)
            return
        self.connection.execute("BEGIN")
        batch = Batch(self.connection, shared=False)
        results = [change(batch) for change, _ in group]
        batch.flush()
        self.connection.execute("COMMIT")
        for (_, future), result in zip(group, results, strict=True):
            if future is not None and not future.done():
                future.set_result(result)

    def wait(self, change: Any) -> Any:
        if self.broken is not None:
            raise self.broken
        group, self.waiting = self.waiting, []
        self._commit(group)
        return super().wait(change)

    def close(self) -> None:
        """The disk outlives the process."""
        group, self.waiting = self.waiting, []
        self._commit(group)


class Provider:
    """Answers after a while, or not: faults, limits and outages by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.faults = chance.choice([0.0, 0.0, 0.2, 0.4])
        self.wide = chance.choice([3, 8, 100])
        self.slow = chance.choice([0.05, 1.0, 20.0])
        self.asked: Counter[str] = Counter()
        self.flying = self.cut_at = 0
        self.total = 0

    async def complete(self, request: Request) -> Response:
        self.total += 1
        if self.total == self.cut_at:
            raise PowerCut
        text = request.messages[-1].text or ""
        self.asked[text] += 1
        self.flying += 1
        try:
            if self.flying > self.wide:
                raise lm15.RateLimitError(
                    "slow", status=429, retry_after=self.chance.choice([None, 0.0, 0.5, 3.0])
                )
            await asyncio.sleep(self.chance.uniform(0, self.slow))
            if self.chance.random() < self.faults:
                raise self.chance.choice(
                    [
                        lm15.ServerError("500", status=500),
                        lm15.TimeoutError("late"),
                        lm15.TransportError("cut"),
                        lm15.ServerError("garbage"),
                    ]
                )
        finally:
            self.flying -= 1
        return said(request, f"[[ ## result ## ]]\n<{len(text)}>\n\n[[ ## completed ## ]]")


def said(request: Request, text: str) -> Response:
    return Response(
        id=None,
        model=request.model,
        message=Message.assistant([TextPart(text)]),
        finish_reason="stop",
        usage=Usage(input_tokens=3, output_tokens=2),
    )


class World:
    """One seed: the disk and the provider stay, processes come and go."""

    def __init__(self, ready: Prepared, seed: int) -> None:
        self.ready, self.chance = ready, random.Random(seed)
        self.connection: sqlite3.Connection | None = None
        self.ends: Counter[str] = Counter()
        self.provider = Provider(self.chance)
        self.limit = ready.recipe.budget.calls or 0

    def process(self, *, cut: bool, full: bool) -> Any:
        """One process from its start to its end, of whatever kind; the outcome, if there is one."""
        disk = Disk(self.connection, self.chance)
        self.connection = disk.connection
        if full:
            disk.full_after = self.chance.randrange(1, 30)
        self.provider.cut_at = self.provider.total + self.chance.randrange(1, 25) if cut else 0
        self.provider.flying = 0
        loop = Clock()
        try:
            run = Session(
                self.ready, engine=self.provider, store=Store(disk, disk.connection, None)
            )
            run.models.engines.chance = self.chance
            watched = loop.create_task(self._watch(run))
            return loop.run_until_complete(watched)
        except PowerCut:
            self.ends["cut"] += 1
            return None
        except CodedError as problem:
            return problem
        finally:
            forget(loop)

    async def _watch(self, run: Session) -> Any:
        for account in (run.account,):
            reserve = account.reserve

            def checked(worst: Any) -> Any:
                got = reserve(worst)
                assert account.spent.calls + account.reserved.calls <= self.limit
                return got

            account.reserve = checked
        outcome = await run.run()
        self.ends[outcome.problem.diagnostic.code if outcome.problem else "fine"] += 1
        assert run.account.reserved.calls == 0, "something was reserved and never settled"
        assert outcome.usage.calls <= self.limit
        return outcome

    def rows(self) -> list[tuple[int, bytes]]:
        return self.connection.execute("SELECT state, key FROM call").fetchall()


def forget(loop: Clock) -> None:
    """A process that is gone cleans nothing up."""
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False
    loop._ready.clear()
    heapq.heapify(loop._scheduled)
    loop._scheduled.clear()
    loop.close()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder: Path = tmp_path_factory.mktemp("world")
    (folder / "find.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("".join(f"line {'x' * i}\n" for i in range(LINES)))
    options = Options(sources={"book": str(folder / "book.txt")}, parallel=6, store=None)
    return prepare(str(folder / "find.rlm"), options, need_all=True)


def wanted(ready: Prepared) -> Any:
    """The result in a world without trouble."""
    world = World(ready, 0)
    world.provider.faults, world.provider.wide, world.provider.slow = 0.0, 100, 0.05
    return world.process(cut=False, full=False).result


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(PARTS))
def test_every_world_ends_well(ready: Prepared, seeds: range, part: int) -> None:
    seeds = seeds[part::PARTS]
    result, ends = wanted(ready), Counter[str]()
    for seed in seeds:
        world = World(ready, seed)
        answered: set[bytes] = set()
        for life in range(40):
            outcome = world.process(
                cut=life < 6 and world.chance.random() < 0.7,
                full=life < 3 and world.chance.random() < 0.2,
            )
            rows = world.rows()
            kept = {key for state, key in rows if state == 1}
            assert answered <= kept, f"seed {seed}: an answer is lost"
            twice = [k for k, n in Counter(k for s, k in rows if s == 1).items() if n > 1]
            assert not twice, f"seed {seed}: an answer was paid twice"
            answered = kept
            sent = sum(1 for state, _ in rows if state < 3)
            assert world.provider.total <= sent <= world.limit, f"seed {seed}"
            if getattr(outcome, "problem", outcome) is None and outcome is not None:
                break
        else:
            raise AssertionError(f"seed {seed}: never came to its end")
        assert outcome.result == result, f"seed {seed}"
        again = world.process(cut=False, full=False)
        assert (again.result, again.now.calls) == (result, 0), f"seed {seed}"
        ends += world.ends
        world.connection.close()
    print(dict(ends))
    assert len(seeds) < 100 or {"cut", "fine", "store-unwritable"} <= set(ends), ends


@pytest.mark.filterwarnings("ignore")
def test_runs_that_draw_the_same_name_lose_nothing(
    ready: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "new_run", lambda name: f"20260101-000000-{name}-0000")
    test_every_world_ends_well(ready, range(4, 12), 0)
    store = memory_store()
    names = [
        store.begin(RunRow(0, "drawn", identity), fresh=True).name for identity in (b"a", b"b")
    ]
    assert names == ["drawn", "drawn-2"]
    rows = store.journal.connection.execute("SELECT name FROM run ORDER BY id").fetchall()
    assert [name for (name,) in rows] == names


@pytest.mark.filterwarnings("ignore")
def test_one_item_that_never_comes_back_does_not_stop_the_others(ready: Prepared) -> None:
    world = World(ready, 1)
    world.provider.faults, world.provider.wide, world.provider.slow = 0.0, 100, 0.05
    complete = world.provider.complete

    async def answer(request: Request) -> Response:
        if "line xxx\n" in (request.messages[-1].text or ""):
            world.provider.total += 1
            raise lm15.ServerError("boom", status=500)
        return await complete(request)

    world.provider.complete = answer
    outcome = world.process(cut=False, full=False)
    assert outcome.problem.diagnostic.code == "model-failed"
    assert "notes[3]" in outcome.problem.diagnostic.message
    sent = Counter(key for _, key in world.rows())
    assert sorted(sent.values())[-2:] == [1, 8]  # eight times this one, once all others
