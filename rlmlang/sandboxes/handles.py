"""Contexts that code may look into without having them: handles, and what may be asked of them.

Positions are bytes of UTF-8, as everywhere in rlmlang; a cut inside a character is moved back.
Arguments are held against `schema/tools.py`, and what an answer takes in time and memory against
limits: code may ask, but not at its host's expense.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import regex

from rlmlang.context import Context, Datum, Measure, Slice, Tree, as_slice, parts_in, text_of, whole
from rlmlang.protocols import Partition
from rlmlang.sandboxes.arguments import Taken, bound, partition_of
from rlmlang.sandboxes.limits import Stopwatch, limited, unlimited
from rlmlang.sandboxes.stretches import bytes_of, chunks_of, edge, lines_of, size_of
from rlmlang.sandboxes.worker.messages import Hit, Plain
from rlmlang.schema.tools import HANDLE
from rlmlang.trajectory.ranges import Ranges
from rlmlang.unicode import encodable

SMALL = 1_000_000  # bytes that are handed over as plain text
ROWS = 2_000  # items of a list that are
ALL = 32_000_000  # bytes that may be gone over line by line
MOST = 2_000_000  # characters of one answer
LINES = 1_000_000  # lines of one answer
PIECES = 100_000
FUNCTIONS = 2_000_000  # bytes of a Python file that is cut at functions: parsing takes 300 times it
STRETCH, AHEAD = 512 << 10, 64 << 10  # bytes that a pattern looks at, and how far a match may go on
MATCH = 10_000  # characters of a match or group that are told
SECONDS = 5.0
MATCHES = (
    f"the matches are more than {MOST:,} characters together: ask for fewer (max) or for less of "
    "each (around)"
)
PREVIEW = 400  # characters of a variable that a model is shown before it looks


@dataclass
class Handles:
    """The contexts of one free-form node, by number; `read` are the bytes of each document that
    code has read of them since they were last taken."""

    partition: Callable[[str, dict[str, object], int, int], Partition]
    measure: Measure
    values: list[Context] = field(default_factory=list)
    watch: Stopwatch = field(default_factory=Stopwatch)
    read: dict[str, Ranges] = field(default_factory=dict)

    def ranges(self) -> tuple[tuple[str, int, int], ...]:
        """What was read, in order of the documents, and forgotten: the next cell begins anew."""
        read, self.read = self.read, {}
        return tuple((name, a, b) for name, found in read.items() for a, b in found.merged)

    def note(self, document: str, start: int, end: int) -> None:
        """That some bytes of a document are read."""
        self.read.setdefault(document, Ranges()).add(start, end)

    def give(self, value: Datum, name: str) -> Plain:
        """A value as code gets it: plain where it is small, else a handle."""
        if isinstance(value, Slice):
            size = size_of(value)
            return value.text() if size <= SMALL else self._handle("text", value, size, name)
        if isinstance(value, Tree):
            return self._handle("tree", value, len(value.documents), name)
        if isinstance(value, str):
            large = len(value) > SMALL
            return self.give(as_slice(name, encodable(value)), name) if large else encodable(value)
        if isinstance(value, Sequence):
            if len(value) > ROWS:
                return self._handle("rows", value, len(value), name)
            return [self.plain(v) for v in value]
        return self.plain(value)

    def plain(self, value: Datum) -> Plain:
        """A value of plain parts."""
        if isinstance(value, Slice):
            return self.give(value, value.place)
        if isinstance(value, dict):
            return {str(k): self.plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(v) for v in value]
        if isinstance(value, int | float | bool | None):
            return value
        return encodable(value if isinstance(value, str) else text_of(value))

    def taken(self, value: Plain) -> Datum:
        """What code gives back: handles become what they stand for."""
        if isinstance(value, dict):
            if set(value) == {"__handle"}:
                return self._of(value["__handle"])
            return {k: self.taken(v) for k, v in value.items()}
        return [self.taken(v) for v in value] if isinstance(value, list) else value

    async def ask(self, args: list[Plain]) -> Plain:
        """Answers a question: its name, the number of a handle, arguments. Raises ValueError and
        others with words for the model."""
        if len(args) < 2:
            raise TypeError("a question has a name and a handle")
        return await asyncio.to_thread(self.look, args[0], self._of(args[1]), args[2:])

    def look(self, what: Plain, value: Context, args: list[Plain]) -> Plain:
        """Answers a question about a context. Raises ValueError, TypeError and TimeoutError with
        words for the model."""
        question = HANDLE.get(what) if isinstance(what, str) else None
        if question is None or _kind(value) not in question.of:
            raise ValueError(f"a handle has no {str(what)[:60]}")
        given = bound(question, args, {})
        answer: Callable[..., Plain] = getattr(self, f"_{question.name}")
        with self.watch.running():
            if isinstance(value, Slice | Tree) and question.name not in ("files", "open"):
                value = limited(value, self.watch.check, self.note)
            return answer(value, *given)

    def _of(self, number: Plain) -> Context:
        if type(number) is int and 0 <= number < len(self.values):
            return self.values[number]
        raise ValueError("there is no such handle")

    def _handle(self, kind: str, value: Context, size: int, name: str) -> dict[str, Plain]:
        self.values.append(value)
        return {"__handle": len(self.values) - 1, "kind": kind, "size": size, "name": name}

    # ── texts ────────────────────────────────────────────────────────────────

    def _slice(self, value: Slice, start: int | None, end: int | None) -> str:
        size = size_of(value)
        low, high, _ = slice(start, end).indices(size)
        if high - low > MOST:
            raise ValueError(f"{high - low:,} bytes at once; at most {MOST:,}")
        return bytes_of(value, low, high).decode("utf-8", "ignore")

    def _lines(self, value: Slice, start: int = 0, end: int | None = None) -> list[str]:
        out: list[str] = []
        taken = 0
        for number, line in enumerate(lines_of(value)):
            if end is not None and number >= end:
                break
            if number >= start:
                out.append(line)
                taken += len(line) + 1
                if taken > MOST:
                    raise ValueError(f"lines {start} to {end} are more than {MOST:,} characters")
        return out

    def _every(self, value: Slice) -> list[str]:
        if size_of(value) > ALL:
            raise ValueError(
                f"{size_of(value):,} bytes are too many to go over line by line: use "
                "search(regex), split(max=…) with sub-calls, or lines(a, b)"
            )
        found = list(islice(lines_of(value), LINES + 1))
        if len(found) > LINES:
            raise ValueError(f"more than {LINES:,} lines: use lines(a, b)")
        return found

    def _find(self, value: Slice, words: str, start: int = 0) -> int:
        wanted = words.encode()
        for at, data in chunks_of(value, len(wanted)):
            found = data.find(wanted, max(0, start - at))
            if found >= 0:
                return at + found
        return -1

    def _count(self, value: Slice, words: str) -> int:
        wanted = words.encode()
        if not wanted:
            raise ValueError("count needs words")
        total, rest, pattern = 0, b"", re.compile(re.escape(wanted))
        for _, data in chunks_of(value, 0):
            data, end = rest + data, 0
            for hit in pattern.finditer(data):
                total, end = total + 1, hit.end()
            rest = data[max(end, len(data) - len(wanted) + 1) :]
        return total

    def _search(
        self,
        value: Slice | Tree,
        pattern: str,
        most: int = 100,
        around: int = 80,
        ignore_case: bool = False,
    ) -> list[Hit]:
        try:
            wanted = regex.compile(pattern, regex.I if ignore_case else 0)
        except regex.error as mistake:
            raise ValueError(f"the pattern is wrong: {mistake}") from None
        found: list[Hit] = []
        taken = 0
        try:
            for path, part in _parts(value):
                for hit in _hits(part, wanted, around, self.watch):
                    found.append({"path": path, **hit} if isinstance(value, Tree) else hit)
                    taken += _length(hit)
                    if taken > MOST:
                        raise ValueError(MATCHES)
                    if len(found) >= most:
                        return found
        except MemoryError:
            raise ValueError("the pattern takes too much memory: make it simpler") from None
        except TimeoutError:
            self.watch.check()
            words = f"the pattern takes more than {SECONDS:g} s: make it simpler"
            raise ValueError(words) from None
        return found

    def _split(self, value: Slice | Tree, by: str, given: dict[str, Plain]) -> list[Plain]:
        usual = {"max": 4_000, "overlap": 0, "slack": 0.1} if by == "tokens" else {}
        options = partition_of(by, {**usual, **given}, _kind(value))
        for part in value.parts if by == "functions" else ():
            if part.document.id.endswith((".py", ".pyi")) and part.end - part.start > FUNCTIONS:
                words = f"{part.document.id} is too large to be cut at functions"
                raise ValueError(f"{words}: at most {FUNCTIONS:,} bytes")
        try:
            made = self.partition(by, options, 0, 0).split(value, self.measure)
            pieces = list(islice(made, PIECES + 1))
        except (TimeoutError, MemoryError):
            raise
        except Exception as mistake:
            raise ValueError(f"cannot split by {by} with {options}: {mistake}") from None
        if len(pieces) > PIECES:
            raise ValueError(f"more than {PIECES:,} pieces: make them larger")
        return [self._handle("text", unlimited(p), size_of(p), p.place) for p in pieces]

    # ── trees and rows ───────────────────────────────────────────────────────

    def _files(self, value: Tree) -> list[str]:
        return [d.id for d in value.documents]

    def _open(self, value: Tree, path: str) -> Plain:
        found = next((d for d in value.documents if d.id == path), None)
        if found is None:
            raise ValueError(f"there is no file {path!r}; files() lists them")
        return self.give(whole(found), path)

    def _rows(self, value: Sequence[Datum], start: int | None, end: int | None) -> list[Plain]:
        low, high, _ = slice(start, end).indices(len(value))
        if high - low > 200_000:
            raise ValueError(f"{high - low:,} rows at once; at most 200,000")
        found: list[Plain] = []
        room = Taken()
        for number in range(low, high):
            self.watch.check()
            row = value[number]
            for part in parts_in(row):
                self.note(part.document.id, part.start, part.end)
            found.append(room.plain(self.plain(row)))
        return found


def _kind(value: Context) -> str:
    return "text" if isinstance(value, Slice) else "tree" if isinstance(value, Tree) else "rows"


def describe(value: Datum, given: Plain, shown: int = PREVIEW) -> str:
    """What a model is told of a variable: its type, its size, and how it begins."""
    if isinstance(given, dict) and "__handle" in given:
        return f"{given['kind']} of {given['size']:,} {_beginning(value, shown)}"
    text = given if isinstance(given, str) else repr(given)
    size = type(given).__name__
    if isinstance(given, str | list | dict):
        size = f"{size} of {len(given):,}"
    cut = text[:shown] + ("…" if len(text) > shown else "")
    return f"{size}: {cut!r}" if isinstance(given, str) else f"{size}: {cut}"


def _beginning(value: Datum, shown: int) -> str:
    """What a handle counts, and how it begins."""
    if isinstance(value, Tree):
        names = ", ".join(d.id for d in value.documents[:20])
        return f"files, a handle; it begins with the files {names}"
    if isinstance(value, Slice):
        text = bytes_of(value, 0, shown).decode("utf-8", "ignore")
        return f"bytes, a handle; it begins: {text!r}"
    if isinstance(value, str):
        return f"bytes, a handle; it begins: {value[:shown]!r}"
    first = next(iter(value)) if isinstance(value, Sequence) else value
    return f"rows, a handle; the first: {str(first)[:shown]}"


def _parts(value: Slice | Tree) -> Iterator[tuple[str, Slice]]:
    if isinstance(value, Slice):
        yield "", value
        return
    for document in value.documents:
        yield document.id, whole(document)


def _length(hit: Hit) -> int:
    """The characters of a match as it is told, and some for each."""
    return 50 + sum(map(len, (hit["match"], hit["text"], *filter(None, hit["groups"]))))


def _hits(value: Slice, wanted: regex.Pattern[str], around: int, watch: Stopwatch) -> Iterator[Hit]:
    """Matches with their places. A stretch ends at a line's end where it has one, and a match that
    begins in it may end beyond: an engine with repeats takes 150 times what it looks at."""
    size, at = size_of(value), 0
    while at < size:
        high = min(size, at + STRETCH)
        data = bytes_of(value, at, min(size, high + AHEAD))
        end = at + (len(data) if high == size else edge(data, high - at))
        text, seen, start = data.decode("utf-8", "replace"), 0, at
        for m in wanted.finditer(text, timeout=min(SECONDS, watch.left()), concurrent=True):
            start += len(text[seen : m.start()].encode())
            if start >= end and high < size:
                break
            seen, stop = m.start(), start + len(m.group().encode())
            yield {
                "start": start,
                "end": stop,
                "match": m.group()[:MATCH],
                "groups": [g and g[:MATCH] for g in m.groups()],
                "text": text[max(0, m.start() - around) : m.end() + around],
            }
            end = max(end, stop)
        at = end
