"""The fuller sandboxes: a lost process comes back, a cell moves to it, nothing is asked again."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rlmlang import plugins
from rlmlang.context import TextDocument, whole
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.cpython import Zygote
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.process import ProcessSandbox
from rlmlang.schema.sandboxes import TIERS
from tests.sandboxes.sessions import CPYTHON, MONTY, every, model, run, submitted
from tests.sandboxes.test_monty import BIG

BOTH = (*MONTY, *CPYTHON)
FULL = every("monty", "bubblewrap")
INHERITS = """class Base:
    def show(self):
        return "base"
class Child(Base):
    def show(self):
        return super().show() + " child: " + llm_query("last") + " / " + best
print(Child().show())"""


class Paid:
    """A model that numbers its answers, so that a second asking would be seen."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
        self.asked += map(str, prompts)
        return [f"answer {len(self.asked)} to {p}" for p in prompts]


@pytest.mark.parametrize("tier", FULL)
def test_a_cell_moves_to_the_fuller_sandbox_and_nothing_is_asked_again(
    tier: tuple[str, ...],
) -> None:
    paid = Paid()
    ran = run(
        {"x": 1},
        "notes = [llm_query(f'chunk {i}') for i in range(3)]\nprint(len(notes))",
        "best = notes[-1]\n1 / 0",
        INHERITS,
        "print(best, x)",
        query=paid,
        tier=(*MONTY, *tier),
    )
    assert ran[0].output == "3\n"
    assert "ZeroDivisionError" in ran[1].error
    assert ran[2].output.endswith("base child: answer 4 to last / answer 3 to chunk 2\n")
    assert "moved" in ran[2].output
    assert ran[3].output == "answer 3 to chunk 2 1\n"
    assert paid.asked == ["chunk 0", "chunk 1", "chunk 2", "last"]


def test_a_cell_that_needs_pandas_moves_where_it_may_and_says_what_is_lacking_where_not() -> None:
    needs = "import pandas as pd\nprint(pd.DataFrame({'a': [1, 2]}).shape)"
    (alone,) = run({"x": 1}, needs, tier=MONTY)
    assert alone.kind == "unsupported"
    assert "No module named 'pandas'" in alone.error
    assert "Not in this Python" in alone.error
    (moved,) = run({"x": 1}, needs, tier=(*MONTY, *CPYTHON))
    there = importlib.util.find_spec("pandas") is not None
    assert moved.output == "[moved to a fuller Python]\n" + ("(2, 1)\n" if there else "")
    assert there or "No module named 'pandas'" in moved.error


WAIT = "import threading\nover = threading.Event()\n"
BEGIN = "threads = [threading.Thread(target=over.wait) for _ in range(3)]\n[t.start() for t in threads]\n"


def test_threads_that_cells_leave_behind_are_counted_and_end_with_the_session() -> None:
    said = "still running; what is running ends with the session]\n"
    ran = run(
        {"x": 1},
        f"{WAIT}{BEGIN}print('begun', end='')",
        "print('later')",
        "over.set()\n[t.join() for t in threads]",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n1 / 0",
        tier=CPYTHON,
    )
    assert [found.output for found in ran] == [
        f"begun\n[3 threads are {said}",
        f"later\n[3 threads are {said}",
        "",
        f"[1 thread is {said}",
    ]
    assert "ZeroDivisionError" in ran[3].error


