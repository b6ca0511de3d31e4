"""Rows tile their file, and each range of bytes, read alone, is the same row."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.types import ANY, BOOL, FLOAT, INT, TEXT, EnumType, Field, Type, list_of, record
from rlmlang.sources import spooled
from rlmlang.sources.columns import column
from rlmlang.sources.csv import table
from rlmlang.sources.delimited import Delimited
from rlmlang.sources.jsonl import json_rows, jsonl, kept_rows, objects_in
from rlmlang.sources.lines import lines
from rlmlang.sources.physical import any_ends, feed_ends, physical_lines
from rlmlang.sources.rows import Rows
from rlmlang.sources.values import MismatchError, converter

ENDS = ("\n", "\r\n", "\r")
CELL = st.text(alphabet='ab,"\r\n é漢😀\u2028\x85\x0b\t\0', max_size=8)
RAW = st.text(alphabet='aab,,""\r\n\né\u2028', max_size=60)


def alone(rows: Rows) -> list[object]:
    """Each row read by its own range, and by nothing else."""
    return [rows[i] for i in range(len(rows))]


def tiles(rows: Rows, document: TextDocument, first: int) -> None:
    """Ranges follow one another from the first row to the end."""
    assert all(a < b for a, b in pairwise(rows.starts))
    assert not rows or (rows.starts[0], rows.starts[-1]) == (first, document.size)
    for row, (start, end) in zip(rows, pairwise(rows.starts), strict=True):
        if hasattr(row, "part"):
            assert (row.part.start, row.part.end) == (start, end)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n))),
    st.sampled_from(ENDS),
    st.sampled_from(",;\t"),
    st.booleans(),
    st.sampled_from(["", "\n", "\r\n\r\n"]),
    st.booleans(),
)
def test_what_is_written_is_read(
    cells: list[list[str]], end: str, delimiter: str, every: bool, blank: str, mark: bool
) -> None:
    heading = [f"c{i}" for i in range(len(cells[0]) if cells else 2)]
    text = io.StringIO()
    every = every or any(x in cell for row in cells for cell in row for x in "\r\n")
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    for row in (heading, *cells):
        csv.writer(text, lineterminator=end, delimiter=delimiter, quoting=quoting).writerow(row)
        text.write(blank)
    data = ("\ufeff" * mark + text.getvalue()).encode()
    document = TextDocument("a.csv", data, 3 * mark)
    rows = table(document, ANY, delimiter)
    assert list(rows) == alone(rows) == [dict(zip(heading, row, strict=True)) for row in cells]
    head = len((end + blank).join([delimiter.join(heading), ""]).encode()) + 3 * mark
    tiles(rows, document, head + 2 * len(heading) * every)


@settings(max_examples=500, deadline=None)
@given(RAW)
def test_any_text_is_a_table_or_a_coded_problem(raw: str) -> None:
    text = "a,b\n" + raw
    document = TextDocument("a.csv", text.encode())
    if not regular(text):
        with pytest.raises(CodedError, match="a.csv, row"):
            table(document, ANY)
        return
    rows = table(document, ANY)
    expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    kept = [x for x in expected if len(x) == 2]
    assert list(rows) == alone(rows) == [dict(zip("ab", x, strict=True)) for x in kept[1:]]
    tiles(rows, document, rows.starts[0] if rows else 0)


def regular(text: str) -> bool:
    """Whether every row has two cells or is blank, and every quote its other."""
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return False
    return all(len(x) in (0, 2) for x in found)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(max_size=12).filter(str.strip), max_size=20),
    st.sampled_from(ENDS[:2]),
    st.sampled_from(["", "\n \t\n"]),
    st.booleans(),
)
def test_json_lines_and_lines_tile_their_file(
    texts: list[str], end: str, blank: str, ascii_only: bool
) -> None:
    values = [json.dumps(x, ensure_ascii=ascii_only) for x in texts]
    document = TextDocument("a", (blank + (end + blank).join(values)).encode())
    rows = jsonl(document, ANY)
    assert list(rows) == alone(rows) == texts
    tiles(rows, document, 0)
    plain = lines(document)
    assert list(plain) == alone(plain) == values


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab\r\né", max_size=40), st.integers(1, 9))
def test_blocks_make_no_difference_to_lines(text: str, block: int) -> None:
    document = TextDocument("a", text.encode())
    for split in (any_ends, feed_ends):
        found = physical_lines(document, 0, document.size, split, block)
        assert [x for some in found for x in some] == split(document.data)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('a,b\n1,"x\n2,y\n', "row 2 (line 2, byte 6)", "opens a quote that is never closed"),
        ('a,b\n"p\nq","x""y\n2,y', "row 2 (line 3, byte 10)", "opens a quote"),
        ('a,b\n1,é\n\n3,"é', "row 3 (line 4, byte 12)", "opens a quote"),
        ('a,b\r1,"5" pipe"\r', "row 2 (line 2, byte 4)", "behind a closing quote in line 2"),
        ('a,b\n1,"x\n2,"y"\n', "row 2 (line 2, byte 4)", "behind a closing quote in line 3"),
        ("a,b\n\n1\n", "row 2 (line 3, byte 5)", "has 1 cells, not 2"),
        ("a,b\r\n1,2\r\n3,4,5\r\n", "row 3 (line 3, byte 10)", "has 3 cells, not 2"),
        ("a,b\n1,2\n,", None, ""),
        ('a,b\n1,5" pipe\n2,"6"" pipe"\n', None, ""),
    ],
)
def test_a_broken_row_is_named_where_it_breaks(text: str, place: str | None, words: str) -> None:
    document = TextDocument("a.csv", text.encode())
    if place is None:
        assert len(table(document, ANY)) == 2
        return
    with pytest.raises(CodedError) as told:
        table(document, ANY)
    assert f"a.csv, {place}: " in str(told.value) and words in str(told.value)


ROW = record(Field("a", INT.maybe()), Field("b", TEXT), name="Row")
KEY = st.sampled_from(["a", "b", '"', ":", " :", "{", "é"])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | KEY
LINE = (
    st.dictionaries(KEY, SCALAR | st.lists(SCALAR, max_size=2), max_size=3).map(json.dumps)
    | st.sampled_from(['{"a": 1, "a": 2}', '{"a":1,"b":"x"}', '{"b": "x:"}', '{"a" : 1, "b" :"y"}'])
    | st.sampled_from(['{"a": "x}', '{", "b": 1}', "{}", '{"a": [1', "2]}", '{"b": "\\ud800"}'])
    | st.sampled_from(['{"a": {"b": 1}}', '{"a": {"b": 1, "b": 2}}', '{"a": [{"b": 1}', "{}]}"])
    | st.sampled_from(['{"a": {}}, {"b": {}}', ' {"a": {"b": {}}}', "[" * 101 + "]" * 101])
    | st.text(alphabet='{}",: ab1', max_size=9)
)


@settings(max_examples=500, deadline=None)
@given(st.lists(LINE, max_size=4))
def test_objects_parsed_at_once_are_those_of_each_line(written: list[str]) -> None:
    lines = [f"{line}\n".encode() for line in written]
    found = objects_in(lines)
    document = TextDocument("a", b"".join(lines))
    if found is not None:
        assert found == [value for _, value in json_rows(document, [lines], 0, 1)]


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='12_ ab,"\r\n\t\n', max_size=40), st.sampled_from(['"', "'", ""]))
def test_cells_by_column_are_those_of_each_row(raw: str, quote: str) -> None:
    shape = Delimited(TextDocument("a.csv", raw.encode()), ",", quote, 2)
    found = shape.columns(raw.encode())
    if found is not None:
        rows = [cells for _, cells in shape.rows(raw.encode(), 0, 1)]
        assert list(map(list, zip(*found, strict=True))) == rows


WANTED = (INT, FLOAT, BOOL, TEXT, ANY, EnumType((("1", ""), ("a", ""))), list_of(INT))
CELLS = st.lists(
    st.sampled_from(["", "1", "1.0", "a", "true", "1_0", "nan", " 2 ", "٣", "é"])
    | st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.just([1])
    | st.just(float("inf")) | st.just(10**400),
    max_size=4,
)  # fmt: skip


@settings(max_examples=1_000, deadline=None)
@given(st.sampled_from(WANTED), st.booleans(), CELLS)
def test_a_column_is_what_each_of_its_values_is(want: Type, optional: bool, cells: list) -> None:
    want = want.maybe() if optional else want
    each = converter(want, "x")
    try:
        expected = [each(cell) for cell in cells]
    except MismatchError:
        with pytest.raises(MismatchError):
            column(want, "x")(cells)
        return
    found = list(column(want, "x")(cells))
    assert [(type(x), x) for x in found] == [(type(x), x) for x in expected]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(), CELL.filter(lambda x: x != "")), max_size=9),
    st.integers(1, 40),
)
def test_blocks_make_no_difference_to_rows(cells: list[tuple[int, str]], block: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(
        [("a", "b"), *cells]
    )
    document = TextDocument("a.csv", text.getvalue().encode())
    rows = table(document, ROW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rlmlang.sources.rows.READ", block)
        patch.setattr(physical_lines, "__defaults__", (any_ends, block))
        small = table(document, ROW)
        assert list(small) == list(rows) == [{"a": a, "b": b} for a, b in cells]
    assert small.starts == rows.starts


@pytest.mark.parametrize("small", [0, 1 << 20])
@given(values=st.lists(st.dictionaries(st.sampled_from("ab"), st.text(max_size=9)), max_size=9))
def test_rows_from_elsewhere_are_the_same_in_memory_and_in_a_file(
    small: int, values: list[dict[str, str]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spooled, "SMALL", small)
        rows = kept_rows("select", values, ANY)
        again = kept_rows("select", values, ANY)
    assert isinstance(rows.document, TextDocument) == (small > 0 or not values)
    assert list(rows) == alone(rows) == values
    assert rows.document == again.document
    tiles(rows, rows.document, 0)
