"""The syntax tree: what was written, nothing more. Every node is a value that knows its place; that
takes no part in comparison, so two trees are equal when they say the same.
"""

from __future__ import annotations

from typing import ClassVar

from rlmlang.syntax.terms import Assume as Assume
from rlmlang.syntax.terms import Constant as Constant
from rlmlang.syntax.terms import Date as Date
from rlmlang.syntax.terms import Name as Name
from rlmlang.syntax.terms import Node as Node
from rlmlang.syntax.terms import Number as Number
from rlmlang.syntax.terms import Use as Use
from rlmlang.syntax.terms import Variant as Variant
from rlmlang.syntax.terms import Whole
from rlmlang.value import node


@node
class Text(Node):
    """A string or a text block, unescaped, its margin removed. Where it stands for a value and
    names values in braces, `parts` are its texts and the names between them, in order."""

    value: str
    parts: tuple[str | Expr, ...] = ()


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


@node
class Arm(Node):
    """`a, b -> value` of a match: what it is for, and what is given then; `else` is for no case."""

    cases: tuple[Name | Constant, ...]
    value: Expr


@node
class Match(Node):
    """`match subject { a, b -> value  else -> otherwise }`."""

    subject: Expr
    arms: tuple[Arm, ...]
    otherwise: Arm | None = None


@node
class OneOf(Node):
    """Whether a subject is one of the cases of an arm; made of a `Match`, not written."""

    subject: Expr
    cases: tuple[Name | Constant, ...]


# ── blocks ───────────────────────────────────────────────────────────────────


@node
class Setting(Node):
    """`key: value`, where a value may be a block."""

    key: Name
    value: Expr | Block


@node
class Limit(Node):
    """`key <= amount`, or `key of model <= amount`."""

    key: Name
    amount: Expr
    of: Name | None = None


@node
class Repl(Node):
    """`repl { … }` inside a prompt."""

    block: Block


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


Expr = (
    Name | Number | Date | Text | Constant | ListOf | Member | Call | Binary | Unary | If | Match
    | OneOf | Plain | Verb
)  # fmt: skip


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


@node
class TypeExpr(Node):
    """A type as written: its word, `list` for `[T]`, or `prompt`, whose last is its result."""

    name: str
    args: tuple[Typed, ...] = ()
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
class Declaration(Node):
    """What every named declaration has; `export` lets users of its package see it."""

    name: Name
    docs: str = ""
    export: bool = False


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
    """`code` and `metric`: a typed Python function from a file; one that asks has a block."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    origin: str
    block: Block | None = None


@node
class Recipe(Declaration):
    """`recipe` and `pattern`; `main` is the recipe that runs where none is named."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    body: Body
    generics: tuple[Name, ...] = ()
    main: bool = False


Decl = Use | Declaration


@node
class File(Whole):
    """A whole recipe file."""

    edition: int
    items: tuple[Decl, ...]
