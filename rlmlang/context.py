"""What a recipe reads: documents, slices of them, rows and trees.

A slice knows its document and byte range; its text is fetched only when somebody asks for it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.headings import AFTER, BEFORE, TEXT, heading

SECTION = "# {}\f\n\n"
"""The line above a page, chapter or cell in the text of a document: a heading, with a form feed by
which it is known from those of the text."""
_SECTION_LINE = re.compile(rb"^# ([^\n\f]{1,80})\f$", re.MULTILINE)
Datum: TypeAlias = (
    "str | int | float | bool | Slice | Tree | Cut | Sequence[Datum] | Mapping[str, Datum] | None"
)
"""A value of the language."""


class Document(Protocol):
    """Something with bytes. `start` is where its content begins, behind a byte order mark."""

    @property
    def id(self) -> str:
        """A name that is the same in every run: the path as it was given."""

    @property
    def size(self) -> int:
        """The end of its content, in bytes."""

    @property
    def start(self) -> int:
        """The beginning of its content, in bytes."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises CodedError when the file is gone or has changed."""


class Measure(Protocol):
    """How text is measured. Weights add up over ranges; `per_tok` of them are one tok. A provider
    counts at most `most` tokens for a tok, and at most `tokens(text)` for a text that is sent."""

    @property
    def name(self) -> str: ...
    @property
    def per_tok(self) -> int: ...
    @property
    def grain(self) -> int: ...
    @property
    def most(self) -> int: ...
    def weight(self, document: Document, start: int, end: int) -> int: ...
    def tok(self, text: str) -> int: ...
    def tokens(self, text: str) -> int: ...
    def reach(self, data: bytes, weight: int) -> int: ...
    def tail(self, data: bytes, weight: int) -> int: ...
    def window(self, weight: int) -> int: ...
    def locate(self, document: Document, start: int, end: int, weight: int) -> int: ...


@dataclass(frozen=True)
class TextDocument:
    """A document that lies in memory."""

    id: str
    data: bytes
    start: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        return self.data[start:end]


@dataclass(frozen=True)
class DecodedDocument:
    """The UTF-8 text that was made of a document that is no such text: byte ranges are positions in
    this text, and `decoding` says how it was made. A change of the `origin` is a change of it. In a
    text that is `sectioned` each page, chapter or cell stands below a line that names it."""

    text: Document
    origin: Document
    decoding: str
    sectioned: bool = False

    @property
    def id(self) -> str:
        return self.origin.id

    @property
    def size(self) -> int:
        return self.text.size

    @property
    def start(self) -> int:
        return self.text.start

    def read(self, start: int, end: int) -> bytes:
        self.origin.read(0, 0)
        return self.text.read(start, end)

    @cached_property
    def sections(self) -> tuple[tuple[int, str], ...]:
        """Where the document's pages, chapters or cells begin in the text, and what they are."""
        text = self.text.read(0, self.size) if self.sectioned else b""
        return tuple((m.start(), m[1].decode()) for m in _SECTION_LINE.finditer(text))

    def section(self, at: int) -> str:
        """The page, chapter or cell that a byte stands in; nothing where there are none."""
        number = bisect_right(self.sections, at, key=lambda found: found[0])
        return self.sections[number - 1][1] if number else ""


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `end` (excluded) of a document."""

    document: Document
    start: int
    end: int

    def text(self) -> str:
        """The text. Raises CodedError (not-utf8) that names the file and the byte."""
        data = self.document.read(self.start, self.end)
        try:
            return data.decode()
        except UnicodeDecodeError as mistake:
            raise not_utf8(self.document.id, self.start + mistake.start, data, mistake) from None


def not_utf8(path: str, byte: int, data: bytes, mistake: UnicodeDecodeError) -> Exception:
    """The problem of a file that is not UTF-8 text."""
    shown = " ".join(f"{b:02x}" for b in data[mistake.start : mistake.start + 4])
    return failed(
        "not-utf8",
        f"{path} is not UTF-8 text: byte {byte:,} is {shown}",
        reason="Slices are byte ranges of UTF-8 text, so that every answer can be traced back.",
        hint='a source declares another one: encoding: "windows-1252"; '
        f"or convert it first: iconv -f LATIN1 -t UTF-8 {path} > utf8.txt",
    )


@dataclass(frozen=True)
class Slice:
    """A piece of a context: one or more parts, and neighbours that are shown but not counted. Of a
    document that was cut it is the piece `number`, from 1, `of` so many; 0 for any other."""

    parts: tuple[Part, ...]
    before: Part | None = None
    after: Part | None = None
    headed: bool = False
    number: int = 0
    of: int = 0

    def text(self) -> str:
        """What a model is shown."""
        body = "".join(self._part(p) for p in self.parts)
        if self.before is None and self.after is None:
            return body
        blocks = []
        if self.before is not None and self.before.end > self.before.start:
            blocks += [BEFORE, self.before.text().rstrip("\n")]
        blocks += [TEXT, body.rstrip("\n")]
        if self.after is not None and self.after.end > self.after.start:
            blocks += [AFTER, self.after.text().rstrip("\n")]
        return "\n".join(blocks)

    def _part(self, part: Part) -> str:
        text = part.text()
        if not self.headed:
            return text
        line = heading(part.document.id, self.part)
        return line + text + ("" if text.endswith("\n") else "\n")

    def content(self) -> str:
        """The text of its own bytes, without headings and neighbours."""
        return "".join(p.text() for p in self.parts)

    @property
    def part(self) -> str:
        """Which piece of its document it is, as `2 of 3`; empty for a whole one, and for a piece
        that was cut by another measure."""
        return f"{self.number} of {self.of}" if self.of else ""

    @property
    def place(self) -> str:
        """Where it lies: `path:start-end`, in bytes."""
        first, last = self.parts[0], self.parts[-1]
        if len(self.parts) == 1:
            return f"{first.document.id}:{first.start}-{first.end}"
        return f"{first.document.id} … {last.document.id}"


def section_of(document: Document, start: int, end: int) -> str:
    """The page, chapter or cell that a range stands in, or the first and the last of several."""
    if not isinstance(document, DecodedDocument):
        return ""
    first, last = document.section(start), document.section(max(start, end - 1))
    return first if first == last else f"{first or 'beginning'} to {last}"


class Row(dict[str, Datum]):
    """A row of a table or of JSON lines: the item `at` a place of its `rows`."""

    __slots__ = ("at", "rows")
    rows: Rows
    at: int

    @property
    def part(self) -> Part:
        """The bytes that it was read from."""
        starts = self.rows.starts
        return Part(self.rows.document, starts[self.at], starts[self.at + 1])


class RowText(str):
    """A row that is a line of text, which knows the bytes it was read from."""

    __slots__ = ("part",)
    part: Part

    @classmethod
    def at(cls, text: str, part: Part) -> RowText:
        """The text of a row that stands there."""
        made = cls(text)
        made.part = part
        return made


class Cut:
    """A value that was made of an item, and knows the bytes of it."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class LeftOut:
    """What stands below a folder and is no part of its tree, and why, in a word or two."""

    name: str
    reason: str


