"""Sheets of workbooks, written by openpyxl: types of cells, merged ones, those that would be lost."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import openpyxl
import pytest

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.types import ANY, BOOL, FLOAT, INT, TEXT, Field, TextType, Type, list_of
from rlmlang.ir.types import record as record_of
from rlmlang.plugins import opened
from rlmlang.sources.place import Place
from tests.conftest import Rlm
from tests.sources.test_rows import EVAL


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def workbook(path: Path, *rows: list[object], merged: str = "", other: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    if other:
        book.create_sheet(other).append(["id"])
    book.save(path)
    return path


def read(path: Path, item: Type = ANY, **options: object) -> list[object]:
    return list(opened("xlsx", Place(str(path), list_of(item), options=options)))


def test_cells_have_the_values_that_they_show(tmp_path: Path) -> None:
    day = datetime.datetime(2026, 11, 30, 12, 30)
    path = workbook(
        tmp_path / "a.xlsx",
        ["id", "when", "day", "at", "ok", "x", "note"],
        [7, day, day.date(), day.time(), True, 1.5, "007"],
        [],
        [-3.0, day, day.date(), day.time(), False, 0.1, "a\nb é 😀"],
        [None, day, day.date(), day.time(), False, 2, " "],
    )
    rows = read(path)
    assert rows[0] == {
        "id": 7, "when": "2026-11-30T12:30:00", "day": "2026-11-30", "at": "12:30:00",
        "ok": True, "x": 1.5, "note": "007",
    }  # fmt: skip
    assert [r["id"] for r in rows] == [7, -3, ""] and isinstance(rows[1]["id"], int)
    assert (rows[1]["note"], rows[2]["x"]) == ("a\nb é 😀", 2)
    wanted = record_of(
        Field("id", INT.maybe()),
        Field("day", TextType("Date")),
        Field("ok", BOOL),
        Field("x", FLOAT),
        name="R",
    )
    assert read(path, wanted)[2] == {"id": None, "day": "2026-11-30", "ok": False, "x": 2.0}
    assert read(path, wanted) == read(path, wanted)


def test_merged_cells_have_their_value_in_each(tmp_path: Path) -> None:
    rows = (["kind", "id"], ["a", 1], [None, 2], ["b", 3])
    path = workbook(tmp_path / "a.xlsx", *rows, merged="A2:A3")
    assert [r["kind"] for r in read(path)] == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["id"], ["=1+1"]], "cell A2: holds a formula whose value was never kept"),
        ([["id"], [1], ["#DIV/0!"]], "cell A3: holds the error #DIV/0!"),
        ([["id", "id"], [1, 2]], "two columns called `id`"),
        ([["ID"], [1]], "has no column `id`"),
        ([["id"], [], ["x"]], "(line 3, byte 2): `id` is 'x', not Int"),
        ([["id"], [1.5]], "`id` is 1.5, not Int"),
        ([], "holds no text"),
    ],
)
def test_what_is_no_row_is_named(tmp_path: Path, rows: list[list[object]], words: str) -> None:
    path = workbook(tmp_path / "a.xlsx", *rows)
    for _ in range(2):
        with pytest.raises(CodedError) as told:
            read(path, record_of(Field("id", INT), name="R"))
        assert words in str(told.value)


def test_a_sheet_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", ["id"], [1], other="Other")
    assert read(path, sheet="Sheet") == [{"id": 1}] and read(path, sheet="Other") == []
    for sheet in ("", "sheet"):
        with pytest.raises(CodedError) as told:
            read(path, sheet=sheet)
        assert (
            told.value.diagnostic.code == "sheet-missing" and "Sheet" in told.value.diagnostic.hint
        )
    (tmp_path / "b.xlsx").write_bytes(b"PK\3\4 no")
    with pytest.raises(CodedError, match="is no xlsx workbook"):
        read(tmp_path / "b.xlsx")


def test_without_a_heading_columns_are_the_fields_in_order(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [1, "x"], [2, "y"])
    wanted = record_of(Field("id", INT), Field("name", TEXT), name="R")
    assert read(path, wanted, heading=False) == [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]
    with pytest.raises(CodedError, match="row 1: has more cells than there are columns"):
        read(path, record_of(Field("id", INT), name="R"), heading=False)
    assert read(path, heading=False)[0] == {"column1": 1, "column2": "x"}


def test_a_workbook_is_a_dataset_and_a_source_of_the_command_line(folder: Path, rlm: Rlm) -> None:
    workbook(folder / "d.xlsx", ["text", "mood"], ["glad", "glad"], ["x", "sad"])
    (folder / "e.rlm").write_text(EVAL % "d.xlsx")
    found = rlm("eval", "e.rlm", "--json")
    assert [row["want"] for row in json.loads(found.out)["rows"]] == ["glad", "sad"], found.err
