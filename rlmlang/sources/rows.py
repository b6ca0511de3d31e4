"""Lists of rows: JSON lines, tables and lines of text, each row with the bytes it stands in.

Only the offsets of the rows are held in memory; a row is read when it is asked for.
"""

from __future__ import annotations

import csv
import itertools
import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from rlmlang.check.types import Type
from rlmlang.context import Document, Part, Row, not_utf8
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import nearest

BLOCK = 1 << 20
KEY = 8
"""What a field's name, quotes and marks add to a row shown as JSON, in tok."""
Reader = Callable[[bytes, int], Any]


class Rows(Sequence[Any]):
    """The rows of a document. `starts` are their byte offsets and, last, the end."""

    def __init__(
        self, document: Document, starts: array[int], read: Reader, item: Type | None = None
    ) -> None:
        self.document, self.starts, self._read = document, starts, read
        longest = max((b - a for a, b in itertools.pairwise(starts)), default=0)
        keys = sum(len(f.name) // 2 + KEY for f in item.fields) if item is not None else 0
        self.item_size = longest // 2 + keys + 4

    def __len__(self) -> int:
        return max(0, len(self.starts) - 1)

    @overload
    def __getitem__(self, at: int) -> Any: ...
    @overload
    def __getitem__(self, at: slice) -> list[Any]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._row(at, self.document.read(self.starts[at], self.starts[at + 1]))

    def __iter__(self) -> Iterator[Any]:
        at = 0
        while at < len(self):
            stop = at + 1
            while stop < len(self) and self.starts[stop + 1] - self.starts[at] < BLOCK:
                stop += 1
            base = self.starts[at]
            data = self.document.read(base, self.starts[stop])
            for i in range(at, stop):
                yield self._row(i, data[self.starts[i] - base : self.starts[i + 1] - base])
            at = stop

    def _row(self, at: int, data: bytes) -> Any:
        part = Part(self.document, self.starts[at], self.starts[at + 1])
        value = self._read(data, at)
        return Row(value, part) if isinstance(value, dict) else value


def index(document: Document, start: int, *, quoted: bool = False) -> array[int]:
    """Where each row begins: at each line; in a quoted table, not inside quotes. Blank lines
    belong to the row before them."""
    starts = array("Q")
    at, inside, _blank = start, False, True
    tail = b""
    while at < document.size:
        block = document.read(at, min(document.size, at + BLOCK))
        if not block:
            break
        lines = (tail + block).split(b"\n")
        line_start = at - len(tail)
        tail = lines.pop()
        for line in lines:
            if not inside and line.strip():
                starts.append(line_start)
            if quoted and line.count(b'"') % 2:
                inside = not inside
            line_start += len(line) + 1
        at += len(block)
    if tail.strip() and not inside:
        starts.append(document.size - len(tail))
    if starts:
        starts[0] = start
    starts.append(document.size)
    return starts if len(starts) > 1 else array("Q")


def jsonl(document: Document, item: Type) -> Rows:
    """A file of JSON values, one a line."""

    def read(data: bytes, at: int) -> Any:
        try:
            value = json.loads(data)
        except UnicodeDecodeError as mistake:
            raise not_utf8(document.id, mistake.start, data, mistake) from None
        except ValueError as mistake:
            raise _bad_row(document, at, f"is no JSON: {mistake}") from None
        return typed(value, item, document, at)

    return Rows(document, index(document, document.start), read, item)


def table(document: Document, item: Type, delimiter: str = ",") -> Rows:
    """A table whose first line names its columns."""
    starts = index(document, document.start, quoted=True)
    if not starts:
        return Rows(document, starts, lambda data, at: {})
    heading = _cells(document, document.read(starts[0], starts[1]), 0, delimiter)
    missing = [f.name for f in item.fields if f.name not in heading and not f.type.optional]
    if missing:
        near = nearest(missing[0], heading)
        raise failed(
            "missing-column",
            f"{document.id} has no column `{missing[0]}`",
            hint=f"its columns: {', '.join(heading)}" + (f"; is it `{near}`?" if near else ""),
        )

    def read(data: bytes, at: int) -> Any:
        cells = _cells(document, data, at + 1, delimiter)
        if len(cells) != len(heading):
            raise _bad_row(document, at + 1, f"has {len(cells)} cells, not {len(heading)}")
        return typed(dict(zip(heading, cells, strict=True)), item, document, at + 1)

    return Rows(document, starts[1:], read, item)


def lines(document: Document) -> Rows:
    """A text file, one item a line."""

    def read(data: bytes, at: int) -> Any:
        try:
            return data.decode().rstrip("\r\n")
        except UnicodeDecodeError as mistake:
            raise not_utf8(document.id, mistake.start, data, mistake) from None

    return Rows(document, index(document, document.start), read)


def _cells(document: Document, data: bytes, at: int, delimiter: str) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as mistake:
        raise not_utf8(document.id, mistake.start, data, mistake) from None
    try:
        return next(
            csv.reader(text.strip("\r\n").splitlines(keepends=True), delimiter=delimiter), []
        )
    except csv.Error as mistake:
        raise _bad_row(document, at, f"is no row of a table: {mistake}") from None


def typed(value: Any, want: Type, document: Document, at: int) -> Any:
    """A value as its declared type. Raises CodedError (bad-row) naming file, row and field."""
    if want.kind != "Record":
        return value
    if not isinstance(value, dict):
        raise _bad_row(document, at, f"is no record of {want}")
    out = {}
    for f in want.fields:
        if f.name not in value and not f.type.optional:
            raise _bad_row(document, at, f"has no `{f.name}`")
        out[f.name] = _scalar(value.get(f.name), f.type, f.name, document, at)
    return out


def _scalar(value: Any, want: Type, name: str, document: Document, at: int) -> Any:
    if value is None or (value == "" and want.optional):
        if want.optional:
            return None
        raise _bad_row(document, at, f"has nothing in `{name}`")
    try:
        converted = _convert(value, want)
    except (ValueError, TypeError):
        raise _bad_row(document, at, f"`{name}` is {value!r:.40}, not {want}") from None
    return converted


def _convert(value: Any, want: Type) -> Any:
    match want.kind:
        case "Int":
            if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
                raise ValueError(value)
            return int(value)
        case "Float":
            return float(value)
        case "Bool":
            return _truth(value)
        case "Enum":
            if value not in [n for n, _ in want.labels]:
                raise ValueError(value)
            return value
        case "Text" | "Id" | "Path" | "Date" | "Quote":
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]


def _bad_row(document: Document, at: int, what: str) -> CodedError:
    return failed(
        "bad-row",
        f"{document.id}, row {at + 1:,}: {what}",
        hint="mend the row, or declare the field as it is (`T?` for one that may be empty)",
    )
