"""Dates and times: what is read, reckoned and written, and what is refused."""

from __future__ import annotations

import json
import locale
from pathlib import Path

import pytest

import rlmlang
from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.evaluate import evaluate
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.runtime.code import call_code
from rlmlang.runtime.files import load_import
from rlmlang.verbs.compute import Compute

RECIPE = """rlm 1
record Row {{ at: Time, day: Date, maybe: Date?, text: Text, n: Int }}
recipe f(row: Row, rows: [Row]) -> {type} {{
  require row == row and count(rows) == 0
  return {call}
}}
"""
VALUES = [
    ('parse_date("2026年3月5日", format: "%Y年%m月%d日")', "2026-03-05"),
    ('parse_date("Nov  5 2026", format: "%b %e %Y")', "2026-11-05"),
    ('parse_date("Thursday, 5 NOVEMBER 26", format: "%A, %d %B %y")', "2026-11-05"),
    ('parse_date("2024-366", format: "%Y-%j")', "2024-12-31"),
    ('parse_date("20260105", "%Y%m%d")', "2026-01-05"),
    ('parse_date(" 2026-01-05 ")', "2026-01-05"),
    ('text(parse_date("31/04/2026", format: "%d/%m/%Y", optional: true) == none)', "true"),
    ('parse_time("11/30/26 12:05 am", format: "%m/%d/%y %I:%M %p")', "2026-11-30T00:05:00+00:00"),
    ('parse_time("1764490500", format: "%s")', "2025-11-30T08:15:00+00:00"),
    (
        'parse_time("2026-11-30 08:15:00.25 -0730", format: "%F %T.%f %z")',
        "2026-11-30T15:45:00.250000+00:00",
    ),
    ('parse_time("2026-11-30 08:15")', "2026-11-30T08:15:00+00:00"),
    ("2026-11-30T08:15Z", "2026-11-30T08:15:00+00:00"),
    ("2026-11-30T08:15:00.5+02:00", "2026-11-30T06:15:00.500000+00:00"),
    ("add_months(2024-01-31, 1)", "2024-02-29"),
    ("add_months(2026-01-15, 0 - 13)", "2024-12-15"),
    ("add_days(2026-12-31T23:00:00Z, 1)", "2027-01-01T23:00:00+00:00"),
    ("truncate(2026-11-29, to: week)", "2026-11-23"),
    ("truncate(2026-01-01T08:15:20.5Z, to: week)", "2025-12-29T00:00:00+00:00"),
    ("truncate(2026-11-29, to: year)", "2026-01-01"),
    ("text(week(2027-01-01))", "53"),
    ("text(days_between(2026-03-01, 2026-02-01))", "-28"),
    ('format_date(2026-11-05T08:05:00.5Z, "%e %b %Y %I:%M %p %s %f %z %V %%")',
     " 5 Nov 2026 08:05 AM 1793865900 500000 +0000 45 %"),
    ("text(2026-11-30 < 2026-12-01 and 2026-11-30T08:00:00+02:00 == 2026-11-30T06:00:00Z)", "true"),
    ("text(max([2026-11-30T08:00:00Z, 2026-11-30T08:00:00.5Z]))", "2026-11-30T08:00:00.500000+00:00"),
    ("text(2026 - 11 - 30)", "1985"),
]  # fmt: skip
WRONG = [
    ("2026-02-30", "impossible-date", "day of the calendar"),
    ("2026-11-30T24:30:00Z", "impossible-date", "time"),
    ("2026-11-30T8:15", "impossible-date", "time"),
    ("2026-11-30T", "impossible-date", "time"),
    ('parse_date(row.text, format: "%d/%b")', "bad-format", "names no year"),
    ('parse_date(row.text, format: "%Y-%m-%Q")', "bad-format", "no %Q"),
    ('parse_time(row.text, format: "%F %Y")', "bad-format", "%Y stands in it twice"),
    ('parse_time(row.text, format: "%F %I:%M")', "bad-format", "%I needs %p"),
    ('format_date(row.day, "%H")', "bad-format", "a Date has no %H"),
    ("truncate(row.day, to: hour)", "wrong-type", "a Date has no hour"),
    ("truncate(row.day, to: decade)", "wrong-value", "`to` is `year` or `month`"),
    ("hour(row.day)", "wrong-type", "takes a time, not Date"),
    ("year(row.text)", "wrong-type", "takes a date, not Text"),
    ("year(row.maybe)", "wrong-type", "takes a date, not Date?"),
    ("row.at > row.day", "not-comparable", "Time and Date"),
    ('row.at == "2026-11-30T08:15:00Z"', "not-comparable", "Time and Text"),
    ('Row(at: "2026-11-30T08:15:00Z", day: row.day, text: "", n: 1)', "wrong-type", "`at` is Text"),
    ("row.day - 2026-01-01", "wrong-type", "a side of `-` is Date"),
    ("row.day + 7", "wrong-type", "a side of `+` is Date"),
    ("days_between(today(), row.day)", "unknown-function", "no function asks a clock"),
    ("seconds_between(now(), row.at)", "unknown-function", "no function asks a clock"),
]
HINTS = {"today(": "--set today=…", "now(": "`now: Time`", " - ": "days_between", " + 7": "add_days",
         "row.maybe": "coalesce", "Row(at": "parse_time"}  # fmt: skip


