"""Tokens gathered into brackets and items: the skeleton the formatter lays out.

The tree says where items begin and which brackets belong to types; the tokens bring everything
else, comments included, so nothing can be lost between them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from rlmlang.syntax import tree as t
from rlmlang.syntax.scan import Piece, scan

ITEMS = (
    t.Setting, t.Limit, t.Repl, t.Assume, t.Field, t.Variant, t.Let, t.Return, t.Require,
    t.BudgetUse, t.Rung, t.Clause, t.Item,
)  # fmt: skip
STATEMENTS = (t.Let, t.Return, t.Require, t.BudgetUse, t.Rung)
PAIRS = {"{": "}", "(": ")", "[": "]"}
APART = frozenset(
    "split map filter reduce search cross recurse accept by with for where in and or not if then "
    "else return let require expect returns".split()
)


@dataclass
class Group:
    """A bracket and what stands in it, item by item."""

    open: Piece
    items: list[list[Element]] = field(default_factory=list)
    close: Piece | None = None
    listed: bool = False  # items are separated by commas, a last one may follow
    tight: bool = False  # no space before the bracket
    body: bool = False  # its items are statements, which no comma may separate

    @property
    def kind(self) -> str:
        return self.open.text


Element = Piece | Group


@dataclass(frozen=True)
class Marks:
    """Offsets that only the tree knows."""

    starts: frozenset[int]
    statements: frozenset[int]
    types: tuple[tuple[int, int], ...]
    minus: frozenset[int]
    generics: frozenset[int]  # the angles of `pattern p<T>`

    def in_type(self, at: int) -> bool:
        """Whether a character belongs to a type."""
        return any(start <= at < end for start, end in self.types)


def outline(text: str, file: t.File) -> list[list[Element]]:
    """The declarations of a file, each a list of tokens and brackets."""
    marks = marks_of(file)
    pieces = iter(scan(text))
    root = Group(Piece("mark", "{", 0, 0, 0))
    _fill(root, pieces, marks, {d.span.start for d in file.items})
    return root.items


def marks_of(file: t.File) -> Marks:
    """The offsets that only the tree knows."""
    nodes = list(_nodes(file))
    return Marks(
        frozenset(n.span.start for n in nodes if isinstance(n, ITEMS)),
        frozenset(n.span.start for n in nodes if isinstance(n, STATEMENTS)),
        tuple((n.span.start, n.span.end) for n in nodes if isinstance(n, t.TypeExpr)),
        frozenset(n.span.start for n in nodes if isinstance(n, t.Unary) and n.op == "-"),
        frozenset(at for n in nodes if isinstance(n, t.Recipe) for at in _angles(n)),
    )


def _angles(recipe: t.Recipe) -> Iterator[int]:
    if recipe.generics:
        text = recipe.span.source.text
        yield text.index("<", recipe.name.span.end)
        yield text.index(">", recipe.generics[-1].span.end)


def _nodes(value: object) -> Iterator[t.Node]:
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    if isinstance(value, t.Node):
        yield value
        for part in dataclasses.fields(value):
            yield from _nodes(getattr(value, part.name))


def _fill(
    group: Group, pieces: Iterator[Piece], marks: Marks, starts: frozenset[int] | set[int]
) -> None:
    """Takes tokens until the bracket closes, cutting them into items."""
    current: list[Element] = []
    previous: Piece | None = None
    in_use = False
    comma: Piece | None = None
    for piece in pieces:
        if piece.text in PAIRS.values() and piece.kind == "mark":
            group.close = piece
            break
        if comma is not None and not (piece.start in starts or piece.kind == "comment"):
            current.append(comma)  # it belongs to the item, as in `cross a, b`
        comma = None
        in_use = in_use or piece.text == "use"
        group.body = group.body or piece.start in marks.statements
        own_line = piece.kind == "comment" and piece.lines > 0
        if current and group.kind == "{" and (piece.start in starts or own_line):
            current = _next(group, current)
            in_use = piece.text == "use"
        if piece.text == "," and piece.kind == "mark" and _separates(group):
            if group.listed:
                current = _next(group, current)
            else:
                comma = piece
            previous = piece
            continue
        if current and own_line and group.listed:
            current = _next(group, current)
        if piece.text in PAIRS and piece.kind == "mark":
            inner = Group(piece)
            _classify(inner, previous, marks, in_use)
            _fill(inner, pieces, marks, marks.starts)
            current.append(inner)
            previous = inner.close
            continue
        if piece.kind == "comment" and piece.lines == 0 and not current and group.items:
            group.items[-1].append(piece)  # a comment behind a comma belongs to what it follows
            continue
        current.append(piece)
        previous = piece
        if own_line and (group.kind == "{" or group.listed):
            current = _next(group, current)
    if current:
        group.items.append(current)


def _next(group: Group, current: list[Element]) -> list[Element]:
    if current:
        group.items.append(current)
    return []


def _separates(group: Group) -> bool:
    return group.listed or group.kind == "{"


def _classify(group: Group, previous: Piece | None, marks: Marks, in_use: bool) -> None:
    in_type = marks.in_type(group.open.start)
    word = previous is not None and previous.kind in ("word", "text")
    closes = previous is not None and previous.text in (">", ")")
    if group.kind == "(":
        group.tight = (word and previous.text not in APART) or closes if previous else False
        group.listed = group.tight and not in_type
    elif group.kind == "[":
        group.listed = not in_type
    else:
        group.listed = in_use
