"""Calls of built-in functions that do not check, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import rlmlang
from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import

WRONG = [
    ("ids(pairs)", "unknown-field"),
    ("top(rows, 3ktok, by: n)", "wrong-unit"),
    ("take(rows, n: -1)", "not-an-amount"),
    ("take(rows, n: 1.5 * 2)", "wrong-type"),
    ("slice(rows)", "missing-argument"),
    ("pivot(rows, rows: id, columns: n, value: count(group))", "wrong-option"),
    ("by_key(rows)", "missing-argument"),
    ("keys(rows)", "wrong-type"),
    ("get(by_key(rows, key: id), 1)", "wrong-type"),
    ("nest(top(rows, 1), keys: id, value: count(group))", "unsound-coverage"),
    ("join(rows, pairs)", "missing-argument"),
    ("join(rows, pairs, on: id)", "wrong-option"),
    ("join(rows, pairs, on: n == left)", "wrong-option"),
    ("join(rows, pairs, on: nothing == left)", "unknown-field"),
    ("join(rows, pairs, on: id > left)", "not-a-field"),
    ("join(rows, pairs, on: id == left, how: outer)", "wrong-value"),
    ("join(rows, rows, on: id)", "wrong-option"),
    ('join(rows, rows, on: id, prefix: "a-")', "wrong-option"),
    ('count(join(rows, rows, on: id, max_matches: 3, prefix: "r_"))', "unsound-coverage"),
    ("group_by(rows, n: count(group))", "missing-argument"),
    ("group_by(rows, keys: m)", "unknown-field"),
    ("group_by(take(rows, 1), keys: id)", "unsound-coverage"),
    ("group_by(rows, keys: id, id: count(group))", "wrong-option"),
    ("group_by(rows, keys: id, most: max(group, of: m))", "unknown-field"),
    ("group_by(rows, keys: id, n: count(filter group where it.n > 1))", "unnamed-step"),
    ("count(group)", "unknown-name"),
    ("slice(rows, 1, 2, 3)", "missing-argument"),
    ("range(count(rows))", "wrong-option"),
    ("sort_by(rows, by: id, descending: [n])", "wrong-option"),
    ("sort_by(rows, by: id, descending: [m])", "unknown-field"),
    ("count_by(rows, keys: id, max_groups: count(rows))", "not-an-amount"),
    ("take(rows, 3, 4)", "missing-argument"),
    ("take(rows, 3, n: 4)", "missing-argument"),
    ("take(rows)", "missing-argument"),
    ("sort_by(rows, by: n, descending: 5)", "not-a-field"),
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
    ('coalesce(1, "one")', "wrong-type"),
    ('at(rows, "one")', "wrong-type"),
    ("zip(rows, pairs)", "unlike-lists"),
    ("quantile(rows, of: n)", "missing-argument"),
    ("1 % true", "wrong-type"),
    ('concat("a", "b")', "wrong-type"),
    ('"a" + 5', "wrong-type"),
]
RIGHT = [
    "take(rows, count(rows) - 1)", "slice(rows, 1)", "slice(rows, from: 1, to: count(pairs))",
    "group_by(rows, keys: [id], sum: sum(group, of: n), max_groups: 3)",
    "group_by(rows, keys: id, above: count(group, where: it.n > sum(group, of: n) / 2))",
    "join(rows, pairs, on: id == left)", 'join(rows, rows, on: [id, n], prefix: "r_")',
    'count(join(rows, rows, on: id, how: left, prefix: "r_"), where: it.r_n == none)',
    "keys(by_key(rows, key: id))", "get(nest(rows, keys: [id, n]), \"a\")",
    "values(nest(rows, keys: id, value: sum(group, of: n)))", "nest(top(rows, 1), keys: n)",
    "range(3)", "range(count(rows), max_items: 9)", "take(rows, 1 + 1)",
    "sort_by(rows, by: [n, id], descending: [id])", "sort_by(rows, by: n, descending: n)",
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


VALUES = [
    ("max([3, 1, 2])", 3),
    ("range(3)", [0, 1, 2]),
    ("range(1 + 1, 2 * 2, max_items: 3)", [2, 3]),
    ("range(5, to: 2)", []),
    ("slice([3, 1, 2], 1)", [1, 2]),
    ("slice([3, 1, 2], 1, to: 2)", [1]),
    ("slice([3, 1, 2], 5)", []),
    ("take([3, 1, 2], count([1, 1]))", [3, 1]),
    ("drop([3, 1, 2], 3 - 1)", [2]),
    ("top([3, 1, 2], 1 + 1)", [3, 2]),
    ("round(2.567, 2)", 2.57),
    ("count_distinct([3, 1, 3])", 2),
    ("stdev([1, 3])", 2**0.5),
    ("min([3, 1, 2])", 1),
    ("sum([1, 2]) % 2", 1),
    ("0 - 7 % 3", -1),
    ("median([3, 1, 2, 10])", 2.5),
    ("quantile([1, 2, 3, 4], 0.25)", 1.75),
    ("floor(0 - 1.5)", -2),
    ("ceil(1.2)", 2),
    ("abs(0 - 4)", 4),
    ('int(" 12 ")', 12),
    ("int(1.9)", 1),
    ('float("1.5")', 1.5),
    ("at([3, 1, 2], 0 - 1)", 2),
    ("at([3, 1, 2], 3)", None),
    ("reverse([3, 1, 2])", [2, 1, 3]),
    ("drop([3, 1, 2], 1)", [1, 2]),
    ("coalesce(at([3], 1), 9)", 9),
    ('replace("a-b-c", "-", "+")', "a+b+c"),
    ('split_text("a,b,c", separator: ",")', ["a", "b", "c"]),
    ('find_all("a1 b22", "[0-9]+")', ["1", "22"]),
    ('captures("on 2026-11", "([0-9]+)-([0-9]+)")', ["2026", "11"]),
    (r'capture_all("a1 b2", r"([a-z])(\d)")', [["a", "1"], ["b", "2"]]),
    (r'column(capture_all("a1 b2", r"(?P<n>\d)"), of: n)', ["1", "2"]),
    ('replace_matches("a1 b22", r"[0-9]+", "#")', "a# b#"),
    ('replace_matches("ab", "x*", "-")', "-a-b-"),
    ('substring("漢字かな", 0 - 3, 2)', "字か"),
    ('substring("abc", 2, 9)', "c"),
    ('substring("abc", 7, 1)', ""),
    ('pad("漢", 3, fill: "·")', "漢··"),
    ('lines("a\\r\\n\\nb\\n")', ["a", "", "b"]),
    ('words("a\\t b")', ["a", "b"]),
    ('ends_with("road", "ad")', True),
    ('zip(["a"], [1])', [{"left": "a", "right": 1}]),
]
TYPES = {bool: "Bool", int: "Int", float: "Float", str: "Text", type(None): "Int?"}


def typed(value: object) -> str:
    """The type of a value, as it is written."""
    if isinstance(value, list):
        return f"[{typed(value[0]) if value else 'Int'}]"
    return "Pair<Text, Int>" if isinstance(value, dict) else TYPES[type(value)]


@pytest.mark.parametrize(("call", "value"), VALUES)
def test_what_a_function_gives(tmp_path: Path, call: str, value: object) -> None:
    """A whole number where all items are whole."""
    path, type_ = tmp_path / "f.rlm", typed(value)
    type_ = f"{type_}?" if call.startswith(("at(", "median(", "quantile(", "stdev(")) else type_
    type_ = type_.replace("??", "?")
    path.write_text(f"rlm 1\nrecipe f() -> {type_} {{ return {call} }}\n")
    assert rlmlang.run(path, store=None).result == value


@pytest.mark.parametrize(
    "call",
    [
        "take([1], 0 - 1)",
        "range(1, 9 - 1, max_items: 3)",
        'int("1.5")',
        'float("x")',
        "quantile([1], 2)",
        "1 % 0",
        'replace("a", "", "b")',
        'substring("a", 0, 1.5)',
        'pad("a", 3, fill: "--")',
    ],
)
def test_a_value_that_has_no_answer_is_said(tmp_path: Path, call: str) -> None:
    path = tmp_path / "f.rlm"
    type_ = {"i": "Int", "f": "Float", "q": "Float?", "1": "Int"}.get(call[:1], "Text")
    type_ = "[Int]" if call.startswith(("take", "range")) else type_
    path.write_text(f"rlm 1\nrecipe f() -> {type_} {{ return {call} }}\n")
    problem = rlmlang.run(path, store=None).problem
    assert problem is not None and problem.diagnostic.code == "wrong-value"


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