def written(call: str, type_: str = "Text") -> str:
    """A recipe that returns what a call gives."""
    return RECIPE.format(call=call, type=type_)


def value_of(call: str) -> object:
    """What a call gives."""
    found = compiler.check(SourceFile("f.rlm", written(call)), load_import)
    errors = [d for d in found.diagnostics if d.code != "wrong-type"]
    assert not errors, errors
    work = found.recipes["f"].steps[-1].work
    assert isinstance(work, Compute)
    return evaluate(work.value, {}, call_code)


@pytest.mark.parametrize(("call", "value"), VALUES)
def test_what_is_reckoned(call: str, value: str) -> None:
    assert value_of(call) == value


EXAMPLES = [f for f in FUNCTIONS.values() if f.example[0] and "rows" not in f.example[0]]


@pytest.mark.parametrize("function", EXAMPLES, ids=lambda f: f.name)
def test_examples_are_true(function: Function) -> None:
    call, value = function.example
    assert value_of(call) == json.loads(value)


@pytest.mark.parametrize(("call", "code", "words"), WRONG)
def test_what_is_refused(call: str, code: str, words: str) -> None:
    type_ = "Row" if call.startswith("Row") else "Float" if "seconds" in call else "Int"
    found = compiler.check(SourceFile("f.rlm", written(call, type_)), load_import).diagnostics
    first = found[0]
    assert (first.code, words in first.message + first.hint) == (code, True), first
    assert first.place is not None and first.place.line == 5
    for part, hint in HINTS.items():
        assert part not in call or hint in first.hint


@pytest.mark.parametrize(
    "call",
    ['parse_date("31.04.2026", format: "%d.%m.%Y")', 'parse_date("soon")',
     'parse_time("2026-11-30")', "add_days(9999-12-31, 1)", "add_months(2026-01-31, 1.5)",
     "add_months(0001-01-31, 0 - 1)"],
)  # fmt: skip
def test_a_text_that_is_no_date_is_said(tmp_path: Path, call: str) -> None:
    path = tmp_path / "f.rlm"
    path.write_text(f"rlm 1\nrecipe f() -> Text {{ return {call} }}\n")
    problem = rlmlang.run(path, store=None).problem
    assert problem is not None and problem.diagnostic.code == "wrong-value"


def test_months_are_english_whatever_the_locale() -> None:
    before = locale.setlocale(locale.LC_TIME)
    known = [n for n in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8") if _set(n)]
    try:
        assert known
        assert value_of('parse_date("30/Oct/2026", format: "%d/%b/%Y")') == "2026-10-30"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def _set(name: str) -> bool:
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        return False
    return True


INPUTS = """rlm 1
record Row { at: Time, day: Date? }
recipe f(today: Date, at: Time, rows: [Row]) -> [Text] {
  return concat([format_date(today, "%F"), text(at)], column(rows, of: at))
}
"""
ROWS = [{"at": "2026-11-30T10:15:00+02:00", "day": None}]


def test_values_from_outside_are_dates_and_times(tmp_path: Path) -> None:
    path = tmp_path / "f.rlm"
    path.write_text(INPUTS)
    given = {"today": "2026-11-30", "at": "2026-11-30T10:15+02:00", "rows": ROWS}
    wanted = ["2026-11-30", *["2026-11-30T08:15:00+00:00"] * 2]
    assert rlmlang.run(path, values=given, store=None).result == wanted
    sets = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    assert rlmlang.run(path, sets=sets, store=None).result == wanted
    for name, value in (("today", "2026-13-01"), ("at", "2026-11-30"), ("rows", [{"at": "soon"}])):
        with pytest.raises(CodedError) as caught:
            rlmlang.run(path, values={**given, name: value}, store=None)
        assert caught.value.diagnostic.code == "wrong-input"
