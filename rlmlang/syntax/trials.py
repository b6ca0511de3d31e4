"""What is declared for a recipe: tests, evals, tunings and batches, with their lines."""

from __future__ import annotations

from rlmlang.syntax.tree import Declaration, Expr, Name, Node, Number, Setting
from rlmlang.value import node


@node
class Item(Node):
    """A line of a test, tune or batch: `given key: value`, mock, knob, each and set."""

    word: str
    key: Expr
    value: Expr


@node
class Expect(Node):
    """`expect test` of a test, `require test` of an eval."""

    test: Expr


@node
class Score(Node):
    """`score metric weight 1`."""

    metric: Name
    weight: Number


@node
class Trial(Declaration):
    """test, eval, tune and batch: something declared for a recipe."""

    word: str
    target: Name
    items: tuple[Item | Expect | Score | Setting, ...]

    def said(self, word: str) -> list[Item]:
        """Its lines that begin with a word."""
        return [i for i in self.items if isinstance(i, Item) and i.word == word]
