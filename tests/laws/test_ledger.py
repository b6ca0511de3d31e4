"""The ledger never overspends, whatever order reservations and settlements come in."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.budget import Account, Limits, Refusal, Reservation, Usage
from rlmlang.execute.joins import Joins, last_groups
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.ranges import Ranges

ACTION = st.tuples(st.integers(0, 3), st.integers(1, 50), st.integers(1, 50), st.floats(0, 1))


@given(st.integers(0, 60), st.integers(0, 2000), st.lists(ACTION, max_size=200))
def test_no_account_passes_its_limits(
    calls: int, tokens: int, actions: list[tuple[int, int, int, float]]
) -> None:
    root = Account("run", Limits(calls, tokens, Fraction(1)))
    accounts = [root, root.child("a", Limits(calls // 2)), root.child("b")]
    accounts.append(accounts[1].child("deep", Limits(None, tokens // 3)))
    open_: list[Reservation] = []
    for which, tok_in, tok_out, share in actions:
        if share < 0.4 and open_:
            done = open_.pop(int(share * 100) % len(open_))
            used = done.worst
            done.settle(
                Usage(used.calls, int(used.tokens_in * share), int(used.tokens_out * share))
            )
        else:
            got = accounts[which].reserve(Usage(1, tok_in, tok_out, Fraction(1, 50)))
            if isinstance(got, Reservation):
                open_.append(got)
        for account in accounts:
            assert not account.limits.exceeded_by(account.spent + account.reserved)
    for each in open_:
        each.release()
    assert all(a.reserved == Usage() for a in accounts)


def test_a_refusal_says_whether_waiting_helps() -> None:
    root = Account("run", Limits(tokens=100))
    first = root.reserve(Usage(1, 40, 40))
    assert isinstance(first, Reservation)
    second = root.reserve(Usage(1, 20, 20))
    assert isinstance(second, Refusal)
    assert second.waiting
    never = root.reserve(Usage(1, 200, 0))
    assert isinstance(never, Refusal)
    assert not never.waiting
    first.settle(Usage(1, 10, 5))
    assert isinstance(root.reserve(Usage(1, 20, 20)), Reservation)


def test_256_calls_at_a_time_never_pass_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "r.rlm"
    path.write_text("""rlm 1
prompt note(page: Slice) -> Text "Do it."
recipe find(book: Text) -> Text {
  budget { calls <= 300 }
  let notes = map (split book by lines(per: 1)) with note()
  return join_text(notes)
}
""")
    (tmp_path / "book.txt").write_text("".join(f"line {i}\n" for i in range(1000)))

    class Slow(ScriptedEngine):
        async def complete(self, request: object) -> object:
            await asyncio.sleep(0)
            return await super().complete(request)  # type: ignore[arg-type]

    engine = Slow(lambda task: "note")
    outcome = rlmlang.run(
        str(path),
        engine=engine,
        parallel=256,
        store=None,
        sets={"budget.calls": "1000"},
        sources={"book": str(tmp_path / "book.txt")},
    )
    assert outcome.problem is None
    assert len(engine.requests) == 1000
    engine = Slow(lambda task: "x" if task.inputs["page"] != "line 7" else "y")
    text = path.read_text().replace(
        '"Do it."', '{ task: "Do it." check: result == "y" retry <= 2 }'
    )
    path.write_text(text.replace("note()", "note() { on_error: skip(at_most: 100%) }"))
    outcome = rlmlang.run(
        str(path),
        engine=engine,
        parallel=256,
        store=None,
        sources={"book": str(tmp_path / "book.txt")},
        sets={"budget.calls": "1001"},
    )
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "budget-spent"
    assert outcome.problem.entry.exit_code == 75
    assert len(engine.requests) == 1001 == outcome.usage.calls


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(2, 9), st.randoms(use_true_random=False))
def test_joins_in_any_order_take_the_fewest_calls(count: int, fanin: int, random: object) -> None:
    joins, waiting, calls = Joins(fanin), [], 0
    for i in range(count):
        waiting += list(joins.add((i,)))
        while waiting and random.random() < 0.6:  # type: ignore[attr-defined]
            each = waiting.pop(random.randrange(len(waiting)))  # type: ignore[attr-defined]
            calls += 1
            waiting += list(joins.put(each.level, each.index, sum(each.items, ())))
    while waiting:
        each = waiting.pop(random.randrange(len(waiting)))  # type: ignore[attr-defined]
        calls += 1
        waiting += list(joins.put(each.level, each.index, sum(each.items, ())))
    left = joins.rest()
    for size in list(last_groups(len(left), fanin)):
        calls += 1
        left[-size:] = [sum(left[-size:], ())]
    assert left == ([tuple(range(count))] if count else [])
    assert calls == max(0, -(-(count - 1) // (fanin - 1)))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40))
def test_ranges_are_a_set_of_bytes(pairs: list[tuple[int, int]]) -> None:
    ranges, truth = Ranges(), set()
    for start, end in pairs:
        ranges.add(start, end)
        truth |= set(range(start, end))
    assert ranges.covered == len(truth)
    assert ranges.added == sum(max(0, b - a) for a, b in pairs)
    assert all(a[1] < b[0] for a, b in zip(ranges.merged, ranges.merged[1:], strict=False))
