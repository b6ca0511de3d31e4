"""Recursion under attack: random trees, random prunes, forced retries; order, receipts, depth."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.partitions.measure import Estimate
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.trajectory.events import CallFinished

RELAXED = settings(max_examples=40, deadline=None,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
RECIPE = """rlm 1
model m {{ output <= 60tok }}
prompt note(page: Slice, question: Text) -> Text {{ model: m task: "Do it." retry <= {retry} }}
prompt worth(part: Slice) -> {worth} {{ model: m task: "How much?" retry <= {retry} }}
prompt merge(notes: [Text], question: Text) -> Text {{ model: m task: "Join." retry <= {retry} }}
recipe find(question: Text, book: {kind}) -> Text {{
  budget {{ calls <= 100_000 depth <= 12 }}
  return recurse book {{
    leaf <= {leaf}tok with note(question)
    branch by tree(into: {into}, slack: 10%)
    {prune}
    join with merge(question) {{ fanin: {fanin} }}
    depth <= 10
  }}
}}
"""


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    least = draw(st.integers(1, 2))
    keep = (least, draw(st.integers(least, 4)))
    pruned = draw(st.booleans())
    return {
        "retry": draw(st.integers(0, 2)),
        "leaf": draw(st.sampled_from([100, 300, 2000])),
        "into": draw(st.integers(2, 6)),
        "fanin": draw(st.integers(2, 5)),
        "kind": "Text",
        "worth": draw(st.sampled_from(["Bool", "Int", "Float"])),
        "seed": draw(st.integers(0, 99)),
        "prune": f"prune with worth() {{ see: 40tok, keep: {keep[0]}..{keep[1]} }}"
        if pruned
        else "",
        "lines": draw(st.integers(1, 400)),
    }


@RELAXED
@given(world=worlds())
def test_calls_and_depth_stay_within_the_bound(tmp_path: Path, world: dict[str, Any]) -> None:
    chance = random.Random(world["seed"])
    (tmp_path / "r.rlm").write_text(RECIPE.format(**world))
    (tmp_path / "b.txt").write_text(
        "".join(f"line {i} says something\n" for i in range(world["lines"]))
    )
    inputs = {"sources": {"book": str(tmp_path / "b.txt")}, "sets": {"question": "why"}}
    plan = rlmlang.plan_recipe(str(tmp_path / "r.rlm"), **inputs)
    tries: dict[str, int] = {}

    def script(task: Any) -> Any:
        key = str([v for k, v in task.inputs.items() if k not in ("earlier_answer", "problem")])
        tries[key] = tries.get(key, 0) + 1
        if tries[key] <= world["retry"]:
            return Raw("no form")
        if task.outputs[0].kind == "bool":
            return chance.choice(["True", "False"])
        return (
            str(chance.randrange(5))
            if task.outputs[0].kind in ("int", "float")
            else f"said {len(tries)}"
        )

    engine = ScriptedEngine(script)
    calls: list[CallFinished] = []
    from rlmlang.runtime import execute
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options

    ready = prepare(str(tmp_path / "r.rlm"), Options(**inputs, store=None), need_all=True)
    outcome = execute(
        ready,
        engine=engine,
        listener=lambda e: calls.append(e) if isinstance(e, CallFinished) else None,
    )
    assert outcome.problem is None, outcome.problem
    worst = plan.totals.worst
    assert outcome.usage.calls + outcome.reused <= worst.calls.value()
    assert sum(Estimate().tok(r) for r in engine.requests) <= worst.tokens_in.value()
    assert max(1 + len(c.call.branches) for c in calls if c.prompt == "note") <= plan.totals.depth
    if not world["prune"]:
        assert outcome.receipt[0].kept
        assert outcome.receipt[0].read == outcome.receipt[0].total


def recipe(folder: Path, **changes: Any) -> str:
    """The recipe over a book, with changes."""
    world = {
        "retry": 0,
        "leaf": 40,
        "into": 3,
        "fanin": 3,
        "kind": "Text",
        "worth": "Int",
        "prune": "",
    }
    path = folder / "r.rlm"
    path.write_text(RECIPE.format(**{**world, **changes}).replace("60tok", "9ktok"))
    return str(path)


def joining(task: Any) -> Any:
    """Leaves say what they hold, joins put it one behind the other."""
    if "page" in task.inputs:
        return " ".join(re.findall(r"\d+", task.inputs["page"]))
    return " ".join(x.split("] ", 1)[1] for x in task.inputs["notes"].splitlines())


def test_the_order_of_the_leaves_is_kept(folder: Path) -> None:
    (folder / "b.txt").write_text("".join(f"line {i}\n" for i in range(300)))
    outcome = rlmlang.run(
        recipe(folder),
        engine=ScriptedEngine(joining),
        store=None,
        sources={"book": "b.txt"},
        sets={"question": "q"},
    )
    assert outcome.problem is None, outcome.problem
    assert outcome.result == " ".join(str(i) for i in range(300))


def test_a_tree_of_files_is_walked(folder: Path) -> None:
    for i in range(40):
        path = folder / "src" / f"d{i % 4}" / f"f{i:02}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"def f{j}():\n    return {i * 100 + j}\n\n" for j in range(6)))
    engine = ScriptedEngine(lambda t: "x" if "notes" in t.inputs else t.inputs["page"][:30])
    outcome = rlmlang.run(
        recipe(folder, kind="Tree", leaf=300),
        engine=engine,
        store=None,
        sources={"book": "src"},
        sets={"question": "q"},
    )
    assert outcome.problem is None, outcome.problem
    assert outcome.receipt[0].read == outcome.receipt[0].total
    pages = [r for r in engine.requests if "[[ ## page ## ]]\n" in r]
    assert all(".py" in r for r in pages)


def test_the_parts_that_promise_most_are_gone_into(folder: Path) -> None:
    lines = [f"line {i} {'gold' if 140 <= i < 150 else 'sand'}\n" for i in range(300)]
    (folder / "b.txt").write_text("".join(lines))

    def script(task: Any) -> Any:
        if "part" in task.inputs:
            return task.inputs["part"].count("gold") + (
                5 if "line 14" in task.inputs["part"] else 0
            )
        return joining(task)

    path = recipe(folder, prune="prune with worth() { see: 4ktok, keep: 1..1 }")
    outcome = rlmlang.run(
        path,
        engine=ScriptedEngine(script),
        store=None,
        sources={"book": "b.txt"},
        sets={"question": "q"},
    )
    assert outcome.problem is None, outcome.problem
    assert set(map(int, outcome.result.split())) <= set(range(136, 154))


@pytest.mark.parametrize("allowed", [True, False])
def test_a_leaf_that_fails_is_left_out_or_stops_all(folder: Path, allowed: bool) -> None:
    (folder / "b.txt").write_text("".join(f"line {i}\n" for i in range(300)))
    path = recipe(folder)
    if allowed:
        text = Path(path).read_text()
        Path(path).write_text(
            text.replace("note(question)\n", "note(question) { on_error: skip(at_most: 10%) }\n")
        )

    def script(task: Any) -> Any:
        return Raw("no form") if "line 77\n" in task.inputs.get("page", "") else joining(task)

    outcome = rlmlang.run(
        path,
        engine=ScriptedEngine(script),
        store=None,
        sources={"book": "b.txt"},
        sets={"question": "q"},
    )
    if allowed:
        assert outcome.problem is None
        assert "77" not in outcome.result.split()
        assert outcome.receipt[0].skipped == 1
        assert outcome.receipt[0].promised == "some"
    else:
        assert outcome.problem is not None
        assert outcome.problem.diagnostic.code == "answer-refused"


LADDER = """rlm 1
prompt quick(q: Text) -> Text? { task: "Answer if it is simple." retry <= 0 }
prompt full(q: Text, hint: Text) -> Text { task: "Think hard." retry <= 0 }
recipe ask(q: Text max 100tok) -> Text {
  let hint = join_text([q, "!"])
  let found = ladder accept (it != none and it != "no") {
    rung "cheap" {
      let x = quick(q)
      return x
    }
    rung "dear" {
      let y = full(q, hint)
      return y
    }
  }
  return found
}
"""


@pytest.mark.parametrize(
    ("said", "answer", "calls"), [("yes", "yes", 1), ("no", "long", 2), ("", "long", 2)]
)
def test_the_first_accepted_rung_wins(folder: Path, said: str, answer: str, calls: int) -> None:
    (folder / "l.rlm").write_text(LADDER)
    engine = ScriptedEngine(lambda t: "long" if "hint" in t.inputs else said)
    plan = rlmlang.plan_recipe("l.rlm", sets={"q": "why"})
    assert (plan.totals.best.calls.value(), plan.totals.worst.calls.value()) == (1, 2)
    outcome = rlmlang.run("l.rlm", engine=engine, store=None, sets={"q": "why"})
    assert (outcome.result, len(engine.requests)) == (answer, calls)


def test_cross_pairs_each_with_those_that_fit_it(folder: Path) -> None:
    (folder / "c.rlm").write_text("""rlm 1
prompt judge(pair: Pair<Text, Slice>) -> Text "Judge."
recipe pairs(rules: [Text] max 5, book: Text max 4ktok) -> [Text] {
  let found = cross rules, (split book by lines(per: 1)) by bm25(top: 2)
  return map found with judge()
}
""")
    (folder / "b.txt").write_text("the bell rang\nthe cat sleeps\nnobody sang\na bell of iron\n")
    engine = ScriptedEngine(lambda t: t.inputs["pair"])
    outcome = rlmlang.run(
        "c.rlm",
        engine=engine,
        store=None,
        sources={"book": "b.txt"},
        sets={"rules": '["bell", "cat"]'},
    )
    assert outcome.problem is None, outcome.problem
    found = ["".join(x.split()) for x in outcome.result]
    assert len(found) == 3
    assert all("bell" in x for x in found[:2])
    assert "cat" in found[2]
