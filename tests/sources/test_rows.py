"""Rows that are no rows, and values that are not of their type, as records and as datasets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import ANY, BOOL, FLOAT, INT, SCALARS, TEXT, EnumType, Field, Type, list_of
from rlmlang.ir.types import record as record_of
from rlmlang.sources.csv import table
from rlmlang.sources.jsonl import jsonl
from rlmlang.sources.lines import lines
from tests.conftest import Rlm

MOOD = EnumType((("glad", ""), ("sad", "")))


def short(value: object) -> str:
    """The name of a case that may be long."""
    return repr(value)[:30]


def record(name: str, type_: Type) -> Type:
    """A record of one field."""
    return record_of(Field(name, type_), name="Row")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"a": 1, "a": 2}', "has `a` twice"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "has `b` twice"),
        ("[" * 101 + "]" * 101, "is nested deeper than 100"),
        ("[" * 100_000 + "]" * 100_000, "is nested deeper than 100"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "is nested deeper than 100"),
        ("9" * 5_000, "holds a whole number too long to be read"),
        ('{"a": NaN}', "holds NaN"),
        ("[-Infinity]", "holds -Infinity"),
        (r'"half \ud83d"', "holds half a character"),
        (r'{"\uDE00": 1}', "holds half a character"),
        ('{"a": 1', "is no JSON"),
        ("{'a': 1}", "is no JSON"),
        ('{"a": 1} {"a": 2}', "is no JSON: Extra data at its character 10"),
        ("[", "is no JSON"),
    ],
    ids=short,
)
def test_what_is_no_row_of_json_lines(line: str, words: str) -> None:
    document = TextDocument("a.jsonl", f'\n{{"ok": 1}}\r\n\n{line}\n{{"ok": 2}}\n'.encode())
    with pytest.raises(CodedError) as told:
        list(jsonl(document, ANY))
    assert told.value.diagnostic.code == "bad-row"
    assert str(told.value).startswith(f"a.jsonl, row 2 (line 4, byte 13): {words}")
    assert len(str(told.value)) < 200


def test_what_is_a_row_of_json_lines() -> None:
    deep = "[" * 100 + "]" * 100
    text = f'\ufeff{{"a": "\u2028\x85"}}\r\n{deep}\n"{"[" * 200}"\n"\\ud83d\\ude00"\n\ufeff[1]\n'
    rows = jsonl(TextDocument("a.jsonl", text.encode(), 3), ANY)
    assert list(rows) == [{"a": "\u2028\x85"}, json.loads(deep), "[" * 200, "😀", [1]]


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (
            INT,
            {"7": 7, " 7 ": 7, "-007": -7, "+7": 7},
            ["", "1_000", "1,000", "7.0", "0x7", "٧", "７", "7 8", "1e3", "9" * 5_000],
        ),
        (
            FLOAT,
            {"7": 7.0, "-.5": -0.5, "1e3": 1000.0, " 2.50 ": 2.5},
            ["", "nan", "inf", "-Infinity", "1e999", "1_0.5", "1.250,50", "½", "１.5"],
        ),
        (BOOL, {"true": True, "No": False, "1": True}, ["", "maybe", "on", "2"]),
        (MOOD, {"glad": "glad"}, ["", "Glad", "glad "]),
        (TEXT, {"": "", " x ": " x ", "007": "007", 'say "x"': 'say "x"'}, []),
        (INT.maybe(), {"": None, "7": 7}, [" ", "none", "null"]),
        (list_of(TEXT), {}, ["", "x", '["x"]']),
    ],
)
def test_cells_are_read_as_their_type(type_: Type, good: dict[str, object], bad: list[str]) -> None:
    def read(cell: str) -> object:
        quoted = '"' + cell.replace('"', '""') + '"'
        return table(TextDocument("a.csv", f"x,y\n{quoted},\n".encode()), record("x", type_))[0]

    assert {cell: read(cell)["x"] for cell in good} == good
    for cell in bad:
        with pytest.raises(CodedError, match=r"row 2 \(line 2, byte 4\): `x` is "):
            read(cell)


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (
            INT,
            {"7": 7, "7.0": 7, '"7"': 7, "1" * 40: int("1" * 40)},
            ["null", "true", "7.5", "1e999", "[7]", '"1_000"', '{"a": 7}'],
        ),
        (FLOAT, {"7": 7.0, "7.5": 7.5, '"7.5"': 7.5}, ["true", "1e999", "1" * 400, '"nan"', "[]"]),
        (TEXT, {'"x"': "x", "7": "7", '["x"]': '["x"]', "true": "true"}, ["null"]),
        (MOOD, {'"sad"': "sad"}, ['"SAD"', "1", '["sad"]', "{}"]),
        (list_of(INT), {"[]": [], "[1, 2]": [1, 2]}, ['["x"]', "3", "[null]", "[1.5]"]),
        (record("y", INT), {'{"y": 1, "z": 2}': {"y": 1}}, ["{}", "3", "[1]", '{"y": "x"}']),
    ],
)
def test_json_values_are_read_as_their_type(
    type_: Type, good: dict[str, object], bad: list[str]
) -> None:
    def read(value: str, item: Type, text: str) -> object:
        return jsonl(TextDocument("a.jsonl", (text % value).encode()), item)[0]

    assert {v: read(v, record("x", type_), '{"x": %s}')["x"] for v in good} == good
    assert {v: read(v, type_, "%s") for v in good} == good
    for value in bad:
        with pytest.raises(CodedError, match=r"row 1 \(line 1, byte 0\): "):
            read(value, record("x", type_), '{"x": %s}')


@pytest.mark.parametrize(
    ("data", "delimiter", "code", "words"),
    [
        ("id,id\n1,2\n", ",", "duplicate-column", "two columns called `id`"),
        ("id,x,y,x\n1,2,3,4\n", ",", "duplicate-column", "two columns called `x`"),
        ("ID\n1\n", ",", "missing-column", "no column `id`"),
        ("\n \n\n", ",", "missing-column", "no column `id`"),
        ("id;x\n1;2\n", ",", "missing-column", "no column `id`"),
        ("id\n1\n", ";;", "source-form", "`;;` is no delimiter"),
        ("id\n1\n", "", "source-form", "`` is no delimiter"),
        ("id\n1\n", '"', "source-form", "is no delimiter"),
        ("id\n1\n\xff\n", ",", "not-utf8", "byte 5 is ff"),
        ('id\n"' + "x" * (1 << 24) + 'x"\n', ",", "bad-row", "a cell of more than 16,777,216"),
    ],
    ids=short,
)
def test_tables_that_are_none(data: str, delimiter: str, code: str, words: str) -> None:
    with pytest.raises(CodedError) as told:
        table(TextDocument("a.csv", data.encode("latin-1")), record("id", INT), delimiter)
    assert (told.value.diagnostic.code, words in str(told.value)) == (code, True)


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        ("x,,\n1,2,3\n", ["1"]),
        ("x\n\n  \n1\n", ["  ", "1"]),
        ('x,y\n1,2\n \t\n"a\r\nb\rc\nd",2', ["1", "a\r\nb\rc\nd"]),
        ("x,y\na\u2028b\x85c\x0bd,1\re,2", ["a\u2028b\x85c\x0bd", "e"]),
        ('x,y\n5" pipe,1\n6"" pipe,2\n"7"" pipe",3\n', ['5" pipe', '6"" pipe', '7" pipe']),
        ('y,x\r\n1,5" pipe\r\n2,b\r\n3,7" rod\r\n', ['5" pipe', "b", '7" rod']),
        ('y,x\n1,6\'2" tall\n2,b\n3,9"', ["6'2\" tall", "b", '9"']),
        ('y,x\n1,a "b" c\n2,９"管\n', ['a "b" c', '９"管']),
        ("x\n" + "y" * 500_000 + "\nz\n", ["y" * 500_000, "z"]),
        ("x,y\n\0,1\n", ["\0"]),
        ("\r\n\r\nx,y\r\n1,2\r\n\r\n\r\n", ["1"]),
        ("x,y", []),
    ],
    ids=short,
)
def test_tables_in_all_their_forms(data: str, cells: list[str]) -> None:
    rows = table(TextDocument("a.csv", data.encode()), record("x", TEXT))
    assert [row["x"] for row in rows] == cells == [rows[i]["x"] for i in range(len(rows))]


def test_lines_of_blanks_are_no_items() -> None:
    document = TextDocument("a.txt", b"\n \n a \r\n\t\nb\n \n")
    assert list(lines(document)) == [" a ", "b"]
    with pytest.raises(CodedError, match="byte 3 is ff"):
        list(lines(TextDocument("a.txt", b"ab\n\xff\n")))


EVAL = """rlm 1
enum Mood { glad, sad }
prompt feel(text: Text) -> Mood "How does it feel?"
recipe mood(text: Text) -> Mood { return feel(text) }
dataset d { path: "%s"  want: mood }
eval e for mood { over: d  score exact weight 1 }
"""


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("d.csv", "text,mood\nx,glad\nlost\n", "row 3 (line 3, byte 17): has 1 cells, not 2"),
        ("d.csv", "text,mood\nx, y,glad\n", "row 2 (line 2, byte 10): has 3 cells"),
        ("d.csv", "text,mood\nx,\n", "example 1, has nothing in `mood`"),
        ("d.csv", 'text,mood\n"x,glad\n', "(line 2, byte 10): opens a quote"),
        ("d.csv", "text,text,mood\nx,y,glad\n", "[duplicate-column]"),
        ("d.jsonl", '{"text": "x", "mood": "glad", "mood": "sad"}', "row 1"),
        ("d.jsonl", '{"text": "x", "mood": null}', "example 1, has nothing in `mood`"),
        ("d.jsonl", '{"text": "x", "mood": "glad"}\n[1]', "example 2, is no JSON object"),
        (
            "d.json",
            '[{"text": "x", "mood": "glad"}]',
            "example 1, is no JSON object: one stands on each line",
        ),
        ("d.jsonl", "\n\n", "has no examples"),
    ],
)
def test_datasets_are_read_as_sources_are(
    folder: Path, rlm: Rlm, name: str, data: str, words: str
) -> None:
    (folder / "e.rlm").write_text(EVAL % name)
    (folder / name).write_text(data)
    found = rlm("eval", "e.rlm")
    assert (found.code, words in found.err) == (1, True), found.err
    assert "[dataset-unreadable]" in found.err or "[duplicate-column]" in found.err


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "d.jsonl",
            '{"text": "glad\u2028 a\x85b", "mood": "glad"}\r\n\n{"text": "x", "mood": "sad"}',
        ),
        ("d.csv", '\ufefftext,mood\r"glad\n' + "y" * 200_000 + '",glad\r5" of it,sad\r'),
        ("d.tsv", "mood\ttext\nglad\ta, b\n\nsad\tx\n"),
    ],
    ids=short,
)
def test_datasets_in_all_their_forms(folder: Path, rlm: Rlm, name: str, data: str) -> None:
    (folder / "e.rlm").write_text(EVAL % name)
    (folder / name).write_bytes(data.encode())
    found = rlm("eval", "e.rlm", "--json")
    assert [row["want"] for row in json.loads(found.out)["rows"]] == ["glad", "sad"], found.err


def test_datasets_have_the_settings_of_sources(folder: Path, rlm: Rlm) -> None:
    dataset = 'path: "d.csv" delimiter: ";" quote: "\'" heading: false encoding: "utf-16"'
    recipe = EVAL.replace('path: "%s"', dataset + " bind: { text: column1 }")
    (folder / "e.rlm").write_text(recipe.replace("want: mood", "want: column2"))
    (folder / "d.csv").write_text("'a;b';glad\n\"x;sad\n", encoding="utf-16")
    found = rlm("eval", "e.rlm", "--json")
    assert [row["want"] for row in json.loads(found.out)["rows"]] == ["glad", "sad"], found.err
    (folder / "e.rlm").write_text(EVAL.replace('"%s"', '"d.jsonl" heading: false'))
    (folder / "d.jsonl").write_text("{}")
    assert "is read as jsonl, which has no `heading`" in rlm("eval", "e.rlm").err


@pytest.mark.parametrize(
    ("data", "item", "heading", "quote", "rows"),
    [
        (
            "1,x\n2,y\n",
            ANY,
            False,
            '"',
            [{"column1": "1", "column2": "x"}, {"column1": "2", "column2": "y"}],
        ),
        ("1\n", record("n", INT), False, '"', [{"n": 1}]),
        ("", record("n", INT), False, '"', []),
        ("x\n\"a\n'b'\n", ANY, True, "", [{"x": '"a'}, {"x": "'b'"}]),
        ("x,y\n'a,''b',c\n", ANY, True, "'", [{"x": "a,'b", "y": "c"}]),
        ("\n\n 1\n", record("n", INT), False, '"', [{"n": 1}]),
    ],
    ids=short,
)
def test_tables_as_their_source_says(
    data: str, item: Type, heading: bool, quote: str, rows: list[object]
) -> None:
    document = TextDocument("a.csv", data.encode())
    assert list(table(document, item, ",", quote, heading=heading)) == rows


def test_what_seems_to_stand_between_cells_is_told_and_not_guessed() -> None:
    for delimiter in ";\t|":
        with pytest.raises(CodedError) as told:
            table(
                TextDocument("a.csv", f"id{delimiter}x\n1{delimiter}2\n".encode()),
                record("id", INT),
            )
        shown = "\\t" if delimiter == "\t" else delimiter
        assert f'separated by `{shown}`: delimiter: "{shown}"' in told.value.diagnostic.hint
    with pytest.raises(CodedError, match=r"row 2 \(line 2, byte 4\): has 1 cells, not 2"):
        table(TextDocument("a.csv", b"1,2\n3\n"), ANY, heading=False)


def test_counting_holds_no_rows() -> None:
    values = "".join(f'{{"n": {i}, "k": "{i % 3}"}}\n' for i in range(90))
    rows = jsonl(TextDocument("a.jsonl", values.encode()), ANY)
    assert FUNCTIONS["count"].run(rows) == 90 and FUNCTIONS["sum"].run(rows, of="n") == 4005
    assert FUNCTIONS["count_by"].run(rows, keys=("k",)) == [
        {"k": str(i), "n": 30} for i in range(3)
    ]
    assert FUNCTIONS["mean_by"].run(rows, keys=("k",), of="n")[0] == {"k": "0", "mean": 43.5}
    assert rows.starts.itemsize <= 16


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2026-11-30", True),
        ("2026-11-30T18:05:00+01:00", True),
        ("2026-11-30 18:05", True),
        ("2020-13-01", False),
        ("2026-02-29", False),
        ("30.11.2026", False),
        ("20261130", False),
        ("2026-W48-1", False),
        ("２０２６-11-30", False),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_date_is_a_day_of_the_calendar(text: str, right: bool, kind: str) -> None:
    item = record("day", SCALARS["Date"])
    data = f"day\n{text}\n" if kind == "csv" else json.dumps({"day": text}) + "\n"
    document = TextDocument(f"d.{kind}", data.encode())
    opened = table if kind == "csv" else jsonl
    if right:
        assert [row["day"] for row in opened(document, item)] == [text]
    else:
        with pytest.raises(CodedError, match="day"):
            list(opened(document, item))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-30T18:05:00+01:00", "2026-11-30T17:05:00+00:00"),
        ("2026-11-30 18:05:00.25", "2026-11-30T18:05:00.250000+00:00"),
        ("2026-11-30T18:05Z", "2026-11-30T18:05:00+00:00"),
        ("2026-11-30", None),
        ("2026-11-30T25:05Z", None),
        ("0001-01-01T00:00+10:00", None),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_time_is_an_instant(text: str, instant: str | None, kind: str) -> None:
    item = record("at", SCALARS["Time"])
    data = f"at\n{text}\n" if kind == "csv" else json.dumps({"at": text}) + "\n"
    document = TextDocument(f"d.{kind}", data.encode())
    opened = table if kind == "csv" else jsonl
    if instant is not None:
        assert [row["at"] for row in opened(document, item)] == [instant]
    else:
        with pytest.raises(CodedError, match="at"):
            list(opened(document, item))
