"""Maps whose items have steps of their own: accounts, call ids, what is kept, what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.models.offline.request import Task
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import CallFinished, Event

TICKETS = """rlm 1

enum Label { billing, crash }

record Ticket { id: Int, text: Text max 60tok }

model cheap {
  default: "test/cheap"
  output <= 60tok
  price: { input: 1 output: 1 }
}

model dear {
  default: "test/dear"
  output <= 60tok
  price: { input: 100 output: 100 }
}

prompt quick(text: Text max 60tok) -> Label? { model: cheap task: "Which label, if any?" retry <= 0 }
prompt careful(text: Text max 60tok) -> Label {
  model: dear
  task: "Take your time."
  check: result == billing
  retry <= 2
}

pattern label_of(ticket: Ticket) -> Label {
  budget { %s }
  return ladder accept (it != none) {
    rung "quick" { return quick(ticket.text) }
    rung "careful" { return careful(ticket.text) }
  }
}

recipe triage(tickets: [Ticket] max 20) -> [Label] {
  budget { calls <= 500 %s }
  let labels = map tickets with label_of() { %s }
  return labels
}
"""


def recipe(tmp_path: Path, of_item: str = "", of_run: str = "", block: str = "") -> str:
    """The recipe, beside 20 tickets."""
    text = TICKETS % (of_item, of_run, block)
    text = text.replace("  budget {  }\n", "").replace(" {  }\n", "\n")
    (tmp_path / "r.rlm").write_text(text)
    rows = [{"id": n, "text": f"ticket number {n}"} for n in range(20)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(tmp_path / "r.rlm")


class Labels(ScriptedEngine):
    """The cheap model knows the tickets below `sure`; the dear one is right at the `times`th try."""

    def __init__(self, sure: int, times: int = 1) -> None:
        self.asked = {"cheap": 0, "dear": 0}
        self.sure, self.times = sure, times
        super().__init__(self.answered)

    def answered(self, task: Task) -> str:
        number = int(task.inputs["text"].split()[-1])
        if "Which label" in task.instructions:
            self.asked["cheap"] += 1
            return "crash" if number < self.sure else ""
        self.asked["dear"] += 1
        tries = task.inputs.get("earlier_answer", "")
        return "billing" if self.times == 1 or (self.times == 2 and tries) else "crash"


def run(
    path: str,
    engine: ScriptedEngine,
    store: Path | None = None,
    listener: Callable[[Event], None] | None = None,
    **sets: str,
) -> Any:
    """A run over the tickets."""
    source = str(Path(path).parent / "t.jsonl")
    kept = str(store) if store else None
    ready = prepare(
        path, Options(sources={"tickets": source}, store=kept, sets=sets), need_all=True
    )
    return execute(ready, engine=engine, listener=listener)


def code_of(outcome: Any) -> str:
    """The code of what stopped a run."""
    return outcome.problem.diagnostic.code if outcome.problem else ""


def test_the_dear_model_is_asked_only_where_the_cheap_one_is_unsure(tmp_path: Path) -> None:
    engine = Labels(sure=16)
    outcome = run(recipe(tmp_path, of_run="calls of dear <= 5"), engine)
    assert code_of(outcome) == "", outcome.problem
    assert outcome.result == ["crash"] * 16 + ["billing"] * 4
    assert engine.asked == {"cheap": 20, "dear": 4}
    (line,) = outcome.receipt
    assert (line.step, line.promised, line.read, line.rows_read) == (
        "labels",
        "exact",
        line.total,
        20,
    )


@pytest.mark.parametrize("times", [1, 2])
def test_a_limit_of_one_model_is_kept_exactly_and_survives_a_resume(
    tmp_path: Path, times: int
) -> None:
    path, store = recipe(tmp_path, of_run="calls of dear <= 5"), tmp_path / "store"
    engine = Labels(sure=10, times=times)
    stopped = run(path, engine, store)
    assert code_of(stopped) == "budget-spent"
    assert "5 calls of dear" in stopped.problem.diagnostic.message
    assert '"budget.calls of dear"' in stopped.problem.diagnostic.hint
    assert engine.asked["dear"] == 5
    again = run(path, engine, store)
    assert (again.run, code_of(again)) == (stopped.run, "budget-spent")
    assert engine.asked["dear"] == 5
    more = run(path, engine, store, **{"budget.calls of dear": str(10 * times)})
    assert code_of(more) == "", more.problem
    assert more.result == ["crash"] * 10 + ["billing"] * 10
    assert engine.asked == {"cheap": 20, "dear": 10 * times}


def test_dollars_of_one_model_are_limited(tmp_path: Path) -> None:
    engine = Labels(sure=0)
    outcome = run(recipe(tmp_path, of_run="usd of dear <= 0.01"), engine)
    assert code_of(outcome) == "budget-spent"
    assert engine.asked["dear"] == 0


def test_an_item_takes_no_more_than_its_budget(tmp_path: Path) -> None:
    path = recipe(tmp_path, of_item="calls <= 2", block="on_error: skip(at_most: 50%)")
    engine = Labels(sure=15, times=2)
    outcome = run(path, engine)
    assert code_of(outcome) == "", outcome.problem
    assert outcome.result == ["crash"] * 15
    assert engine.asked == {"cheap": 20, "dear": 5}
    (line,) = outcome.receipt
    assert (line.promised, line.skipped, line.rows_read) == ("some", 5, 20)


def test_the_budget_of_an_item_survives_a_resume(tmp_path: Path) -> None:
    path, store = recipe(tmp_path, of_item="calls of dear <= 1"), tmp_path / "store"
    engine = Labels(sure=19, times=2)
    assert code_of(run(path, engine, store)) == "item-budget-spent"
    assert engine.asked == {"cheap": 20, "dear": 1}
    again = run(path, engine, store)
    assert code_of(again) == "item-budget-spent"
    assert "labels[19]" in again.problem.diagnostic.message
    assert engine.asked == {"cheap": 20, "dear": 1}


def test_calls_of_items_have_ids_that_stay(tmp_path: Path) -> None:
    path, store = recipe(tmp_path), tmp_path / "store"
    events: list[Event] = []
    run(path, Labels(sure=18), store, events.append)
    calls = [str(e.call) for e in events if isinstance(e, CallFinished)]
    assert sorted(calls) == sorted(
        [f"labels.result.quick.result[{n}]" for n in range(20)]
        + [f"labels.result.careful.result[{n}]" for n in (18, 19)]
    )
    again: list[Event] = []
    outcome = run(path, Labels(sure=0), store, again.append)
    assert (outcome.usage.calls, outcome.reused) == (0, 22)
    assert sorted(str(e.call) for e in again if isinstance(e, CallFinished)) == sorted(calls)


def test_the_plan_counts_each_item_no_more_than_its_budget(tmp_path: Path) -> None:
    path = recipe(tmp_path, of_item="calls <= 3", of_run="calls of dear <= 60 usd of dear <= 99")
    plan = rlmlang.plan_recipe(path, sources={"tickets": str(tmp_path / "t.jsonl")})
    assert plan.totals.worst.calls.value() == 60
    words = {line.limit: (line.word, line.worst) for line in plan.verdict.lines}
    assert words["calls of dear"] == ("proven", 60)
    assert words["usd of dear"][0] == "proven"


@pytest.mark.parametrize(
    ("of_run", "code"),
    [
        ("calls of deer <= 5", "unknown-model"),
        ("calls of dear <= 5 calls of dear <= 6", "duplicate-name"),
        ("wall of dear <= 5min", "unknown-setting"),
        ("calls of dear <= 5s", "wrong-unit"),
    ],
)
def test_limits_of_models_are_checked(tmp_path: Path, of_run: str, code: str) -> None:
    with pytest.raises(rlmlang.BadRecipe) as found:
        run(recipe(tmp_path, of_run=of_run), Labels(0))
    assert f"error[{code}]" in str(found.value)
