"""A text read declaration by declaration: each section of it is parsed by itself, and known again
by its words wherever it stands by then.

That gives what the whole text would. A section begins with a word, or the documentation, that
begins a declaration; where a declaration may end, one of these ends it, as
`tests/laws/test_sections.py` holds of the parse table. And no token goes on from one section to the
next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TypeVar

from lark import Lark
from lark.exceptions import UnexpectedInput

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.syntax import tree
from rlmlang.syntax.build import Builder
from rlmlang.syntax.grammar import load
from rlmlang.syntax.scan import DECLARATIONS

Moved = TypeVar("Moved", bound=tree.Node)
KEPT = 1_000
"""Sections that are kept, those last read."""
LONGEST = 20_000
"""Characters of a section that is kept; what is longer is read each time."""
FIRST = "|".join(sorted(DECLARATIONS))
CUT = re.compile(
    rf"""
      (?P<doc>///[^\n]*)
    | (?P<space>[ \t\r\n]+|//[^\n]*)
    | (?P<first>(?m:^)(?:{FIRST})(?![A-Za-z0-9_]))
    | r?\"\"\"(?:.|\n)*?\"\"\" | r"[^"\n]*" | "(?:\\.|[^"\\\n])*"
    | [0-9][0-9_]*(?:\.[0-9]+)?[A-Za-z%]* | [A-Za-z_][A-Za-z0-9_]*
    | .
    """,
    re.VERBOSE,
)
"""The tokens of a text, as far as it matters for where it may be cut."""


def read(source: SourceFile, text: str) -> tuple[tree.File, list[Diagnostic]]:
    """The tree of a text, and what was found as it was built; `text` is that of the source, with
    blanks for what cannot be read. Raises UnexpectedInput for what is no recipe, and RecursionError
    for what is nested too deeply."""
    files: list[tree.File] = []
    problems: list[Diagnostic] = []
    starts = _starts(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        kept = _kept(text[start:end]) if end - start <= LONGEST else None
        if kept is None:
            kept, found, end = _read(source, text, start, end)
            problems += found
        else:
            kept = moved(kept, source, start)
        files.append(kept)
        if end == len(text):
            break
    return _joined(source, files), problems


def _read(
    source: SourceFile, text: str, start: int, end: int
) -> tuple[tree.File, list[Diagnostic], int]:
    """A section where it stands, and where it ends: one that cannot be read by itself takes all
    that follows, and what is wrong is found where it would be in the whole."""
    before = blank(text[:start])
    try:
        raw = parser().parse(before + text[start:end] + "\n")
    except UnexpectedInput:
        end = len(text)
        raw = parser().parse(before + text[start:] + "\n")
    builder = Builder(source)
    return builder.build(raw), builder.problems, end


@lru_cache(KEPT)
def _kept(section: str) -> tree.File | None:
    """The tree of a section at the beginning of a text; None where anything is wrong with it, which
    is told where it stands."""
    try:
        raw = parser().parse(section + "\n")
    except UnexpectedInput:
        return None
    builder = Builder(SourceFile("", section))
    file: tree.File = builder.build(raw)
    return None if builder.problems else file


def _joined(source: SourceFile, files: Sequence[tree.File]) -> tree.File:
    """The trees of all sections as one."""
    spans = [f.span for f in files if f.span.end > f.span.start] or [Span(source, 0, 0)]
    items = tuple(item for file in files for item in file.items)
    return tree.File(edition=files[0].edition, items=items, span=spans[0].to(spans[-1]))


def moved(node: Moved, source: SourceFile, by: int) -> Moved:
    """A part of a tree as it is in another text, so many characters further on."""
    made: Moved = object.__new__(type(node))
    parts = made.__dict__  # each field is set once, as the constructor would
    for name, part in node.__dict__.items():
        kind = type(part)
        if kind is Span:
            part = Span(source, part.start + by, part.end + by)
        elif kind is tuple:
            part = tuple([moved(x, source, by) if isinstance(x, tree.Node) else x for x in part])
        elif kind is not str and isinstance(part, tree.Node):
            part = moved(part, source, by)
        parts[name] = part
    return made


# ── where a text is cut ──────────────────────────────────────────────────────


def _starts(text: str) -> list[int]:
    """Where sections begin: at the beginning, and at each declaration in column one."""
    if "match" not in text:
        return [0, *_cuts(text)]
    seen = [m.span(1) for m in ahead().finditer(text)]
    return [0, *(cut for cut in _cuts(text) if not any(a < cut < b for a, b in seen))]


def _cuts(text: str) -> Iterator[int]:
    """Where declarations begin, with the documentation before them."""
    docs: int | None = None
    for token in CUT.finditer(text):
        match token.lastgroup:
            case "space":
                continue
            case "doc":
                docs = token.start() if docs is None else docs
                continue
            case "first":
                yield token.start() if docs is None else docs
        docs = None


@cache
def parser() -> Lark:
    """The parser of the language."""
    return load()


@cache
def ahead() -> re.Pattern[str]:
    """What the one token that depends on what follows looks ahead for, in the next section too."""
    written = parser().get_terminal("_MATCH").pattern.to_regexp()
    return re.compile(re.sub(r"\(\?=(.*)\)$", r"(?=(\1))", written))


def blank(text: str) -> str:
    """As many lines of as many blanks."""
    return re.sub(r"[^\n]", " ", text)
