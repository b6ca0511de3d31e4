"""The `max` of fields, items, keys and values of what is given: held before anything is planned."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.context import Datum, TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir import types as ty
from rlmlang.ir.expressions import Param
from rlmlang.partitions.measure import Estimate
from rlmlang.runtime.given_sizes import hold_parts
from rlmlang.sources.csv import table
from rlmlang.sources.jsonl import jsonl
from rlmlang.sources.rows import Rows
from tests.conftest import Rlm

RECIPE = """rlm 1

record Row {{
  name: Text max 4tok
  tags: [Text max 3tok]? max 2
}}

recipe go(given: {type}) -> Int {{
  return length(text(given))
}}
"""
LONG = "x" * 9
ROW = {"name": "ann", "tags": ["a", "b"]}
BEYOND: list[tuple[str, Any, str]] = [
    ("[Row]", [ROW, {"name": LONG}], "`name` of item 2 of `given` has 5 tok; at most 4"),
    ("[Row]", [{**ROW, "tags": ["a", LONG]}], "item 2 of `tags` of item 1 of `given` has 5 tok"),
    ("[Row]", [{**ROW, "tags": [*"abc"]}], "`tags` of item 1 of `given` has 3 items; at most 2"),
    ("Row", {"name": LONG}, "`name` of `given` has 5 tok; at most 4"),
    ("Pair<Row, Text>", {"left": {"name": LONG}, "right": ""}, "`name` of `left` of `given` has 5"),
    ("Map<Text max 2tok, Row>", {"abcde": ROW}, "a key of `given` has 3 tok; at most 2"),
    ("Map<Text, Row>", {"a": {"name": LONG}}, "`name` of `a` of `given` has 5 tok"),
    ("[[Text max 2tok] max 2]", [["a"], ["b", LONG]], "item 2 of item 2 of `given` has 5 tok"),
    ("[[Text] max 2]", [[], [*"abc"]], "item 2 of `given` has 3 items; at most 2"),
]


@pytest.mark.parametrize(("type_", "value", "words"), BEYOND)
def test_what_is_beyond_the_max_of_a_part_is_refused(
    folder: Path, rlm: Rlm, type_: str, value: Any, words: str
) -> None:
    (folder / "go.rlm").write_text(RECIPE.format(type=type_))
    done = rlm("run", "go.rlm", "--set", f"given={json.dumps(value)}")
    assert (done.code, f"error[input-too-large]: {words}" in done.err) == (1, True), done.err
    with pytest.raises(CodedError, match=r"at most \d are taken"):
        rlmlang.run("go.rlm", values={"given": value})


def test_a_row_is_named_with_its_line(folder: Path, rlm: Rlm) -> None:
    (folder / "go.rlm").write_text(RECIPE.format(type="[Row]"))
    (folder / "rows.jsonl").write_text(f'{{"name": "ann"}}\n\n{{"name": "{LONG}"}}\n')
    said = rlm("run", "go.rlm", "--source", "given=rows.jsonl").err
    assert "`name` of row 2 (line 3) of `given` has 5 tok; at most 4 are taken" in said


TEXTS = st.text(st.sampled_from('ab é漢"\\,\n'), max_size=9).filter(lambda x: x == x.strip())
ITEM = ty.record(
    ty.Field("a", ty.TEXT, 3), ty.Field("b", ty.TEXT.maybe(), 4), ty.Field("c", ty.TEXT)
)
ROWS = st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS, "c": TEXTS}), min_size=1, max_size=4)


def as_csv(rows: Sequence[Mapping[str, str]], folder: Path) -> Rows:
    with (folder / "rows.csv").open("w", newline="") as file:
        made = csv.DictWriter(file, ["a", "b", "c"], quoting=csv.QUOTE_ALL)
        made.writeheader()
        made.writerows(rows)
    return table(TextDocument("rows.csv", (folder / "rows.csv").read_bytes()), ITEM)


def as_lines(rows: Sequence[Mapping[str, str]], folder: Path) -> Rows:
    text = "".join(json.dumps(row, ensure_ascii=len(rows) % 2 == 0) + "\n" for row in rows)
    return jsonl(TextDocument("rows.jsonl", text.encode()), ITEM)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS)
def test_rows_are_taken_when_each_field_is_within_its_max(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    fits = all(len(row[n].encode()) <= 2 * m for row in rows for n, m in (("a", 3), ("b", 4)))
    folder = tmp_path_factory.getbasetemp()
    for value in (rows, as_csv(rows, folder), as_lines(rows, folder)):
        assert _taken(value) == fits


def _taken(value: Datum) -> bool:
    try:
        hold_parts(Param("rows", ty.list_of(ITEM)), value, Estimate())
    except CodedError:
        return False
    return True
