"""What a listener hears of a run is what the store gives back of it."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import pytest
from dspy import lm15
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.runtime.asking import AskedModels
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome
from rlmlang.runtime.session import Session
from rlmlang.stores.reader import StoreReader
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.trajectory.events import (
    CallEnded,
    CallFailed,
    CallFinished,
    CallStarted,
    Event,
    RunFinished,
    RunStarted,
)

RECIPE = """rlm 1
prompt size(page: Slice) -> Int { task: "How many?" retry <= 1 check: result < 100 }
prompt merge(sizes: [Int]) -> Int { task: "Add." }
prompt look(page: Slice) -> Text {
  task: "Look."
  repl { iters <= 3  calls <= 4 }
}
recipe sizes(book: Text) -> Text {
  budget { calls <= CALLS }
  let found = map (split book by lines(per: 1)) with size() {
    on_error: skip(at_most: 100%)
    assume exact because "a page more or less"
  }
  let total = reduce found with merge() { fanin: 3 }
  let seen = look(book)
  return if total > 0 then seen else "nothing"
}
"""
WORDS = {"fine": "7", "large": "700", "unreadable": Raw("no number"), "empty": Raw("")}


class AtOnce(random.Random):
    """Chance that lets nobody wait."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Faulty(ScriptedEngine):
    """Answers each page with its own answers, one after the other, and then well."""

    def __init__(self, answers: list[list[str]]) -> None:
        super().__init__(self.answered)
        self.answers = {n: list(own) for n, own in enumerate(answers)}

    def answered(self, task: Any) -> Any:
        if "turn" in task.inputs:
            return "```python\nSUBMIT(llm_query('how?', page))\n```"
        page = str(task.inputs.get("page", ""))
        own = self.answers.get(page.count("x"), []) if page.startswith("page") else []
        what = own.pop(0) if own else "fine"
        return lm15.ServerError("boom", status=500) if what == "broken" else WORDS[what]


def live(folder: Path, engine: Any, calls: int = 1_000) -> tuple[list[Event], Outcome]:
    """A run, and all that is heard of it."""
    (folder / "sizes.rlm").write_text(RECIPE.replace("CALLS", "1_000"))
    heard: list[Event] = []
    options = Options(
        sources={"book": str(folder / "book.txt")},
        store=str(folder / "store.db"),
        sets={"budget.calls": str(calls)},
        parallel=3,
    )
    ready = prepare(str(folder / "sizes.rlm"), options, need_all=True)
    session = Session(ready, heard.append, engine)
    assert isinstance(session.models, AskedModels)
    session.models.engines.chance = AtOnce()
    return heard, anyio.run(session.run)


def kept(folder: Path) -> list[Event]:
    """What the store has of the last run."""
    reader = StoreReader(folder / "store.db")
    found = list(reader.events(reader.choose("last")))
    reader.close()
    return found


@given(st.lists(st.lists(st.sampled_from([*WORDS, "broken"]), max_size=4), max_size=6))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_heard_is_what_is_kept(
    tmp_path_factory: pytest.TempPathFactory, answers: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "book.txt").write_text("".join(f"page {'x' * n}\n" for n in range(6)))
    engine = Faulty(answers)
    heard, _ = live(folder, engine)
    assert [e.seq for e in heard] == sorted({e.seq for e in heard})
    assert heard == kept(folder)
    started = [e for e in heard if isinstance(e, CallStarted)]
    assert len(started) == len(engine.requests)
    rows = [e.row for e in heard if isinstance(e, CallStarted)]
    rows += [e.row for e in heard if isinstance(e, CallEnded) and e.row and not e.reused]
    assert Counter(rows) == dict.fromkeys((e.row for e in started), 2), "begun once, ended once"
    assert isinstance(heard[0], RunStarted)
    assert isinstance(heard[-1], RunFinished)
    again, outcome = live(folder, Faulty([]))
    assert again == kept(folder)
    if outcome.problem is None:
        assert outcome.now.calls + outcome.reused == sum(isinstance(e, CallFinished) for e in again)


def test_a_run_in_parts_is_kept_in_the_order_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("".join(f"page {'x' * n}\n" for n in range(6)))
    first, outcome = live(tmp_path, Faulty([["large"], ["unreadable"]]), calls=5)
    assert outcome.problem is not None
    assert first == kept(tmp_path)
    second, outcome = live(tmp_path, Faulty([]))
    assert outcome.problem is None
    earlier = {e.row for e in first if isinstance(e, CallEnded)}
    new = [e for e in second if not (isinstance(e, CallEnded) and e.row in earlier)]
    assert kept(tmp_path) == [*first, *new]
    assert sum(isinstance(e, CallFailed) for e in kept(tmp_path)) >= 2


def test_a_listener_sees_which_requests_are_in_flight(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("".join(f"page {'x' * n}\n" for n in range(6)))
    heard, _ = live(tmp_path, Faulty([]))
    flying, most = set(), 0
    for event in heard:
        if isinstance(event, CallStarted):
            flying.add(event.call)
        elif isinstance(event, CallEnded):
            flying.discard(event.call)
        most = max(most, len(flying))
    assert not flying
    assert most > 1
