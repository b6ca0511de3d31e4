"""A loaded recipe in somebody's program: it says nothing but by `logging`, and its threads, loop,
forks and cancellation are the program's own."""

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from tests.conftest import ROOT
from tests.program.onlooking import MODEL, RECIPE, TICKETS, answers
from tests.program.rules import rule_lm
from tests.program.test_module import RECIPE as SORT
from tests.program.test_module import TWO, gold
from tests.servers import Server, chat_server, field


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with chat_server(answers()) as found:
        yield found


def test_notes_go_to_the_log_and_nowhere_else(
    server: Server,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    given: Any = {"model": MODEL, "api_base": server.base, "store": tmp_path / "runs.db"}
    with caplog.at_level(logging.INFO, "rlmlang"):
        found = rlmlang.load(RECIPE, **given)(tickets=TICKETS)
    assert {r.name for r in caplog.records} == {"rlmlang.runtime.logged"}
    assert f"{found.run}: {MODEL} waits" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_where_nobody_logs(server: Server, tmp_path: Path) -> None:
    code = (
        "import rlmlang; from tests.program.onlooking import *\n"
        f"asked_ = rlmlang.load(RECIPE, model=MODEL, api_base={server.base!r}, store='runs.db')\n"
        "asked_(tickets=TICKETS)"
    )
    path = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-none", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_eight_threads_of_three_runs(tmp_path: Path) -> None:
    find = rlmlang.load(SORT, model=rule_lm(gold), store=tmp_path / "runs.db")
    with ThreadPoolExecutor(8) as pool:
        tickets = [f"guest! {n}" if n % 2 else f"nobody {n}" for n in range(24)]
        found = list(pool.map(lambda ticket: find(ticket=ticket), tickets))
    assert [p.result for p in found] == ["plain", "gold"] * 12
    assert len({p.run for p in found}) == 24


def test_fifty_at_a_time_in_a_running_loop_share_a_store(tmp_path: Path) -> None:
    lm = rule_lm(gold)
    find = rlmlang.load(SORT, model=lm, store=tmp_path / "runs.db")

    async def served() -> list[Any]:
        return await asyncio.gather(*(find.acall(ticket=f"guest! {n}") for n in range(50)))

    found = asyncio.run(served())
    assert [p.result for p in found] == ["gold"] * 50
    assert sum(p.usage.calls for p in found) == 50
    assert sum(p.usage.calls for p in asyncio.run(served())) == 0


def test_a_call_that_is_out_of_time_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    gate, reached = threading.Event(), threading.Event()

    def answer(body: dict[str, Any]) -> Any:
        reached.set()
        gate.wait(60)
        return field("gold")

    async def called(find: Any) -> None:
        task = asyncio.create_task(find.acall(ticket="guest!"))
        await asyncio.to_thread(reached.wait, 30)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await task

    with chat_server(answer) as server:
        asyncio.run(called(rlmlang.load(SORT, model=MODEL, api_base=server.base, store=None)))
        assert not gate.is_set()
        gate.set()


POOLED = """
import multiprocessing, os, sys
import rlmlang
from tests.program.test_host import SORT

def label(ticket):
    return rlmlang.load(SORT, model="offline/reader", store="runs.db")(ticket=ticket).result

if __name__ == "__main__":
    first = label("a ticket")
    for way in ("fork", "spawn"):
        with multiprocessing.get_context(way).Pool(2) as pool:
            assert pool.map(label, ["a ticket"] * 4) == [first] * 4, way
    if (child := os.fork()) == 0:
        os._exit(label("a ticket") != first)
    sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_a_fork_and_pools_of_processes_may_call(tmp_path: Path) -> None:
    (tmp_path / "pooled.py").write_text(POOLED)
    path = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "pooled.py"],
        cwd=tmp_path,
        env=path,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


class Story(BaseCallback):  # type: ignore[misc]
    """Everything that happens, in its order."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, name: str) -> Callable[..., None]:
        return lambda call_id, instance, inputs: self.said.append(
            f"{name} {type(instance).__name__}"
        )

    def end(self, name: str) -> Callable[..., None]:
        return lambda call_id, outputs, exception=None: self.said.append(f"end {name}")

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("on_"):
            what = name.removeprefix("on_").rpartition("_")
            return self.start(what[0]) if what[2] == "start" else self.end(what[0])
        return super().__getattribute__(name)


def test_callbacks_come_in_order_with_those_of_an_adapter() -> None:
    story = Story()
    module = rlmlang.load(TWO, model=rule_lm(gold), store=None)
    with dspy.context(callbacks=[story], adapter=dspy.ChatAdapter()):
        module(ticket="guest!")

    def asked(step: str) -> list[str]:
        adapter = ["adapter_format ChatAdapter", "end adapter_format"]
        parsed = ["adapter_parse ChatAdapter", "end adapter_parse"]
        return [f"module {step}", *adapter, "lm LM", "end lm", *parsed, "end module"]

    assert story.said == ["module route", *asked("label"), *asked("why"), "end module"]


def test_history_can_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    find = rlmlang.load(SORT, model=rule_lm(gold), store=None)
    find(ticket="guest! at the door")
    find.inspect_history(n=1)
    shown = capsys.readouterr().out
    assert "guest! at the door" in shown and "gold" in shown


def test_streamify_ends_with_the_prediction() -> None:
    find = rlmlang.load(SORT, model=rule_lm(gold), store=None)

    async def streamed() -> list[Any]:
        return [part async for part in dspy.streamify(find)(ticket="guest!")]

    *_, last = asyncio.run(streamed())
    assert isinstance(last, dspy.Prediction) and last.result == "gold"


def test_an_error_comes_out_of_a_pool_as_it_is(tmp_path: Path) -> None:
    find = rlmlang.load(SORT, model="none/such", store=None)
    with pytest.raises(CodedError) as found:
        find(ticket="a ticket")
    again = pickle.loads(pickle.dumps(found.value))
    assert (str(again), again.diagnostic) == (str(found.value), found.value.diagnostic)
    with pytest.raises(rlmlang.BadRecipe) as bad:
        rlmlang.load("rlm 1\nrecipe a() -> Text { return b }")
    assert str(pickle.loads(pickle.dumps(bad.value))) == str(bad.value)
