"""Servers that answer one request after another, in a world whose clock moves only when all wait."""

from __future__ import annotations

import asyncio
import io
import random
from pathlib import Path
from typing import Any

import pytest
from dspy import lm15
from dspy.lm15 import Request, Response
from rich.console import Console

from rlmlang.report.receipt import receipt_view
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome, Prepared
from rlmlang.runtime.session import Session
from rlmlang.stores.opening import memory_store
from tests.laws.test_simulation import Clock, forget, said

RECIPE = """rlm 1

prompt note(page: Slice) -> Text { task: "Say what the page holds." retry <= 1 }

recipe notes(book: Text) -> [Text] {
  return map (split book by lines(per: 1)) with note()
}
"""
LINES, TAKES, TIMEOUT, PARALLEL = 28, 2.0, 8.0, 16
HERE, ELSEWHERE = "http://localhost:8000/v1", "https://llm.example.com/v1"


class Slots:
    """A server that works on `slots` requests at a time, each for so many seconds. Of one that its
    client has given up it computes the answer all the same where it `goes_on`."""

    def __init__(self, endpoint: str, slots: int, goes_on: bool) -> None:
        self.endpoint, self.goes_on = endpoint, goes_on
        self.free = asyncio.Semaphore(slots)
        self.asked = self.flying = self.most = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def complete(self, request: Request) -> Response:
        self.asked += 1
        self.flying += 1
        self.most = max(self.most, self.flying)
        work = asyncio.create_task(self.work())
        self.tasks.add(work)
        try:
            async with asyncio.timeout(TIMEOUT):
                await (asyncio.shield(work) if self.goes_on else work)
        except TimeoutError:
            raise lm15.TimeoutError(f"no answer within {TIMEOUT:g} s") from None
        finally:
            self.flying -= 1
        return said(request, "[[ ## result ## ]]\na note\n\n[[ ## completed ## ]]")

    async def work(self) -> None:
        async with self.free:
            await asyncio.sleep(TAKES)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder: Path = tmp_path_factory.mktemp("slow")
    (folder / "notes.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("".join(f"line {i}\n" for i in range(LINES)))
    options = Options(
        sources={"book": str(folder / "book.txt")},
        parallel=PARALLEL,
        timeout=TIMEOUT,
        store=None,
    )
    return prepare(str(folder / "notes.rlm"), options, need_all=True)


def ran(ready: Prepared, endpoint: str, slots: int, goes_on: bool) -> tuple[Outcome, Slots, float]:
    """The outcome of a run against such a server, the server, and the seconds that it took there."""
    loop = Clock()

    async def run() -> tuple[Outcome, Slots]:
        server = Slots(endpoint, slots, goes_on)
        session = Session(ready, engine=server, store=memory_store())
        made: Any = session.models
        made.engines.chance = random.Random(1)
        return await session.run(), server

    try:
        outcome, server = loop.run_until_complete(run())
        return outcome, server, loop.now
    finally:
        forget(loop)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("goes_on", [False, True], ids=["cancels", "goes on"])
@pytest.mark.parametrize("endpoint", [HERE, ELSEWHERE])
@pytest.mark.parametrize("slots", [1, 2, 16])
def test_a_slow_server_is_asked_as_it_answers(
    ready: Prepared, endpoint: str, slots: int, goes_on: bool
) -> None:
    outcome, server, took = ran(ready, endpoint, slots, goes_on)
    assert outcome.result == ["a note"] * LINES
    worst = ready.plan.totals.worst.calls.value()
    assert outcome.usage.calls == server.asked <= worst
    assert outcome.unanswered == server.asked - LINES
    for notice in outcome.notices:
        assert notice.code == "model-slow"
        assert "--timeout" in notice.message
        assert "--parallel" in notice.message
    assert len(outcome.notices) == (outcome.unanswered > 0)
    if endpoint == HERE:
        assert outcome.unanswered <= 4
    shown = Console(file=io.StringIO(), width=200)
    shown.print(
        receipt_view(
            outcome.run, outcome.receipt, outcome.usage, 1.0, unanswered=outcome.unanswered
        )
    )
    assert isinstance(shown.file, io.StringIO)
    assert ("brought no answer" in shown.file.getvalue()) == (outcome.unanswered > 0)
