"""A window holds the rows of its span, all of them and in order; no other row is lost or added."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.functions.dates import at_of
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.dates import instant
from rlmlang.runtime.files import load_import

START = datetime(2026, 11, 30, 7, 59)
ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.datetimes(START, START + timedelta(minutes=3))).map(
        lambda x: {"n": x[0], "at": instant(x[1])}
    ),
    max_size=8,
)
SPANS = st.sampled_from([0.5, 1.0, 7.0, 60.0, 90.0, 3600.0])
WINDOWS = FUNCTIONS["windows"].run


@settings(max_examples=200, deadline=None)
@given(ROWS, SPANS, SPANS)
def test_a_window_holds_the_rows_of_its_span(rows: list[Any], size: float, step: float) -> None:
    found: list[Any] = WINDOWS(rows, by="at", size=size, step=step)  # type: ignore[assignment]
    in_order = sorted(rows, key=lambda r: r["at"])
    assert [w["start"] for w in found] == sorted({w["start"] for w in found})
    for window in found:
        start, end = at_of(window["start"]), at_of(window["end"])
        assert end - start == timedelta(seconds=size) and window["rows"]
        assert start.timestamp() % step == 0
        assert window["rows"] == [r for r in in_order if start <= at_of(r["at"]) < end]
    times = [sum(w["rows"].count(r) for w in found) / rows.count(r) for r in rows]
    assert all(n <= ceil(size / step) for n in times)
    assert step > size or all(n >= 1 for n in times)


@settings(max_examples=100, deadline=None)
@given(ROWS, SPANS)
def test_windows_one_behind_the_other_hold_each_row_once(rows: list[Any], size: float) -> None:
    found: list[Any] = WINDOWS(rows, by="at", size=size)  # type: ignore[assignment]
    assert [r for w in found for r in w["rows"]] == sorted(rows, key=lambda r: r["at"])


RECIPE = """rlm 1
record Row {{ at: Time, day: Date, maybe: Time?, n: Int }}
recipe f(rows: [Row] max 99) -> Int {{
  let some = take(rows, 5)
  let tumbling = windows(rows, by: at, size: 5min)
  let sliding = windows(rows, by: at, size: 10min, step: 5min)
  let gaps = windows(rows, by: at, size: 5min, step: 10min)
  let busy = filter sliding where count(it.rows) > 1
  return {call}
}}
"""
RIGHT = ["count(tumbling)", "count(flatten(column(tumbling, of: rows)))",
         "sum(best(sliding, by: start).rows, of: n)", "length(text(busy))"]  # fmt: skip
UNSOUND = ["count(sliding)", "count(flatten(column(sliding, of: rows)))", "count(gaps)",
           "count(windows(some, by: at, size: 5min))", "count(flatten(column(gaps, of: rows)))",
           "sum(best(concat(tumbling, windows(some, by: at, size: 1h)), by: start).rows, of: n)"]  # fmt: skip
OTHER = {"count(windows(rows, by: day, size: 5min))": "wrong-type",
         "count(windows(rows, by: maybe, size: 5min))": "wrong-type",
         "count(windows(rows, by: n, size: 5min))": "wrong-type",
         "count(windows(rows, by: at, size: 5))": "wrong-unit",
         "count(windows(rows, by: at, size: 0min))": "wrong-setting",
         "count(windows(rows, by: at))": "missing-argument"}  # fmt: skip


def codes(call: str) -> set[str]:
    """The codes of the errors of a recipe."""
    found = compiler.check(SourceFile("f.rlm", RECIPE.format(call=call)), load_import)
    return {d.code for d in found.diagnostics if d.severity == "error"}


def test_what_is_counted_over_windows_is_sound() -> None:
    assert {c: codes(c) for c in RIGHT} == {c: set() for c in RIGHT}
    assert {c: codes(c) for c in UNSOUND} == {c: {"unsound-coverage"} for c in UNSOUND}
    assert {c: codes(c) for c in OTHER} == {c: {code} for c, code in OTHER.items()}
