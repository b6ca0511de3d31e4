"""Tokens gathered into brackets and items: the skeleton the formatter lays out.

The tree says where items begin and which brackets belong to types; the tokens bring everything
else, comments included, so nothing can be lost between them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.syntax.scan import Piece, scan
from rlmlang.syntax.trials import Expect, Item, Score

ITEMS = (
    t.Setting, t.Limit, t.Repl, t.Assume, t.Arm, t.Field, t.Variant, t.Let, t.Return, t.Require,
    t.BudgetUse, v.Rung, v.Clause, Item, Expect, Score,
)  # fmt: skip
STATEMENTS = (t.Let, t.Return, t.Require, t.BudgetUse, v.Rung)
PAIRS = {"{": "}", "(": ")", "[": "]"}
APART = {
    *v.WORDS, *"accept by with for where in and or not if then else return let require expect "
    "returns".split()
}  # fmt: skip


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
        """Which bracket it is."""
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
    Filler(root, pieces, marks, frozenset(d.span.start for d in file.items)).run()
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


@dataclass
class Filler:
    """Takes the tokens of one bracket until it closes, cutting them into items."""

    group: Group
    pieces: Iterator[Piece]
    marks: Marks
    starts: frozenset[int]
    current: list[Element] = field(default_factory=list)
    previous: Piece | None = None
    comma: Piece | None = None
    in_use: bool = False

    def run(self) -> None:
        """Fills the group."""
        for piece in self.pieces:
            if piece.kind == "mark" and piece.text in PAIRS.values():
                self.group.close = piece
                break
            self._pending_comma(piece)
            self._take(piece)
        self._next()

    def _take(self, piece: Piece) -> None:
        own_line = piece.kind == "comment" and piece.lines > 0
        self._begin(piece, own_line=own_line)
        if piece.kind == "mark" and piece.text == "," and self._separates():
            self._comma(piece)
        elif piece.kind == "mark" and piece.text in PAIRS:
            self._bracket(piece)
        elif piece.kind == "comment" and not own_line and not self.current and self.group.items:
            self.group.items[-1].append(piece)  # behind a comma it belongs to what it follows
        else:
            self.current.append(piece)
            self.previous = piece
            if own_line and self._separates():
                self._next()

    def _begin(self, piece: Piece, *, own_line: bool) -> None:
        """Ends the item before, where a new one begins."""
        self.in_use = self.in_use or piece.text == "use"
        self.group.body = self.group.body or piece.start in self.marks.statements
        starts = self.group.kind == "{" and (piece.start in self.starts or own_line)
        if self.current and starts:
            self._next()
            self.in_use = piece.text == "use"
        elif own_line and self.group.listed:
            self._next()

    def _pending_comma(self, piece: Piece) -> None:
        """A comma that separates no items belongs to the item, as in `cross a, b`."""
        if self.comma is not None and not (piece.start in self.starts or piece.kind == "comment"):
            self.current.append(self.comma)
        self.comma = None

    def _comma(self, piece: Piece) -> None:
        if self.group.listed:
            self._next()
        else:
            self.comma = piece
        self.previous = piece

    def _bracket(self, piece: Piece) -> None:
        inner = Group(piece)
        _classify(inner, self.previous, self.marks, self.in_use)
        Filler(inner, self.pieces, self.marks, self.marks.starts).run()
        self.current.append(inner)
        self.previous = inner.close

    def _separates(self) -> bool:
        return self.group.listed or self.group.kind == "{"

    def _next(self) -> None:
        if self.current:
            self.group.items.append(self.current)
        self.current = []


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
