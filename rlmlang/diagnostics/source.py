"""A recipe's text with its path, and places in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from rlmlang.value import Frozen, value


@dataclass(frozen=True)
class Package:
    """The package that a text is of, at its version, with the hash of all its files; `code` are the
    paths of its Python that may run."""

    name: str
    version: str
    hash: str
    code: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`acme/legal@3.2.1`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class SourceFile:
    """The text of one recipe file; `path` is only a name, nothing is read from it. `package` is
    what it was taken from where that was named by a `use`, or comes with rlmlang."""

    path: str
    text: str
    package: Package | None = None

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offsets, in characters, at which each line begins."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return tuple(starts)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text line by line, without their ends."""
        return tuple(line.removesuffix("\r") for line in self.text.split("\n"))


@value
class Place(Frozen):
    """Where something stands in a recipe, with the line it begins on: what is kept of a span when
    the text is not. Lines and columns count from 1; the end is excluded."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    @property
    def where(self) -> str:
        """`find.rlm:12:14`."""
        return f"{self.path}:{self.line}:{self.column}"

    @property
    def width(self) -> int:
        """How many characters of its first line it takes."""
        end = self.end_column if self.end_line == self.line else len(self.text) + 1
        return end - self.column


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (excluded) of a source file."""

    source: SourceFile
    start: int
    end: int

    def __repr__(self) -> str:
        return self.place.where

    @property
    def line(self) -> int:
        """The line, from 1, on which the span begins."""
        return self.source.position(self.start)[0]

    @property
    def place(self) -> Place:
        """The span without the text around it."""
        line, column = self.source.position(self.start)
        end = self.source.position(self.end)
        return Place(self.source.path, line, column, *end, self.source.lines[line - 1])

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))