def threads_of(process: int) -> int:
    tasks = Path(f"/proc/{process}/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 0


def test_no_thread_outlives_its_session() -> None:
    async def main() -> None:
        zygote = Zygote(TIERS["cpython"])
        sandbox = zygote.session(Handles(plugins.partition, Estimate()), Caps())
        await sandbox.open({}, {}, submitted)
        await sandbox.run(WAIT + BEGIN)
        assert sandbox.link is not None
        child = sandbox.link.child
        assert threads_of(child) == 4
        await sandbox.close()
        assert threads_of(child) == 0
        await zygote.close()

    asyncio.run(main())


def test_what_a_refused_cell_had_asked_is_not_asked_again() -> None:
    paid = Paid()
    ran = run(
        {"x": 1},
        "a = llm_query('one')\nimport threading\nb = llm_query('two')\nprint(a, b)",
        query=paid,
        tier=BOTH,
    )
    assert ran[0].output.endswith("answer 1 to one answer 2 to two\n"), ran
    assert paid.asked == ["one", "two"]


@pytest.mark.parametrize("tier", FULL)
def test_a_lost_process_comes_back_as_it_was_and_is_not_paid_again(tier: tuple[str, ...]) -> None:
    paid = Paid()
    ran = run(
        {"x": 1},
        "a = [llm_query('one')]",
        "import os; os._exit(3)",
        "print(a, x)",
        query=paid,
        tier=tier,
    )
    assert (ran[1].kind, ran[1].fresh) == ("crash", True)
    assert ran[2].output == "['answer 1 to one'] 1\n"
    assert paid.asked == ["one"]


@pytest.mark.parametrize("tier", every())
def test_handles_say_the_same_in_every_tier(tier: tuple[str, ...]) -> None:
    log = whole(TextDocument("log.txt", BIG.encode()))
    (ran,) = run(
        {"log": log},
        """
pieces = log.split(max=200_000)
hits = log.search(r"number (59\\d98)", max=2)
print(len(log), log[:6], log[-7:-1], "nobody" in log, len(pieces), len(pieces[1]), pieces[1][:4])
print([h["groups"] for h in hits], log.lines(3, 4), log.count("user3"), log.find("user3"))
print(sum(1 for line in log if "user6" in line), str(log)[:16])
""",
        tier=tier,
    )
    assert not ran.error, ran.error
    assert ran.output.splitlines()[1:] == [
        "[['59098'], ['59198']] ['000003 user3 says hello number 3'] 8571 106",
        f"8571 <Text log, {len(BIG)}"[:21],
    ]


def test_a_cell_that_computes_too_long_in_c_is_stopped_from_outside() -> None:
    code = "import signal\nsignal.signal(signal.SIGVTALRM, signal.SIG_IGN)\nwhile True: pass"
    ran = run({"x": 1}, "y = 5", code, "print(x, y)", caps=Caps(cpu=0.3), tier=CPYTHON)
    assert "computing" in ran[1].error
    assert ran[1].fresh
    assert ran[2].output == "1 5\n"


@pytest.mark.parametrize("tier", every())
def test_dspys_own_rlm_runs_in_every_tier(tier: tuple[str, ...]) -> None:
    """DSPy's own RLM, with a scripted model: inputs, tools, sub-calls, errors, typed answers."""
    dspy = pytest.importorskip("dspy")
    from dspy.primitives.code_interpreter import CodeInterpreter

    import rlmlang
    from rlmlang.testing import Raw, ScriptedEngine

    turns = iter(
        [
            "print(len(context)); context = context.upper()",
            "1 / 0",
            "print(look(3), llm_query('sub?'), context[:3])",
            "SUBMIT(answer=context[:5], count=len(context))",
        ]
    )
    seen: list[str] = []

    def script(task: Any) -> Any:
        if "repl_history" not in task.inputs:
            return Raw("a sub answer")
        seen.append(str(task.inputs))
        code = next(turns)
        return Raw(
            "[[ ## reasoning ## ]]\nthink\n\n[[ ## code ## ]]\n```python\n"
            + code
            + "\n```\n\n[[ ## completed ## ]]"
        )

    def look(n: int) -> int:
        return n * 2

    engine = ScriptedEngine(script)
    lm = dspy.LM(f"scripted/{tier[0]}", engine=Plain(engine), cache=False, num_retries=0)
    factory = rlmlang.interpreter_factory(tier[0])
    assert isinstance(factory(), CodeInterpreter)
    agent = dspy.RLM(
        "context, question -> answer: str, count: int", tools=[look], interpreter_factory=factory
    )
    with dspy.context(lm=lm, warn_on_type_mismatch=False):
        found = agent(context="hello world " * 1_000, question="what?")
    assert (found.answer, found.count) == ("HELLO", 12_000)
    said = "".join(seen)
    assert "ZeroDivisionError" in said and "6 a sub answer HEL" in said


def test_a_session_that_waits_for_one_below_gives_its_place_away() -> None:
    """One place, three sessions one below the other."""

    async def scene() -> list[Any]:
        origin = Zygote(TIERS["cpython"], sessions=1)

        async def down(prompts: list[Any], contexts: list[Any], deep: bool) -> list[Any]:
            return (
                [await one(int(p)) for p in prompts]
                if deep
                else await model(prompts, contexts, deep)
            )

        async def one(depth: int) -> Any:
            sandbox = ProcessSandbox(origin, Handles(plugins.partition, Estimate()), Caps())
            try:
                await sandbox.open({"depth": depth}, {"__query": down}, submitted)
                ran = await sandbox.run(
                    "SUBMIT([depth, *(rlm_query(str(depth - 1)) if depth else [])])"
                )
                return ran.value
            finally:
                await sandbox.close()

        try:
            return await asyncio.wait_for(asyncio.gather(one(3), one(2)), 60)
        finally:
            await origin.close()

    assert asyncio.run(scene()) == [[3, 2, 1, 0], [2, 1, 0]]


ENDLESS = """
import asyncio, sys
from rlmlang import plugins
from rlmlang.partitions.measure import Estimate
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.tiers import Tiers
async def main():
    sandbox = Tiers(plugins.partition, plugins.tier, Estimate()).sandbox((sys.argv[1],), Caps(cpu=300))
    await sandbox.open({}, {}, lambda values, fields: None)
    print(sandbox.inner.link.child, flush=True)
    await sandbox.run("while True: pass")
asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
@pytest.mark.parametrize("tier", FULL)
def test_no_session_outlives_a_killed_run(tier: tuple[str, ...]) -> None:
    run = subprocess.Popen([sys.executable, "-c", ENDLESS, *tier], stdout=subprocess.PIPE)
    assert run.stdout is not None
    session = os.pidfd_open(int(run.stdout.readline()))
    run.kill()
    run.wait()
    run.stdout.close()
    assert select.select([session], [], [], 20)[0], "the session lives on"
    os.close(session)


class Plain:
    """A scripted engine without an event loop, as DSPy's synchronous way wants it."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def __deepcopy__(self, memo: Any) -> Plain:
        return self

    def complete(self, request: Any) -> Any:
        import asyncio

        return asyncio.run(self.engine.complete(request))
