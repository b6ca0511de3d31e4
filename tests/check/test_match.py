"""A match: what it takes, what it gives, and where `match` is a plain name."""

from __future__ import annotations

from pathlib import Path

import pytest

import rlmlang
from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import
from rlmlang.syntax.format import format_file
from rlmlang.syntax.parse import parse

HEAD = """rlm 1
enum Kind { bug, wish, other }
record Row { id: Int, kind: Kind, maybe: Kind?, ok: Bool?, match: Int }
prompt ask(n: Int) -> Text { task: "Say {n}." }
"""
ROWS = [
    {"id": 1, "kind": "bug", "maybe": None, "ok": True, "match": 7},
    {"id": 2, "kind": "other", "maybe": "wish", "ok": None, "match": 8},
]
GIVES = [
    ("match it.kind { bug -> true  wish, other -> false }", [1]),
    ("match it.kind { wish, other -> true, else -> false }", [2]),
    ("match it.maybe { bug, wish, other -> true  none -> false }", [2]),
    ("match it.maybe { bug, none -> true  else -> it.match > 7 }", [1, 2]),
    ("match it.ok { true -> true  false, none -> false }", [1]),
    ("match it.kind { bug -> match it.ok { true -> true else -> false } else -> false }", [1]),
    ("(if it.id > 1 then 1 else if it.id > 0 then 2 else 3) > 1", [1]),
    ("it.match > 7", [2]),
    ("it.kind in [bug, wish]", [1]),
]
WRONG = [
    ("match it.kind { bug -> true }", "not-exhaustive"),
    ("match it.maybe { bug, wish, other -> true }", "not-exhaustive"),
    ("match it.ok { true -> true none -> false }", "not-exhaustive"),
    ("match it.kind { bgu -> true else -> false }", "unknown-name"),
    ("match it.kind { none -> true else -> false }", "unknown-name"),
    ("match it.kind { true -> true else -> false }", "unknown-name"),
    ("match it.kind { bug, bug -> true else -> false }", "duplicate-name"),
    ("match it.id { bug -> true else -> false }", "wrong-type"),
    ("match it.kind { bug -> 1 else -> false }", "wrong-type"),
    ("match it.nothing { bug -> true else -> false }", "unknown-field"),
]


def recipe(test: str) -> str:
    return f"{HEAD}recipe f(rows: [Row]) -> [Int] {{ return ids(filter rows where {test}) }}\n"


def codes(text: str) -> list[str]:
    found = compiler.check(SourceFile("f.rlm", text), load_import).diagnostics
    return [d.code for d in found if d.severity == "error"]


@pytest.mark.parametrize(("test", "ids"), GIVES)
def test_what_a_match_gives(tmp_path: Path, test: str, ids: list[int]) -> None:
    path = tmp_path / "f.rlm"
    path.write_text(recipe(test))
    assert rlmlang.run(path, store=None, values={"rows": ROWS}).result == ids


@pytest.mark.parametrize(("test", "code"), WRONG)
def test_a_match_that_does_not_check(test: str, code: str) -> None:
    assert codes(recipe(test)) == [code]


def test_a_case_that_is_missing_is_named() -> None:
    found = compiler.check(
        SourceFile("f.rlm", recipe("match it.maybe { bug -> true }")), load_import
    ).diagnostics
    assert [d.hint for d in found] == ["add `wish, other, none -> …`, or `else -> …`"]


def test_an_arm_may_ask_a_model() -> None:
    body = 'match k {\n bug -> ask(1)\n wish, other -> "no"\n }'
    assert codes(f"{HEAD}recipe f(k: Kind) -> Text {{ return {body} }}\n") == []


def test_what_is_not_none_behind_a_match_is_known() -> None:
    body = "match k { bug -> length(text(k))  wish, other -> 1  none -> 0 }"
    assert codes(f"{HEAD}recipe f(k: Kind?) -> Int {{ return {body} }}\n") == []


def test_match_is_a_name_where_no_value_and_brace_follow() -> None:
    text = (
        f"{HEAD}recipe match(match: [Row]) -> Int {{\n  let x = count(match) + 1\n  return x\n}}\n"
    )
    assert codes(text) == []


def test_the_layout_of_a_match_keeps_its_meaning() -> None:
    written = recipe("match it.kind { bug  ->  true // why\n wish ,other-> false }")
    source = SourceFile("f.rlm", written)
    file = parse(source).tree
    assert file is not None
    laid_out = format_file(source, file)
    assert "{\n      bug -> true  // why\n      wish, other -> false\n    }" in laid_out
    assert parse(SourceFile("f.rlm", laid_out)).tree == file
