"""What a file declares, as a tree of names; and what of it can be folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.symbol import Symbol, declared, parts_of
from rlmlang.syntax import tree as t
from rlmlang.syntax.scan import CLOSING, OPENING, Piece
from rlmlang.value import Frozen, value


@value
class Entry(Frozen):
    """A declaration: its `name` stands at `at` in the text of `span`; `says` is its type."""

    name: str
    kind: str
    span: Span
    at: Span
    says: str = ""
    inside: tuple[Entry, ...] = ()


def outline(analysis: Analysis) -> list[Entry]:
    """The declarations of a file with their fields, labels, parameters and steps."""
    return [_entry(item) for item in analysis.items if isinstance(item, t.Declaration)]


def _entry(item: t.Declaration) -> Entry:
    symbol = declared(item)
    inside = [_part(p, item) for p in parts_of(item).values()]
    if isinstance(item, t.Recipe):
        for line in item.body.items:
            if isinstance(line, t.Let):
                name = line.name
                inside.append(Entry(name.text, "step", line.span, name.span))
    result = item.result.span.text if isinstance(item, t.Prompt | t.Code | t.Recipe) else ""
    return Entry(symbol.name, symbol.kind, item.span, item.name.span, result, tuple(inside))


def _part(symbol: Symbol, item: t.Declaration) -> Entry:
    node = symbol.node
    span = node.span if node is not None else item.span
    says = node.typed.span.text if isinstance(node, t.Param | t.Field) else ""
    return Entry(symbol.name, symbol.kind, span, symbol.at or span, says)


def matching(query: str, among: Iterable[Analysis]) -> Iterator[Entry]:
    """The declarations of files whose names hold the letters of a query, in their order."""
    for analysis in among:
        for entry in outline(analysis):
            if _holds(entry.name.casefold(), query.casefold()):
                yield entry


def _holds(name: str, letters: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)


def folds(analysis: Analysis) -> Iterator[tuple[int, int, bool]]:
    """The lines, from 0, that can be folded: brackets, text blocks, and lines of comments, of which
    the last part says that they are some."""
    position = analysis.source.position
    opened: list[Piece] = []
    first = last = -1
    for piece in [*analysis.pieces, None]:
        line = position(piece.start)[0] - 1 if piece is not None else -1
        if piece is not None and piece.kind in ("comment", "doc") and first >= 0 < line == last + 1:
            last = line
            continue
        if last > first >= 0:
            yield first, last, True
        first = last = line if piece is not None and piece.kind in ("comment", "doc") else -1
        if piece is None:
            return
        if piece.kind == "mark" and piece.text in OPENING:
            opened.append(piece)
        elif piece.kind == "mark" and piece.text in CLOSING and opened:
            start = position(opened.pop().start)[0] - 1
            if line - 1 > start:
                yield start, line - 1, False
        elif piece.kind == "text" and "\n" in piece.text:
            yield line, line + piece.text.count("\n"), False
