"""Maps within maps: calls never pass the plan's bound, the budget of an item, or that of a model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.ir.calls import item_prefixes
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.trajectory.events import CallStarted, Event
from tests.laws.test_bounds import engine_refused

RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
BODIES = [
    "return note(part)",
    "let notes = map (split part by lines(per: 2)) with note()\n  return reduce notes with merge()",
    """return ladder accept (it == "no answer") {
    rung "note" { return note(part) }
    rung "dear" { return study(part) }
  }""",
]


@st.composite
def recipes(draw: st.DrawFn) -> tuple[str, int, int | None, int]:
    """A recipe of maps within maps; how often its prompts ask again, and what an item and the dear
    model may take."""
    retry, dear = draw(st.integers(0, 2)), draw(st.integers(1, 20))
    item = draw(st.one_of(st.none(), st.integers(1, 6)))
    budget = f"budget {{ calls <= {item} }}" if item is not None else ""
    body = draw(st.sampled_from(BODIES))
    deep = "(map (split it by lines(per: 3)) with one())" if draw(st.booleans()) else "one()"
    block = f'task: "Do it." check: result == "good answer" retry <= {retry}'
    return (
        f"""rlm 1
model dear {{ output <= 60tok }}
prompt note(page: Slice) -> Text max 20tok {{ {block} }}
prompt study(page: Slice) -> Text max 20tok {{ model: dear {block} }}
prompt merge(notes: [Text]) -> Text max 20tok {{ {block} }}
pattern one(part: Slice) -> Text {{
  {budget}
  {body}
}}
recipe all(book: Text) -> Int {{
  budget {{ calls <= 10_000 calls of dear <= {dear} }}
  let said = map (split book by lines(per: 7)) with {deep} {{ on_error: skip(at_most: 100%) }}
  let sizes = map said with 1 {{ assume exact because "skipped ones do not count" }}
  return count(sizes)
}}
""",
        retry,
        item,
        dear,
    )


@RELAXED
@given(made=recipes(), lines=st.integers(1, 40), refused=st.integers(0, 3))
def test_calls_of_maps_within_maps_pass_no_bound(
    tmp_path: Path, made: tuple[str, int, int | None, int], lines: int, refused: int
) -> None:
    text, retry, item, dear = made
    (tmp_path / "r.rlm").write_text(text)
    (tmp_path / "book.txt").write_text("".join(f"line {n}\n" for n in range(lines)))
    options = Options(sources={"book": str(tmp_path / "book.txt")}, store=None)
    ready = prepare(str(tmp_path / "r.rlm"), options, need_all=True)
    engine, events = engine_refused(min(refused, retry + 1)), list[Event]()
    outcome = execute(ready, engine=engine, listener=events.append)
    code = outcome.problem.diagnostic.code if outcome.problem else ""
    assert code in ("", "budget-spent"), outcome.problem
    worst = ready.plan.totals.worst
    assert len(engine.requests) == outcome.usage.calls <= (worst.calls.value() or 0)
    assert outcome.usage.tokens_in <= (worst.tokens_in.value() or 0)
    asked = [e for e in events if isinstance(e, CallStarted)]
    assert sum(e.prompt == "study" for e in asked) <= dear
    if code:
        assert sum(e.prompt == "study" for e in asked) == dear
    if item is not None:
        deep = int("with (map" in text)
        spent = Counter(item_prefixes(e.call.place)[deep] for e in asked)
        assert max(spent.values(), default=0) <= item
