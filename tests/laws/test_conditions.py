"""A condition decides, it does not lose: counts over what passed are those of the condition itself,
and what was shown to a model and what was decided before are together all there is."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome

TESTS = {
    "it.n > 2": lambda row: row["n"] > 2,
    "not it.good": lambda row: not row["good"],
    'it.kind == "a" or it.n < 0': lambda row: row["kind"] == "a" or row["n"] < 0,
    'it.kind in ["a", "b"] and it.good': lambda row: row["kind"] in ("a", "b") and row["good"],
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.integers(-5, 5),
            "good": st.booleans(),
            "kind": st.sampled_from(["a", "b", "cde"]),
        }
    ),
    min_size=1,
    max_size=12,
)
COUNTS = """rlm 1

record Row {{ n: Int, good: Bool, kind: Text max 8tok }}
record Sum {{ kind: Text max 8tok, total: Float }}
record Count {{ kind: Text max 8tok, n: Int }}
record Out {{ passed: Int, same: Int, sum: Float, mean: Float?, both: Int, sums: [Sum], counts: [Count] }}

recipe r(rows: [Row] max 99) -> Out {{
  let some = filter rows where {test}
  let halves = filter rows where {test} {{ keep_rest: true }}
  return Out(
    passed: count(some), same: count(rows, where: {test}), sum: sum(some, of: n),
    mean: mean(some, of: n), both: count(concat(halves.kept, halves.rest)),
    sums: sum_by(some, keys: [kind], of: n), counts: count_by(halves.kept, keys: [kind])
  )
}}
"""
SHOWN = """rlm 1

record Row {{ n: Int, good: Bool, kind: Text max 8tok }}

prompt keep(row: Row) -> Bool "Is the kind a?"
prompt note(rows: Slice<Row>) -> Text max 60tok "What do the rows say?"

recipe r(rows: [Row] max 99) -> [Text] {{
  let some = filter rows where {test}
  let judged = filter some with keep()
  return map (split judged by items(per: 2)) with note()
}}
"""
SETTINGS = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def carried_out(folder: Path, text: str, rows: list[dict[str, object]]) -> Outcome:
    """A recipe over rows."""
    (folder / "r.rlm").write_text(text)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = Options(sources={"rows": str(folder / "rows.jsonl")}, store=None)
    return execute(prepare(str(folder / "r.rlm"), options, need_all=True))


@given(rows=ROWS, test=st.sampled_from(list(TESTS)))
@SETTINGS
def test_what_is_counted_of_a_filter_is_what_is_counted_under_its_condition(
    tmp_path: Path, rows: list[dict[str, object]], test: str
) -> None:
    done = carried_out(tmp_path, COUNTS.format(test=test), rows)
    passed = [row for row in rows if TESTS[test](row)]
    sums, counts = defaultdict(int), defaultdict(int)
    for row in passed:
        sums[row["kind"]] += row["n"]
        counts[row["kind"]] += 1
    numbers = [row["n"] for row in passed]
    assert done.problem is None
    assert done.result == {
        "passed": len(passed),
        "same": len(passed),
        "sum": sum(numbers),
        "mean": pytest.approx(sum(numbers) / len(numbers)) if numbers else None,
        "both": len(rows),
        "sums": [{"kind": k, "total": sums[k]} for k in sorted(sums)],
        "counts": [{"kind": k, "n": counts[k]} for k in sorted(counts)],
    }
    assert [(x.passed, x.items) for x in done.receipt] == [(len(passed), len(rows))] * 2


@given(rows=ROWS, test=st.sampled_from(list(TESTS)))
@SETTINGS
def test_what_was_read_and_what_was_decided_are_all_there_is(
    tmp_path: Path, rows: list[dict[str, object]], test: str
) -> None:
    done = carried_out(tmp_path, SHOWN.format(test=test), rows)
    assert done.problem is None
    by_step = {line.step: line for line in done.receipt}
    passed = [row for row in rows if TESTS[test](row)]
    size = sum(len(json.dumps(row)) + 1 for row in passed)
    for name in ("judged", "result"):
        line = by_step[name]
        assert line.kept and line.total == sum(len(json.dumps(row)) + 1 for row in rows)
        if line.promised == "exact":
            assert line.read + line.decided == line.total
    assert by_step["judged"].read == size
    assert by_step["judged"].items == len(passed)