@dataclass(frozen=True)
class Tree:
    """Files below a root, in the order of their paths; `left_out` is what else stands there."""

    root: str
    documents: tuple[Document, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(d.size - d.start for d in self.documents)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The content of every file."""
        return tuple(Part(d, d.start, d.size) for d in self.documents)


Context: TypeAlias = "Slice | Tree | Sequence[Datum]"
"""What can be cut or searched."""


@runtime_checkable
class Rows(Protocol):
    """A list that lies in a document. `starts` are the byte offsets of its items and, last, the
    end."""

    @property
    def document(self) -> Document: ...
    @property
    def starts(self) -> Sequence[int]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, at: int) -> Datum: ...


def items_of(value: Datum) -> Sequence[Datum]:
    """The items of a list, the documents of a tree, of none no items. Raises CodedError
    (wrong-value) for anything else."""
    if value is None:
        return ()
    if isinstance(value, Tree):
        return [whole(document) for document in value.documents]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise failed("wrong-value", f"{value!r:.60} is no list")


def fields_of(value: Datum) -> Mapping[str, Datum]:
    """The fields of a record. Raises CodedError (wrong-value) for anything else."""
    if isinstance(value, Mapping):
        return value
    raise failed("wrong-value", f"{value!r:.60} is no record")


def whole(document: Document) -> Slice:
    """A document as one slice."""
    return Slice((Part(document, document.start, document.size),))


def as_slice(name: str, text: str) -> Slice:
    """A text that lies in no file, as a slice of its own."""
    return whole(TextDocument(name, text.encode()))


def tok_in(parts: Iterable[Part], measure: Measure) -> int:
    """The size of byte ranges in tok, rounded up, without reading them as text."""
    weights = (measure.weight(p.document, p.start, p.end) for p in parts)
    return -(-sum(weights) // measure.per_tok)


def text_of(value: object) -> str:
    """A value as text: slices are read, of trees the paths are named, everything else is written
    out."""
    if isinstance(value, Slice):
        return value.text()
    if isinstance(value, Tree):
        return "\n".join(document.id for document in value.documents)
    return value if isinstance(value, str) else "" if value is None else str(value)


def parts_in(value: object) -> Iterator[Part]:
    """The byte ranges a value was cut from, itself or inside a list."""
    if isinstance(value, Slice | Cut):
        yield from value.parts
    elif isinstance(value, RowText | Row):
        yield value.part
    elif isinstance(value, dict):
        for inner in value.values():
            yield from parts_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield from parts_in(inner)
