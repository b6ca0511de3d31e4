"""Where a value came from, while a recipe runs: the piece of a document that it is, or that a model
was shown when it gave the answer. It is no part of the value: neither equality, JSON nor the text
that a model is shown knows of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from unicodedata import normalize

from rlmlang.context import Cut, Datum, Document, Part, Row, RowText, Slice
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir.places import MOST_PATH, NAMES
from rlmlang.ir.types import Type, fields_of
from rlmlang.unicode import SAME

BLOCK, GROUP = 1 << 16, 1 << 24
MARKS = 1024
"""So many counts of lines are remembered, each of a block or of a group of blocks."""


class Answer(dict[str, Datum]):
    """A record with the piece that it came from."""

    __slots__ = ("origin",)
    origin: Slice


class AnswerText(str):
    """A text or label with the piece that it came from."""

    __slots__ = ("origin",)
    origin: Slice


class Quoted(str):
    """A quote with the value that it was found in, where its bytes are looked for when they are
    asked for."""

    __slots__ = ("source",)
    source: Datum

    @property
    def origin(self) -> Slice | None:
        """The bytes of the quote; those of the piece it was found in where that has it in other
        words, as an escaped or a hyphenated text."""
        piece = origin_of(self.source)
        if piece is None:
            return None
        found = (_within(part, self) for part in piece.parts)
        part = next((p for p in found if p is not None), None)
        return piece if part is None else Slice((part,))


def quoted(quote: str, source: Datum) -> Quoted:
    """A quote that was found in a value."""
    found = Quoted(quote)
    found.source = source
    return found


def _within(part: Part, quote: str) -> Part | None:
    """The bytes of a part that are a quote, but for typography and white space."""
    text = part.text()
    at = text.find(quote)
    first, last = (at, at + len(quote)) if at >= 0 else _evenly(text, quote)
    if first < 0:
        return None
    start = part.start + len(text[:first].encode())
    return Part(part.document, start, start + len(text[first:last].encode()))


def _evenly(text: str, quote: str) -> tuple[int, int]:
    """The same without typography; -1 where it is not found."""
    even = [(x, i) for i, c in enumerate(text) for x in normalize("NFKC", c.translate(SAME))]
    words = normalize("NFKC", quote.translate(SAME)).split()
    found = re.search(r"\s+".join(map(re.escape, words)), "".join(x for x, _ in even))
    return (even[found.start()][1], even[found.end() - 1][1] + 1) if found else (-1, -1)


def placed(value: Datum, origin: Slice | None, type_: Type) -> Datum:
    """A value of a type with the piece that it came from; of a list each item. What knows its own
    place keeps it, and numbers have none."""
    if origin is None or value is None:
        return value
    if isinstance(value, Row | RowText | Answer | AnswerText | Quoted | Slice | Cut):
        return value
    if isinstance(value, dict):
        found = Answer(with_own(value, type_))
        found.origin = origin
        return found
    if isinstance(value, str):
        text = AnswerText(value)
        text.origin = origin
        return text
    if isinstance(value, list):
        return [placed(x, origin, type_.item) for x in value]
    return value


def with_own(value: dict[str, Datum], type_: Type) -> dict[str, Datum]:
    """A record with none for those of its own fields that are called as fields of a place are, and
    were left out: its own name wins."""
    own = [f.name for f in fields_of(type_) if f.name in NAMES and f.name not in value]
    return {**value, **dict.fromkeys(own)} if own else value


def like(value: dict[str, Datum], row: Datum) -> dict[str, Datum]:
    """A record that was made of a row, with the row's place if it has one."""
    origin = origin_of(row)
    if origin is None:
        return value
    found = Answer(value)
    found.origin = origin
    return found


def origin_of(value: Datum) -> Slice | None:
    """The piece of a document that a value came from; of a batch from its first row to its last.
    None where it came from none."""
    if isinstance(value, Slice):
        return value
    if isinstance(value, Answer | AnswerText | Quoted):
        return value.origin
    if isinstance(value, Row | RowText):
        return Slice((value.part,))
    if isinstance(value, Cut):
        return Slice(value.parts)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return _joined([origin_of(x) for x in value])
    return None


def _joined(origins: Sequence[Slice | None]) -> Slice | None:
    """Neighbours of one document as one piece."""
    found = [o for o in origins if o is not None]
    parts = list(chain.from_iterable(o.parts for o in found))
    if len(found) < len(origins) or len({id(p.document) for p in parts}) != 1:
        return None
    start, end = min(p.start for p in parts), max(p.end for p in parts)
    return Slice((Part(parts[0].document, start, end),))


def place_of(value: Datum, name: str) -> Datum:
    """A field of where a value came from. Raises CodedError (wrong-value) for a value that came
    from no document, as one that a program or a test gave."""
    origin = origin_of(value)
    if origin is None:
        raise failed(
            "wrong-value",
            f"{value!r:.60} has no `{name}`: it comes from no document",
            hint="give it as a source: a file, a folder or rows of a file",
        )
    return READ[name](origin)


def _path(origin: Slice) -> str:
    path = origin.parts[0].document.id
    if len(path.encode()) > MOST_PATH:
        raise failed("wrong-value", f"the path {path:.60}… has more than {MOST_PATH} bytes")
    return path


def _range(origin: Slice) -> str:
    return f"{origin.parts[0].start}..{origin.parts[-1].end}"


def _size(origin: Slice) -> int:
    return sum(p.end - p.start for p in origin.parts)


def line_of(document: Document, at: int) -> int:
    """The line of a document that a byte stands in, from 1."""
    group, block = at // GROUP, at // BLOCK
    first = group * GROUP // BLOCK
    spans = [(i * GROUP, (i + 1) * GROUP) for i in range(group)]
    spans += [(i * BLOCK, (i + 1) * BLOCK) for i in range(first, block)]
    before = sum(_lines_in(document, start, end) for start, end in spans)
    return 1 + before + document.read(block * BLOCK, at).count(b"\n")


def _lines_in(document: Document, start: int, end: int) -> int:
    if isinstance(document, Hashable):
        return _remembered(document, start, end)
    return document.read(start, end).count(b"\n")


@lru_cache(MARKS)
def _remembered(document: Document, start: int, end: int) -> int:
    return document.read(start, end).count(b"\n")


READ: Mapping[str, Callable[[Slice], Datum]] = {
    "path": _path,
    "name": lambda origin: _path(origin).rstrip("/").rpartition("/")[2],
    "size": _size,
    "part": lambda origin: origin.part,
    "range": _range,
    "line": lambda origin: line_of(origin.parts[0].document, origin.parts[0].start),
    "text": lambda origin: Slice(origin.parts),
}
"""How each field of `ir/places.py` is read."""
