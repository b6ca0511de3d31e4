"""Lark's tree to ours, the expressions and literals: one short method a rule.

Problems met here (an unknown unit, a bad escape) are collected, not raised.
"""

from __future__ import annotations

import re
from typing import Any

from lark import Token
from lark.tree import Meta

from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.fix import write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import instead
from rlmlang.ir.dates import DAY, dated, timed
from rlmlang.schema import foreign
from rlmlang.schema.units import MULTIPLIERS, UNITS
from rlmlang.syntax import tree as t
from rlmlang.syntax.mistakes import RESERVED, reserved_word
from rlmlang.syntax.texts import ESCAPES, TextPiece, pieces_of

LARGEST = 2**53 - 1
NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)([A-Za-z%]*)")


class Expressions:
    """Builds expressions and literals; `problems` holds what was found on the way."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    def build(self, node: Any) -> Any:
        """The node of ours for a node of Lark's; None stays None."""
        if node is None:
            return None
        if isinstance(node, Token):
            return self.token(node)
        return getattr(self, node.data)(node.children, self.span(node.meta))

    def all(self, nodes: list[Any]) -> tuple[Any, ...]:
        """Builds what is there, leaving out absent optional parts."""
        return tuple(self.build(n) for n in nodes if n is not None)

    def span(self, meta: Meta) -> Span:
        if meta.empty:
            return Span(self.source, 0, 0)
        return Span(self.source, meta.start_pos, meta.end_pos)

    def token(self, token: Token) -> Any:
        """What a token says by itself; names are built by the rules that they stand in."""
        match token.type:
            case "NUMBER":
                return self.number_of(token)
            case "STRING" | "BLOCK":
                return self.string(token)
            case "VERSION":
                return str(token)[1:]
            case "EXPORT" | "MAIN":
                return True
        return str(token)

    def place(self, token: Token) -> Span:
        start = token.start_pos or 0
        return Span(self.source, start, start + len(token))

    # ── expressions ──────────────────────────────────────────────────────────

    def compare(self, c: list[Any], span: Span) -> str:
        return str(c[0])

    def args(self, c: list[Any], span: Span) -> tuple[t.Arg, ...]:
        return self.all(c)

    def labelled(self, c: list[Any], span: Span) -> t.Arg:
        return t.Arg(label=self.build(c[0]).text, value=self.build(c[1]), span=span)

    def group(self, c: list[Any], span: Span) -> Any:
        return self.build(c[0])

    def name_of(self, c: list[Any], span: Span) -> t.Name:
        name: t.Name = self.build(c[0])
        return name

    def max_of(self, c: list[object], span: Span) -> t.Name:
        return t.Name(text="max", span=span)

    def name(self, c: list[Any], span: Span) -> t.Name:
        found = self.word(c, span)
        if found.text in RESERVED:
            self.problems.append(reserved_word(found.text, found.span))
        return found

    def word(self, c: list[Any], span: Span) -> t.Name:
        inner = c[0]
        if isinstance(inner, Token):
            return t.Name(text=str(inner), span=self.place(inner))
        return self.word(inner.children, span)

    label = key = soft = hard = word

    def number(self, c: list[Any], span: Span) -> t.Number:
        number: t.Number = self.build(c[0])
        return number

    def date(self, c: list[Token], span: Span) -> t.Date:
        text, time = str(c[0]), len(c[0]) > DAY
        try:
            return t.Date(value=timed(text) if time else dated(text), time=time, span=span)
        except ValueError:
            self.problems.append(_impossible_date(text, span))
            return t.Date(value=text, time=time, span=span)

    # ── literals ─────────────────────────────────────────────────────────────

    def number_of(self, token: Token) -> t.Number:
        span = self.place(token)
        digits, suffix = NUMBER.findall(token)[0]
        factor, unit = 1.0, suffix
        if suffix and suffix not in UNITS and suffix[0] in MULTIPLIERS:
            factor, unit = MULTIPLIERS[suffix[0]], suffix[1:]
        if unit and unit not in UNITS:
            self.problems.append(_unknown_unit(suffix, span))
            unit = ""
        value = float(digits.replace("_", "")) * factor
        if value > LARGEST:
            self.problems.append(_too_large(span))
            value = 1.0
        return t.Number(value=value, unit=unit, span=span)

    def string(self, token: Token) -> str:
        return "".join(piece.plain for piece in self._pieces(token))

    def text(self, c: list[Token], span: Span) -> t.Text:
        pieces = self._pieces(c[0])
        parts: list[str | t.Expr] = []
        for piece in pieces:
            if piece.path:
                parts.append(self._path(piece))
            elif parts and isinstance(parts[-1], str):
                parts[-1] += piece.value
            elif piece.value:
                parts.append(piece.value)
        value = "".join(piece.plain for piece in pieces)
        return t.Text(value=value, parts=() if parts in ([value], []) else tuple(parts), span=span)

    def _pieces(self, token: Token) -> list[TextPiece]:
        """The pieces of a text; escapes that are none are reported."""
        pieces = pieces_of(str(token), token.start_pos or 0)
        for piece in pieces:
            if piece.escape and piece.escape not in ESCAPES:
                place = Span(self.source, piece.start, piece.start + 2)
                self.problems.append(_unknown_escape(piece.escape, place))
        return pieces

    def _path(self, piece: TextPiece) -> t.Expr:
        """A name in braces, with the fields behind it."""
        at = piece.start + 1
        found: t.Expr | None = None
        for word in piece.path.split("."):
            name = t.Name(text=word, span=Span(self.source, at, at + len(word)))
            span = Span(self.source, piece.start + 1, name.span.end)
            found = t.Member(base=found, name=name, span=span) if found is not None else name
            at += len(word) + 1
        return found or t.Constant(value=None, span=Span(self.source, at, at))


def _unknown_unit(suffix: str, span: Span) -> Diagnostic:
    at = Span(span.source, span.end - len(suffix), span.end)
    return error(
        "unknown-unit",
        f"`{suffix}` is not a unit",
        span,
        reason="A unit is glued to its number: 8ktok, 30min, 512MB, 10%; k and M multiply.",
        hint=instead(at, (*UNITS, "ktok", "Mtok"), foreign.UNITS),
    )


def _impossible_date(text: str, span: Span) -> Diagnostic:
    what = "time" if len(text) > DAY else "day of the calendar"
    return error(
        "impossible-date",
        f"`{text}` is no {what}",
        span,
        reason="ISO 8601 writes a day as 2026-11-30, and two digits of hours, minutes, seconds.",
        hint="write it as 2026-11-30, or as 2026-11-30T08:15:00Z",
    )


def _too_large(span: Span) -> Diagnostic:
    return error(
        "number-too-large",
        "this number is too large to be held exactly",
        span,
        reason=f"Numbers in recipes are exact up to {LARGEST:,}.",
        hint="write a smaller one; a long identifier is text, between double quotes",
    )


def _unknown_escape(letter: str, span: Span) -> Diagnostic:
    return error(
        "unknown-escape",
        f"`\\{letter}` is not an escape",
        span,
        hint=write(
            span,
            f"\\\\{letter}",
            'known escapes: \\n \\t \\r \\0 \\" \\{ \\} \\\\; a backslash itself is written \\\\, '
            'or the text r"…"',
        ),
    )
