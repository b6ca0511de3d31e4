"""Called from somebody's program: its loop, its signals, its threads and its forks stay its own."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.testing import ScriptedEngine
from tests.servers import chat_server, completion

ECHO = """rlm 1
prompt note(line: Text) -> Text "Note."
recipe notes(rows: [Text]) -> Text {
  let said = map rows with note()
  return join_text(said)
}
"""
SUBMIT = "```python\nSUBMIT('bees')\n```"


@pytest.fixture
def notes(folder: Path) -> Path:
    path = folder / "notes.rlm"
    path.write_text(ECHO)
    return path


def echo(path: Path | str, *rows: str, **more: Any) -> Any:
    engine = ScriptedEngine(lambda task: task.inputs["line"].upper())
    return rlmlang.run(path, engine=engine, values={"rows": list(rows)}, **{"store": None, **more})


def bees(task: Any) -> str:
    return SUBMIT if "turn" in task.inputs else "bees"


def handlers() -> list[Any]:
    return [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]


@pytest.mark.parametrize(
    ("plain", "awaited"),
    [
        (rlmlang.run, rlmlang.arun),
        (rlmlang.plan_recipe, rlmlang.aplan),
        (rlmlang.completion, rlmlang.acompletion),
        (rlmlang.completion, rlmlang.astream),
        (rlmlang.tune_recipe, rlmlang.atune),
        (rlmlang.Outcome.fork, rlmlang.Outcome.afork),
    ],
)
def test_an_awaited_call_takes_what_the_plain_one_takes(plain: Any, awaited: Any) -> None:
    assert inspect.signature(plain).parameters == inspect.signature(awaited).parameters


def test_the_face_shows_what_there_is() -> None:
    wanted = {
        "run",
        "completion",
        "acompletion",
        "plan_recipe",
        "check_recipe",
        "tune_recipe",
        "CodedError",
        "BadRecipe",
        "Outcome",
        "Completion",
    }
    assert wanted <= set(dir(rlmlang))
    assert all(getattr(rlmlang, name) for name in rlmlang.__all__)


def test_a_bad_recipe_says_where_it_is_bad(folder: Path) -> None:
    (folder / "bad.rlm").write_text(ECHO.replace("with note()", "with noet()"))
    with pytest.raises(rlmlang.BadRecipe) as bad:
        rlmlang.run(folder / "bad.rlm", values={"rows": ["a"]})
    assert "noet" in str(bad.value)
    assert "bad.rlm:4" in str(bad.value)


def test_a_loop_may_be_running(notes: Path) -> None:
    async def cell() -> tuple[Any, Any]:
        return echo(notes, "a", "b").result, str(
            rlmlang.completion("Who?", "Bees.", engine=ScriptedEngine(bees), store=None)
        )

    assert asyncio.run(cell()) == ("A\nB", "bees")


def test_handlers_stay_and_none_is_installed(notes: Path) -> None:
    during: list[list[Any]] = []

    def script(task: Any) -> str:
        during.append(handlers())
        return "x"

    def mine(*_: Any) -> None:
        """The program's own."""

    before = handlers()
    signal.signal(signal.SIGTERM, mine)
    try:
        mines = handlers()
        rlmlang.run(notes, engine=ScriptedEngine(script), values={"rows": ["a"]}, store=None)
        assert during == [mines]
        assert handlers() == mines
    finally:
        signal.signal(signal.SIGTERM, before[1])


def test_handlers_of_a_loop_stay() -> None:
    async def server() -> None:
        heard = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, heard.set)
        await rlmlang.acompletion("Who?", "Bees.", engine=ScriptedEngine(bees), store=None)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(heard.wait(), 10)

    asyncio.run(server())


@pytest.mark.parametrize("way", ["cancel", "wait_for", "timeout"])
def test_cancellation_passes_and_what_was_sent_stays_charged(folder: Path, way: str) -> None:
    (folder / "bees.txt").write_text("Bees.")
    gate, asked = threading.Event(), threading.Event()

    def answer(body: Any) -> Any:
        asked.set()
        gate.wait(30)
        return completion(f"[[ ## code ## ]]\n{SUBMIT}\n\n[[ ## completed ## ]]")

    def ask(base: str) -> Any:
        return rlmlang.acompletion(
            "Who?", Path("bees.txt"), model="openai/gpt-4o-mini", api_base=base
        )

    async def cancelled(base: str) -> None:
        task = asyncio.create_task(ask(base))
        await asyncio.to_thread(asked.wait, 30)
        with pytest.raises(asyncio.CancelledError if way == "cancel" else TimeoutError):
            await ended(task)

    async def ended(task: asyncio.Task[Any]) -> Any:
        if way == "wait_for":
            return await asyncio.wait_for(task, 0.01)
        if way == "cancel":
            task.cancel()
            return await task
        async with asyncio.timeout(0.01):
            return await task

    with chat_server(answer) as server:
        os.environ["OPENAI_API_KEY"] = "sk-none"
        try:
            asyncio.run(cancelled(server.base))
            assert not gate.is_set()
            gate.set()
            found = asyncio.run(ask(server.base))
            assert (str(found), found.usage.calls) == ("bees", 2)
        finally:
            gate.set()
            del os.environ["OPENAI_API_KEY"]
        assert len(server.requests) == 2


