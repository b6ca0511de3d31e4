"""One budget for many runs: exact in threads and loops, and never charged twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.budget import Account, Limits, Reservation, Usage
from tests.provider import provider
from tests.servers import chat_server, completion, field

RECIPE = """rlm 1
prompt note(line: Text) -> Text max 8tok "Note."
recipe notes(rows: [Text]) -> [Text] {
  budget { usd <= 100.00 }
  return map rows with note()
}
"""
ONE = """rlm 1
prompt note(rows: Text) -> Text max 8tok "Note."
recipe notes(rows: Text max 100tok) -> Text { return note(rows) }
"""
MODEL = "openai/gpt-4o-mini"


@pytest.fixture(autouse=True)
def _key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")


def spent_of(problem: BaseException | None) -> bool:
    return isinstance(problem, rlmlang.CodedError) and problem.diagnostic.code == "budget-spent"


@pytest.fixture(params=["threads", "tasks", "both"])
def way(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def lines(number: int) -> list[str]:
    return [f"line {number}"]


def fifty(find: Any, way: str, given: Callable[[int], object] = lines) -> list[Any]:
    """Fifty calls at once; what each gave, or what stopped it."""

    def one(number: int) -> Any:
        try:
            return find(rows=given(number))
        except rlmlang.CodedError as problem:
            return problem

    async def tasks(numbers: range) -> list[Any]:
        calls = (find.acall(rows=given(n)) for n in numbers)
        return await asyncio.gather(*calls, return_exceptions=True)

    if way == "tasks":
        return asyncio.run(tasks(range(50)))
    with ThreadPoolExecutor(50) as pool:
        first = 0 if way == "threads" else 25
        threads = [pool.submit(one, n) for n in range(first, 50)]
        return [*asyncio.run(tasks(range(first))), *(t.result() for t in threads)]


def test_fifty_calls_at_once_spend_no_call_too_many(way: str) -> None:
    shared = rlmlang.SharedBudget(calls=20)
    with provider(latency=0.05) as server:
        find = rlmlang.load(
            RECIPE, model=MODEL, api_base=server.base, within=shared, store=Path("runs.db")
        )
        found = fifty(find, way)
        assert server.stats()["n"] == 20
        assert sum(spent_of(f) for f in found) == 30
        assert sum(f.usage.calls for f in found if not spent_of(f)) == 20
        assert (shared.spent.calls, shared.left.calls) == (20, 0)
        assert "20 calls is spent" in str(next(filter(spent_of, found)))

        more = rlmlang.SharedBudget(calls=30)
        again = rlmlang.load(
            RECIPE, model=MODEL, api_base=server.base, within=more, store=Path("runs.db")
        )
        assert not any(map(spent_of, fifty(again, way)))
        assert (server.stats()["n"], more.spent.calls) == (50, 30)


def test_who_does_not_fit_yet_waits_for_what_comes_back(way: str) -> None:
    """What fifty really cost fits, their worst cases together do not: none is refused."""
    with provider(latency=0.01) as server:
        given: dict[str, Any] = {"model": MODEL, "api_base": server.base, "store": None}
        plan = rlmlang.plan_recipe(ONE, values={"rows": "line 0"}, model=MODEL)
        worst = float(plan.totals.worst.usd.exact() or 0)
        one = rlmlang.load(ONE, **given)(rows="line 0")
        shared = rlmlang.SharedBudget(usd=worst + 50 * float(one.usage.usd))
        assert shared.limits.usd is not None and shared.limits.usd < 50 * worst
        found = fifty(rlmlang.load(ONE, **given, within=shared), way, "line {}".format)
        assert not any(map(spent_of, found))
        assert shared.spent.usd == 50 * one.usage.usd <= shared.limits.usd
        assert server.stats()["n"] == 51


def test_what_a_run_spent_before_is_not_charged_again() -> None:
    with chat_server(lambda body: field("x")) as server:
        given: dict[str, Any] = {
            "values": {"rows": ["a", "b", "c"]}, "model": MODEL, "api_base": server.base,
            "parallel": 1, "store": Path("runs.db"),
        }  # fmt: skip
        shared = rlmlang.SharedBudget(calls=2)
        first = rlmlang.run(RECIPE, within=shared, **given)
        assert spent_of(first.problem) and first.usage.calls == 2
        assert first.problem is not None and "SharedBudget" in first.problem.diagnostic.hint
        more = rlmlang.SharedBudget(calls=1)
        second = rlmlang.run(RECIPE, within=more, **given)
        assert (second.problem, second.resumed, second.usage.calls) == (None, True, 3)
        assert (more.spent.calls, len(server.requests)) == (1, 3)


def test_all_ways_to_call_share_one() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "## variables ##" not in str(body["messages"]):
            return field("x")
        return completion(
            "[[ ## code ## ]]\n```python\nSUBMIT('bees')\n```\n\n[[ ## completed ## ]]"
        )

    shared = rlmlang.SharedBudget(calls=3)
    with chat_server(answer) as server:
        how: dict[str, Any] = {"model": MODEL, "within": shared, "store": None}
        how["api_base"] = server.base
        rlmlang.run(RECIPE, values={"rows": ["a"]}, **how)
        asyncio.run(rlmlang.arun(RECIPE, values={"rows": ["b"]}, **how))
        assert str(rlmlang.completion("Who?", "Bees.", **how)) == "bees"
        assert shared.left.calls == 0
        with pytest.raises(rlmlang.CodedError, match="3 calls is spent"):
            rlmlang.completion("Who else?", "Bees.", **how)


def test_dollars_that_nobody_can_count_are_no_limit() -> None:
    shared = rlmlang.SharedBudget(usd=1)
    find = rlmlang.load(RECIPE, model="none/such", within=shared, api_base="https://x.example/v1")
    with pytest.raises(rlmlang.CodedError, match="price"):
        find(rows=["a"])


@pytest.mark.parametrize(
    "limits", [{}, {"calls": -1}, {"usd": float("nan")}, {"usd": float("inf")}, {"tokens": 1.5}]
)
def test_a_limit_that_is_none_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(rlmlang.CodedError) as found:
        rlmlang.SharedBudget(**limits)
    assert found.value.diagnostic.code == "wrong-input"


AMOUNTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(AMOUNTS, st.integers(0, 30))
def test_threads_below_one_account_never_pass_it(calls: list[tuple[int, int]], most: int) -> None:
    shared = Account("shared", Limits(calls=most), guard=threading.Lock())
    seen = list[int]()

    def one(call: tuple[int, int]) -> int:
        worst, used = max(call), min(call)
        got = Account("mine", parent=shared).reserve(Usage(calls=worst, usd=Fraction(worst, 3)))
        seen.append(shared.spent.calls + shared.reserved.calls)
        if isinstance(got, Reservation):
            got.settle(Usage(calls=used, usd=Fraction(used, 3)))
            return used
        return 0

    with ThreadPoolExecutor(8) as pool:
        used = sum(pool.map(one, calls))
    assert max(seen) <= most
    assert (shared.spent.calls, shared.spent.usd, shared.reserved) == (
        used,
        Fraction(used, 3),
        Usage(),
    )
