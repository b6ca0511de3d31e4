"""The tokens of a text with what each means, for the colours of an editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.symbol import Occurrence
from rlmlang.schema.words import WORDS
from rlmlang.syntax.scan import Piece
from rlmlang.value import Frozen, value

TYPES = (
    "namespace", "type", "enum", "enumMember", "struct", "parameter", "typeParameter", "variable",
    "property", "function", "macro", "keyword", "comment", "string", "number", "operator",
)  # fmt: skip
MODIFIERS = ("declaration", "documentation", "defaultLibrary", "readonly")
OF_SYMBOLS: Mapping[str, str] = {
    "file": "namespace", "type": "type", "enum": "enum", "label": "enumMember", "record": "struct",
    "parameter": "parameter", "step": "variable", "source": "variable", "const": "variable",
    "model": "variable", "budget": "variable", "dataset": "variable", "field": "property",
    "setting": "property", "argument": "property", "prompt": "function", "recipe": "function",
    "pattern": "function", "code": "function", "metric": "function", "function": "function",
    "strategy": "function", "partition": "function", "eval": "variable", "tune": "variable",
    "batch": "variable", "test": "variable",
}  # fmt: skip
OF_PIECES: Mapping[str, str] = {
    "comment": "comment", "doc": "comment", "text": "string", "number": "number", "date": "number",
    "version": "number",
}  # fmt: skip
KEYWORDS = frozenset(w.text for w in WORDS if w.group != "mark")
BRACKETS = frozenset("{}()[],:.?")


@value
class Token(Frozen):
    """A word or mark of one line, with what it is and what else is true of it."""

    span: Span
    type: str
    also: tuple[str, ...] = ()


def tokens(analysis: Analysis) -> Iterator[Token]:
    """Every token that has a colour, in order; one of several lines is one a line."""
    named = {o.span.start: o for o in analysis.found}
    for piece in analysis.pieces:
        known = named.get(piece.start)
        if known is not None and known.span.end == piece.end and piece.kind == "word":
            yield Token(known.span, OF_SYMBOLS.get(known.symbol.kind, "variable"), _also(known))
        elif kind := _kind(piece):
            also = ("documentation",) if piece.kind == "doc" else ()
            yield from (Token(span, kind, also) for span in _lines(analysis, piece))


def _also(known: Occurrence) -> tuple[str, ...]:
    """What else is true of a name."""
    symbol = known.symbol
    said = {
        "declaration": known.declares,
        "defaultLibrary": symbol.at is None,
        "readonly": symbol.kind == "const",
    }
    return tuple(word for word, true in said.items() if true)


def _kind(piece: Piece) -> str:
    if piece.kind == "word":
        return "keyword" if piece.text in KEYWORDS else ""
    if piece.kind == "mark":
        return "" if piece.text in BRACKETS else "operator"
    return OF_PIECES[piece.kind]


def _lines(analysis: Analysis, piece: Piece) -> Iterator[Span]:
    at = piece.start
    for line in piece.text.split("\n"):
        if line.strip():
            yield Span(analysis.source, at, at + len(line))
        at += len(line) + 1