INTERRUPTED = """
import os, signal, sys, atexit, threading
from pathlib import Path
import rlmlang
from tests.servers import chat_server, field

def answer(body):
    if len(server.requests) == 2:
        os.kill(os.getpid(), signal.{signal})
    return field("x")

{handler}
atexit.register(print, "atexit ran", flush=True)
given = dict(values={{"rows": list("abcdefgh")}}, models=("openai/gpt-4o-mini",), parallel=1)
with chat_server(answer) as server:
    try:
        rlmlang.run(Path("notes.rlm"), api_base=server.base, **given)
        print("went on")
    except BaseException as raised:
        print(type(raised).__name__)
    finally:
        print("finally ran")
    assert len(server.requests) < 8
    outcome = rlmlang.run("notes.rlm", api_base=server.base, **given)
    print(outcome.problem, outcome.resumed, outcome.usage.calls, len(server.requests))
"""


@pytest.mark.parametrize(
    ("name", "handler", "raised"),
    [
        ("SIGINT", "", "KeyboardInterrupt"),
        ("SIGTERM", "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))", "SystemExit"),
    ],
)
def test_what_a_handler_raises_is_raised_and_nothing_is_paid_twice(
    notes: Path, name: str, handler: str, raised: str
) -> None:
    ran = script(INTERRUPTED.format(signal=name, handler=handler))
    lines = ran.stdout.splitlines()
    assert lines == [raised, "finally ran", "None True 8 8", "atexit ran"], ran.stderr
    assert ran.returncode == 0


FORKED = """
import multiprocessing, os
import rlmlang
from rlmlang.testing import ScriptedEngine

def ask(number):
    engine = ScriptedEngine(lambda t: "```python\\nSUBMIT('bees')\\n```" if "turn" in t.inputs else "x")
    return str(rlmlang.completion(f"Who {number}?", "Bees.", engine=engine))

print(ask(0))
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(ask, [1, 2]), flush=True)
child = os.fork()
if not child:
    print(ask(3), flush=True)
    inner = os.fork()
    if not inner:
        print(ask(4), flush=True)
        os._exit(0)
    os.waitpid(inner, 0)
    os._exit(0)
os.waitpid(child, 0)
print(ask(5))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_after_a_call_may_call(folder: Path) -> None:
    ran = script(FORKED)
    assert ran.stdout.splitlines() == ["bees", "['bees', 'bees']", "bees", "bees", "bees"], (
        ran.stderr
    )


def script(code: str) -> subprocess.CompletedProcess[str]:
    """A program of somebody's."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OPENAI_API_KEY": "sk-none"}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=100,
        env=env,
    )


def test_threads_may_call_at_once(notes: Path) -> None:
    def one(number: int) -> Any:
        return echo(notes, f"a{number}", "b", store=Path("store.db")).result

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(16))) == [f"A{n}\nB" for n in range(16)]


def test_an_engine_may_call_again(notes: Path) -> None:
    outer = ScriptedEngine(lambda task: echo(notes, task.inputs["line"], "z").result)
    assert rlmlang.run(notes, engine=outer, values={"rows": ["a"]}, store=None).result == "A\nZ"


def test_what_does_not_begin_leaves_nothing_open(notes: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(rlmlang.CodedError):
        rlmlang.run(notes, values={"rows": ["a"]}, models=("openai/gpt-4o-mini",))
    assert set(threading.enumerate()) <= before


def test_the_second_interrupt_does_not_wait_for_what_is_on_its_way() -> None:
    from rlmlang.loop_thread import LoopThread

    heard: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    def stop() -> None:
        heard.append("stop")
        os.kill(os.getpid(), signal.SIGINT)

    with LoopThread() as loop:
        loop.loop.call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            loop.finish(work(), stop)
    assert heard == ["stop", "cancelled"]
