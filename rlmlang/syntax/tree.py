"""The syntax tree: what was written, nothing more. Every node is a value that knows its place.

Spans do not take part in comparison, so two trees are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from rlmlang.diagnostics.source import Span
from rlmlang.syntax.terms import Constant as Constant
from rlmlang.syntax.terms import Name as Name
from rlmlang.syntax.terms import Node as Node
from rlmlang.syntax.terms import Number as Number
from rlmlang.syntax.terms import Text as Text
from rlmlang.value import node

# ── expressions ──────────────────────────────────────────────────────────────


@node
class ListOf(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@node
class Member(Node):
    """`base.name`."""

    base: Expr
    name: Name


@node
class Arg(Node):
    """An argument; `label` is empty for a positional one."""

    label: str
    value: Expr


@node
class Call(Node):
    """`callee(args)`."""

    callee: Expr
    args: tuple[Arg, ...]


@node
class Binary(Node):
    """`left op right`, the operator as written."""

    op: str
    left: Expr
    right: Expr


@node
class Unary(Node):
    """`not x` or `-x`."""

    op: str
    operand: Expr


@node
class If(Node):
    """`if test then yes else no`."""

    test: Expr
    yes: Expr
    no: Expr


# ── blocks ───────────────────────────────────────────────────────────────────


@node
class Setting(Node):
    """`key: value`, where a value may be a block."""

    key: Name
    value: Expr | Block


@node
class Limit(Node):
    """`key <= amount`."""

    key: Name
    amount: Expr


@node
class Repl(Node):
    """`repl { … }` inside a prompt."""

    block: Block


@node
class Assume(Node):
    """`assume exact because "…"`."""

    because: str


Entry = Setting | Limit | Repl | Assume


@node
class Block(Node):
    """`{ … }` of settings and limits."""

    entries: tuple[Entry, ...]


# ── steps ────────────────────────────────────────────────────────────────────


@node
class Plain(Node):
    """An expression with settings behind it."""

    value: Expr
    block: Block


@node
class Verb(Node):
    """What every verb has: the word it begins with and the settings behind it."""

    word: ClassVar[str]
    pure: ClassVar[bool] = False
    """Whether it asks no model, so that it needs no line of its own."""
    block: Block | None = None


Expr = Name | Number | Text | Constant | ListOf | Member | Call | Binary | Unary | If | Plain | Verb


@node
class Let(Node):
    """`let name = step`."""

    name: Name
    value: Expr
    docs: str = ""


@node
class Return(Node):
    """`return step`."""

    value: Expr
    docs: str = ""


@node
class Require(Node):
    """`require expr`."""

    value: Expr
    docs: str = ""


@node
class BudgetUse(Node):
    """`budget { … }` or `budget name` inside a body."""

    limits: Name | Block
    docs: str = ""


BodyItem = Let | Return | Require | BudgetUse


@node
class Body(Node):
    """`{ … }` of steps."""

    items: tuple[BodyItem, ...]


# ── types and parameters ─────────────────────────────────────────────────────


@node
class TypeExpr(Node):
    """A type as written. `name` is the word, `list` for `[T]`, `prompt` for a prompt type, whose
    last argument is its result."""

    name: str
    args: tuple[TypeExpr, ...] = ()
    optional: bool = False


@node
class Typed(Node):
    """A type with its `max`."""

    type: TypeExpr
    max: Expr | None = None


@node
class Param(Node):
    """A parameter."""

    name: Name
    typed: Typed
    default: Expr | None = None
    docs: str = ""


@node
class Field(Node):
    """A field of a record."""

    name: Name
    typed: Typed
    where: Expr | None = None
    docs: str = ""


@node
class Variant(Node):
    """A label of an enum."""

    name: Name
    docs: str = ""


# ── declarations ─────────────────────────────────────────────────────────────


@node
class Use(Node):
    """`use "std/needle" { find }`."""

    path: str
    version: str = ""
    alias: Name | None = None
    names: tuple[Name, ...] = ()
    docs: str = ""


@node
class Declaration(Node):
    """What every named declaration has."""

    name: Name
    docs: str = ""


@node
class Const(Declaration):
    """`const K: Int = 3`."""

    value: Expr
    typed: Typed | None = None


@node
class Enum(Declaration):
    """`enum Label { good, bad }`."""

    variants: tuple[Variant, ...]


@node
class Record(Declaration):
    """`record Row { id: Int }`."""

    fields: tuple[Field, ...]


@node
class Settings(Declaration):
    """model, budget and dataset: a word, a name and a block."""

    word: str
    block: Block


@node
class SourceDecl(Declaration):
    """`source rows: [Row] = jsonl("rows.jsonl")`."""

    typed: Typed
    value: Expr


@node
class Partition(Declaration):
    """`partition pages = tokens(max: 2ktok)`."""

    value: Expr


@node
class Prompt(Declaration):
    """`prompt note(page: Slice) -> Text { … }`; a bare text is its task."""

    params: tuple[Param, ...]
    result: Typed
    body: Block | Text


@node
class Code(Declaration):
    """`code` and `metric`: a typed Python function from a file."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    origin: str


@node
class Recipe(Declaration):
    """`recipe` and `pattern`."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    body: Body
    generics: tuple[Name, ...] = ()
    export: bool = False


Decl = Use | Declaration


@node
class File(Node):
    """A whole recipe file. `holes` are the parts of it that could not be read, `lost` the names
    that they may have declared."""

    edition: int
    items: tuple[Decl, ...]
    holes: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    lost: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
