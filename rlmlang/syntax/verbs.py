"""The verbs as they are written: a class each, which the builder makes and a rule of the checker
reads."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.syntax.tree import Block, Body, Call, Expr, Node, Verb
from rlmlang.value import node


@node
class By(Verb):
    """A verb that goes by a partition or a search."""

    pure: ClassVar[bool] = True
    subject: Expr
    how: Expr


@node
class With(Verb):
    """A verb that puts a prompt to the items of a list."""

    subject: Expr
    call: Call


@node
class Split(By):
    """`split subject by how`."""

    word: ClassVar[str] = "split"


@node
class Map(Verb):
    """`map subject with body`."""

    word: ClassVar[str] = "map"
    subject: Expr
    body: Expr


@node
class FilterWith(With):
    """`filter subject with call`."""

    word: ClassVar[str] = "filter"


@node
class FilterWhere(Verb):
    """`filter subject where test`."""

    word: ClassVar[str] = "filter"
    pure: ClassVar[bool] = True
    subject: Expr
    test: Expr


@node
class Reduce(With):
    """`reduce subject with call`."""

    word: ClassVar[str] = "reduce"


@node
class Search(By):
    """`search subject for query by how`."""

    word: ClassVar[str] = "search"
    query: Expr


@node
class Cross(By):
    """`cross subject, other by how`."""

    word: ClassVar[str] = "cross"
    other: Expr


@node
class Leaf(Node):
    """`leaf <= size with call`."""

    size: Expr
    call: Call
    block: Block | None = None


@node
class Branch(Node):
    """`branch by how`."""

    how: Expr


@node
class Prune(Node):
    """`prune with call`."""

    call: Call
    block: Block | None = None


@node
class Join(Node):
    """`join with call`."""

    call: Call
    block: Block | None = None


@node
class Depth(Node):
    """`depth <= most`."""

    most: Expr


Clause = Leaf | Branch | Prune | Join | Depth


@node
class Recurse(Verb):
    """`recurse subject { leaf … branch … prune … join … depth … }`."""

    word: ClassVar[str] = "recurse"
    subject: Expr
    clauses: tuple[Clause, ...]


@node
class Rung(Node):
    """`rung "cheap" { … }`."""

    name: str
    body: Body
    docs: str = ""


@node
class Ladder(Verb):
    """`ladder accept (expr) { rung … }`."""

    word: ClassVar[str] = "ladder"
    accept: Expr
    rungs: tuple[Rung, ...]


VERBS = (Split, Map, FilterWith, FilterWhere, Reduce, Search, Cross, Recurse, Ladder)
WORDS = tuple(dict.fromkeys(v.word for v in VERBS))
"""The words that verbs begin with."""
