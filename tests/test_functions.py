"""Calls of built-in functions that do not check, and what is said of them."""

from __future__ import annotations

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import

WRONG = [
    ("ids(pairs)", "unknown-field"),
    ("top(rows, 3ktok, by: n)", "wrong-unit"),
    ("take(rows, n: 0 - 1)", "not-an-amount"),
    ("take(rows, 3, 4)", "missing-argument"),
    ("take(rows, 3, n: 4)", "missing-argument"),
    ("take(rows)", "missing-argument"),
    ("sort_by(rows, by: n, descending: 5)", "wrong-type"),
    ("sort_by(rows, by: [n, m])", "unknown-field"),
    ("sort_by(rows, by: 3)", "not-a-field"),
    ("sort_by(rows, by: n, upwards: true)", "unknown-argument"),
    ("join_text(rows, separator: 5)", "wrong-type"),
    ("count_by(rows, keys: id, max_groups: 1.5h)", "wrong-unit"),
    ("distinct(rows, of: [n, id])", "not-a-field"),
    ("any(rows, where: it.n)", "wrong-type"),
    ("concat(rows, pairs)", "wrong-type"),
    ("upper(rows)", "wrong-type"),
    ("sum(take(rows, 2), of: n)", "unsound-coverage"),
    ("most(rows)", "unknown-function"),
]
RIGHT = [
    "take(rows, 3)", "take(rows, n: 3)", "top(rows, by: [n, id], 3)", "concat(rows, rows, rows)",
    "any(where: it.n > 2, rows)", "count_by(take(rows, 2), keys: [id], lower_bound: true)",
    "sort_by(rows, by: n, descending: true)", "ids(rows)", "mean_by(rows, keys: id, of: n)",
]  # fmt: skip
TEXT = """rlm 1
record Row {{ id: Id, n: Int }}
record Two {{ left: Text, right: Text }}
recipe f(rows: [Row], pairs: [Two]) -> [Int] {{
  let made = {call}
  return [count(rows), count(pairs)]
}}
"""


def problems(call: str) -> list[str]:
    text = TEXT.format(call=call)
    found = compiler.check(SourceFile("f.rlm", text), load_import).diagnostics
    return [d.code for d in found if d.severity == "error"]


@pytest.mark.parametrize(("call", "code"), WRONG)
def test_a_call_that_does_not_go_together(call: str, code: str) -> None:
    assert problems(call) == [code]


@pytest.mark.parametrize("call", RIGHT)
def test_a_call_that_does(call: str) -> None:
    assert problems(call) == []
