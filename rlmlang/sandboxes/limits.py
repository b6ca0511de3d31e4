"""Limits of what the host does for the code of a session: time a cell, bytes a read, sizes of
answers.

A look-up runs in a thread, which nothing can end from outside. It reads its documents in blocks,
so each read asks whether there is time left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from rlmlang.context import Document, Part, Slice, Tree

Note = Callable[[str, int, int], None]
READ = 64 << 20  # bytes read at once


@dataclass
class Stopwatch:
    """The seconds that the host may compute for the look-ups of one cell."""

    most: float = 20.0
    used: float = 0.0
    _since: float | None = field(default=None, repr=False)

    def begin(self, most: float) -> None:
        """A new cell."""
        self.most, self.used = most, 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts what this thread computes meanwhile."""
        self._since = time.thread_time()
        try:
            self.check()
            yield
        finally:
            self.used, self._since = self._spent(), None

    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.most - self._spent())

    def check(self) -> None:
        """Raises TimeoutError, in words for the model, when nothing is left."""
        if self._spent() > self.most:
            raise TimeoutError(
                f"looking into contexts has taken the {self.most:g} s that a cell may compute: ask "
                "for less, or in several turns"
            )

    def _spent(self) -> float:
        return self.used + (0.0 if self._since is None else time.thread_time() - self._since)


@dataclass(frozen=True)
class Limited:
    """A document that is read in blocks of a limited size, as long as there is time; `note` is told
    the document and the range of each."""

    inner: Document
    check: Callable[[], None]
    note: Note

    @property
    def id(self) -> str:
        """As the document's."""
        return self.inner.id

    @property
    def size(self) -> int:
        """As the document's."""
        return self.inner.size

    @property
    def start(self) -> int:
        """As the document's."""
        return self.inner.start

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises TimeoutError and ValueError with words for the model."""
        self.check()
        if end - start > READ:
            raise ValueError(f"{end - start:,} bytes at once; at most {READ:,}: cut it smaller")
        self.note(self.id, start, end)
        return self.inner.read(start, end)


def limited(value: Slice | Tree, check: Callable[[], None], note: Note) -> Slice | Tree:
    """A context that is read within limits."""
    if isinstance(value, Tree):
        return replace(value, documents=tuple(Limited(d, check, note) for d in value.documents))
    made: dict[int, Limited] = {}
    parts = (
        replace(p, document=made.setdefault(id(p.document), Limited(p.document, check, note)))
        for p in value.parts
    )
    return replace(value, parts=tuple(parts))


def unlimited(piece: Slice) -> Slice:
    """A piece of such a context, for those who read it later."""
    return replace(
        piece, parts=tuple(Part(_inner(p.document), p.start, p.end) for p in piece.parts)
    )


def _inner(document: Document) -> Document:
    return document.inner if isinstance(document, Limited) else document
