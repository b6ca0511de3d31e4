"""Whatever a module asks, as often and as much as it likes: the plan's worst case holds."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.testing import ScriptedEngine

RELAXED = settings(max_examples=25, deadline=None,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
GREEDY = """
import dspy

class Greedy(dspy.Module):
    def __init__(self, signature):
        super().__init__()
        self.ask = dspy.Predict("text -> result")

    def forward(self, page):
        for size in page.split():
            try:
                self.ask(text="a-" * int(size), config={"temperature": 1.0, "max_tokens": 90_000})
            except Exception:
                pass
        return dspy.Prediction(result="done")
"""
RECIPE = """rlm 1
model m {{ output <= 90tok }}
prompt greedy(page: Text) -> Text max 20tok {{
  model: m
  module: "greedy.py:Greedy"
  calls <= {calls}
  context <= {context}tok
  task: "Ask."
}}
recipe find(pages: [Text]) -> [Text] {{
  budget {{ calls <= 1_000 }}
  return map pages with greedy() {{ on_error: skip(at_most: 100%) }}
}}
"""


@RELAXED
@given(
    pages=st.lists(st.lists(st.integers(0, 2_000), max_size=7), min_size=1, max_size=4),
    calls=st.integers(1, 5),
    context=st.integers(300, 3_000),
)
def test_the_worst_case_holds_of_any_module(
    folder: Path, pages: list[list[int]], calls: int, context: int
) -> None:
    (folder / "greedy.py").write_text(GREEDY)
    (folder / "find.rlm").write_text(RECIPE.format(calls=calls, context=context))
    texts = [" ".join(map(str, page)) for page in pages]
    engine = ScriptedEngine(lambda task: "yes")
    options = Options(store=None, models=("s/m",), values={"pages": texts})
    ready = prepare("find.rlm", options, need_all=True)
    outcome = execute(ready, engine=engine)
    worst = ready.plan.totals.worst
    most = max(len(p.encode()) for p in engine.requests) if engine.requests else 0
    assert len(engine.requests) <= worst.calls.value() == calls * len(pages)
    assert sum(len(p.encode()) for p in engine.requests) <= worst.tokens_in.value()
    assert most <= (context - 90) * 2 + 200
    assert outcome.problem is None or outcome.problem.diagnostic.code == "too-many-skipped"
