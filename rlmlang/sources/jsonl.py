"""`jsonl("rows.jsonl")`: JSON lines, one value a line, as the standard has it.

What `json` lets pass beyond that is refused: a key twice in one object, NaN, half a character,
nesting that nobody could show.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, chain, compress
from typing import NoReturn

from rlmlang.context import Datum, Document, not_utf8
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.types import AnyType, Type, fields_of
from rlmlang.sources.columns import Columns
from rlmlang.sources.physical import feed_ends, physical_lines
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows, ended, typed
from rlmlang.sources.spooled import spooled
from rlmlang.sources.values import ONE_A_LINE, MismatchError, bad_row, converter

BOM = "\ufeff"
DEEPEST = 100
"""How deep a value may be nested."""
BLANKS = b" \t\r\n"
BEFORE_COLONS = (b'"', b" ", b"\t", b"\r")
"""What the colon behind a key stands behind."""
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def opened(place: Place) -> Rows:
    """The rows of a file."""
    return jsonl(place.document, place.type.item)


def jsonl(document: Document, item: Type) -> Rows:
    """A file of JSON values, one a line. Raises CodedError (bad-row, not-utf8): a row that is none
    is told before anything is asked."""
    convert, record = converter(item), Columns(item)
    plain = bool(fields_of(item)) or isinstance(item, AnyType)

    names: set[str] = set()

    def slowly(lines: list[bytes], base: int, number: int) -> Iterator[Datum]:
        found = json_rows(document, [lines], base, number)
        return typed(document, map(noted, found), convert, number)

    def noted(row: tuple[int, Datum]) -> tuple[int, Datum]:
        names.update(row[1] if isinstance(row[1], dict) else ())
        return row

    def read(data: bytes, base: int, first: int) -> Iterable[Datum]:
        lines = feed_ends(data)
        objects = objects_in(lines) if plain else None
        found = record.rows_of(objects) if objects else None
        return slowly(lines, base, first + 1) if found is None else found

    starts, at, all_plain = array("Q"), document.start, True
    for lines in physical_lines(document, at, document.size, feed_ends):
        ends = [*accumulate(map(len, lines), initial=at)]
        objects = objects_in(lines) if plain else None
        if not objects or not record.fit(objects):
            all_plain = False
            deque(slowly(lines, at, len(starts) + 1), maxlen=0)
        names.update(chain.from_iterable(objects or ()))
        starts.extend(compress(ends, map(bytes.strip, lines)))
        at = ends[-1]
    if starts:
        starts[0] = document.start
    rows = Rows(document, ended(starts, document.size), read, item)
    rows.widest = record.widest if all_plain else None
    rows.leave_unread(sorted(names))
    return rows


def plain_objects(lines: list[bytes]) -> list[dict[str, Datum]] | None:
    """The objects of some lines, all parsed at once; None where that would not show a mistake.

    Each line begins with the one `{` that it has and ends with the one `}`. As many objects as
    lines need all of these, so each line is an object. A key stands before each colon that is no
    part of a text, and such a colon behind a quote or a blank: where there are no more of these
    than keys that were kept, no key was there twice.
    """
    texts = [text for line in lines if (text := line.strip(BLANKS))]
    whole = b",".join(texts)
    if {t[:1] + t[-1:] for t in texts} != {b"{}"} or SURROGATE.search(whole):
        return None
    if whole.count(b"{") != len(texts) or whole.count(b"}") != len(texts):
        return None
    if b"[" in whole and max(t.count(b"[") for t in texts) >= DEEPEST:
        return None
    try:
        found: list[dict[str, Datum]] = PLAIN.decode(f"[{whole.decode()}]")
    except (ValueError, RecursionError, MismatchError):
        return None
    if len(found) != len(texts) or set(map(type, found)) != {dict}:
        return None
    colons = sum(whole.count(before + b":") for before in BEFORE_COLONS)
    return found if colons == sum(map(len, found)) else None


def objects_in(lines: list[bytes]) -> list[dict[str, Datum]] | None:
    """The objects of some lines; None where one is none, or might hold a mistake."""
    found = plain_objects(lines)
    return _nested_objects(lines) if found is None else found


def _nested_objects(lines: list[bytes]) -> list[dict[str, Datum]] | None:
    """The same, line by line, where objects hold others."""
    texts = [text for line in lines if (text := line.strip(BLANKS))]
    if any(t.count(b"[") + t.count(b"{") > DEEPEST for t in texts):
        return None
    if SURROGATE.search(b"\n".join(texts)):
        return None
    try:
        pairs = [(text, SCAN(text, 0)) for text in map(bytes.decode, texts)]
    except (ValueError, StopIteration, RecursionError, MismatchError):
        return None
    if any(end != len(text) for text, (_, end) in pairs):
        return None
    found = [value for _, (value, _) in pairs if isinstance(value, dict)]
    return found if len(found) == len(pairs) else None


def kept_rows(name: str, values: Iterable[Mapping[str, object]], item: Type) -> Rows:
    """Values as JSON lines, so that each has a place of its own for the receipt: in memory, or in a
    file that is gone with them. Raises CodedError (bad-row)."""
    return jsonl(spooled(name, _written(name, values)), item)


def _written(name: str, values: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    for number, value in enumerate(values, 1):
        try:
            yield json.dumps(value, default=_as_text, ensure_ascii=False).encode() + b"\n"
        except (MismatchError, UnicodeEncodeError) as mistake:
            words = f"{name}, row {number:,}: {mistake}"
            raise failed(
                "bad-row", words, hint="select the column as text, or leave it out"
            ) from None


def _as_text(value: object) -> str:
    """A value that JSON has no form of, such as a date."""
    if isinstance(value, bytes | bytearray | memoryview):
        raise MismatchError("holds bytes, which are no text")
    return str(value)


def json_rows(
    document: Document, lines: Iterable[list[bytes]], at: int, number: int
) -> Iterator[tuple[int, Datum]]:
    """The byte that each row begins at, and its value. `at` is the byte that the lines begin at,
    `number` that of the first row. Raises CodedError (bad-row, not-utf8)."""
    for some in lines:
        for line in some:
            if line.strip():
                yield at, _value(document, line, at, number)
                number += 1
            at += len(line)


def _value(document: Document, line: bytes, at: int, number: int) -> Datum:
    try:
        return _parsed(line, line.decode().removeprefix(BOM))
    except UnicodeDecodeError as mistake:
        raise not_utf8(document.id, at + mistake.start, line, mistake) from None
    except json.JSONDecodeError as mistake:
        what = f"is no JSON: {mistake.msg} at its character {mistake.pos + 1:,}"
        raise bad_row(document, number, at, what, ONE_A_LINE) from None
    except MismatchError as mistake:
        raise bad_row(document, number, at, str(mistake)) from None


def _parsed(line: bytes, text: str) -> Datum:
    try:
        value: Datum = DECODER.decode(text)
    except RecursionError:
        raise MismatchError(f"is nested deeper than {DEEPEST}") from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise MismatchError("holds a whole number too long to be read") from None
    if line.count(b"[") + line.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise MismatchError(f"is nested deeper than {DEEPEST}")
    if SURROGATE.search(line) and not _encodes(value):
        raise MismatchError("holds half a character (\\ud800 to \\udfff without its other half)")
    return value


def _object(pairs: list[tuple[str, Datum]]) -> dict[str, Datum]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(n for n in names if names.count(n) > 1)
        raise MismatchError(f"has `{twice:.40}` twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise MismatchError(f"holds {name}, which is no number of JSON")


PLAIN = json.JSONDecoder(parse_constant=_no_number)
DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)
SCAN: Callable[[str, int], tuple[Datum, int]] = vars(DECODER)["scan_once"]
"""The value that begins somewhere, and where it ends: without what `decode` does for each text."""


def _depth(value: Datum) -> int:
    """How many lists and objects lie in one another."""
    depth, level = 0, [value]
    while level:
        nests = [x for x in level if isinstance(x, list | dict)]
        depth += bool(nests)
        level = [y for x in nests for y in (x.values() if isinstance(x, dict) else x)]
    return depth


def _encodes(value: Datum) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
