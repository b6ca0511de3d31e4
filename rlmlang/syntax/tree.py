"""The syntax tree: what was written, nothing more. Every node is a value that knows its place.

Spans do not take part in comparison, so two trees are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rlmlang.diagnostics.source import Span


@dataclass(frozen=True, kw_only=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


# ── expressions ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Name(Node):
    """A bare word."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Number(Node):
    """`20_000`, `0.5`, `8ktok`, `10%`: the value with its multiplier applied, and the unit."""

    value: float
    unit: str = ""
    raw: str = ""


@dataclass(frozen=True, kw_only=True)
class Text(Node):
    """A string or a text block, unescaped, its margin removed."""

    value: str


@dataclass(frozen=True, kw_only=True)
class Constant(Node):
    """`true`, `false` or `none`."""

    value: bool | None


@dataclass(frozen=True, kw_only=True)
class ListOf(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, kw_only=True)
class Member(Node):
    """`base.name`."""

    base: Expr
    name: Name


@dataclass(frozen=True, kw_only=True)
class Arg(Node):
    """An argument; `label` is empty for a positional one."""

    label: str
    value: Expr


@dataclass(frozen=True, kw_only=True)
class Call(Node):
    """`callee(args)`."""

    callee: Expr
    args: tuple[Arg, ...]


@dataclass(frozen=True, kw_only=True)
class Binary(Node):
    """`left op right`, the operator as written."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, kw_only=True)
class Unary(Node):
    """`not x` or `-x`."""

    op: str
    operand: Expr


@dataclass(frozen=True, kw_only=True)
class If(Node):
    """`if test then yes else no`."""

    test: Expr
    yes: Expr
    no: Expr


# ── blocks ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Setting(Node):
    """`key: value`, where a value may be a block."""

    key: Name
    value: Expr | Block


@dataclass(frozen=True, kw_only=True)
class Limit(Node):
    """`key <= amount`."""

    key: Name
    amount: Expr


@dataclass(frozen=True, kw_only=True)
class Repl(Node):
    """`repl { … }` inside a prompt."""

    block: Block


@dataclass(frozen=True, kw_only=True)
class Assume(Node):
    """`assume exact because "…"`."""

    because: str


Entry = Setting | Limit | Repl | Assume


@dataclass(frozen=True, kw_only=True)
class Block(Node):
    """`{ … }` of settings and limits."""

    entries: tuple[Entry, ...]


# ── steps ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Plain(Node):
    """An expression with settings behind it."""

    value: Expr
    block: Block


@dataclass(frozen=True, kw_only=True)
class Verb(Node):
    """split, map, filter, reduce, search or cross.

    `subject` is what it works on; `second` the query of a search or the other list of a cross;
    `how` the partition, strategy or condition; `call` the prompt with its arguments.
    """

    verb: str
    subject: Expr
    second: Expr | None = None
    how: Expr | None = None
    call: Call | None = None
    block: Block | None = None


@dataclass(frozen=True, kw_only=True)
class Clause(Node):
    """One line of a recurse: leaf, branch, prune, join or depth."""

    word: str
    amount: Expr | None = None
    how: Expr | None = None
    call: Call | None = None
    block: Block | None = None


@dataclass(frozen=True, kw_only=True)
class Recurse(Node):
    """`recurse x { … }`."""

    subject: Expr
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, kw_only=True)
class Rung(Node):
    """`rung "cheap" { … }`."""

    name: str
    body: Body
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Ladder(Node):
    """`ladder accept (expr) { … }`."""

    accept: Expr
    rungs: tuple[Rung, ...]


Step = Plain | Verb | Recurse | Ladder
Expr = (
    Name | Number | Text | Constant | ListOf | Member | Call | Binary | Unary | If
    | Plain | Verb | Recurse | Ladder
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Let(Node):
    """`let name = step`."""

    name: Name
    value: Expr
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Return(Node):
    """`return step`."""

    value: Expr
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Require(Node):
    """`require expr`."""

    value: Expr
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class BudgetUse(Node):
    """`budget { … }` or `budget name` inside a body."""

    name: Name | None = None
    block: Block | None = None
    docs: str = ""


BodyItem = Let | Return | Require | BudgetUse


@dataclass(frozen=True, kw_only=True)
class Body(Node):
    """`{ … }` of steps."""

    items: tuple[BodyItem, ...]


# ── types and parameters ─────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class TypeExpr(Node):
    """A type as written. `name` is the word, `list` for `[T]`, `prompt` for a prompt type."""

    name: str
    args: tuple[TypeExpr, ...] = ()
    result: TypeExpr | None = None
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class Typed(Node):
    """A type with its `max`."""

    type: TypeExpr
    max: Expr | None = None


@dataclass(frozen=True, kw_only=True)
class Param(Node):
    """A parameter."""

    name: Name
    typed: Typed
    default: Expr | None = None
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Field(Node):
    """A field of a record."""

    name: Name
    typed: Typed
    where: Expr | None = None
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Variant(Node):
    """A label of an enum."""

    name: Name
    docs: str = ""


# ── declarations ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Use(Node):
    """`use "std/needle" { find }`."""

    path: str
    version: str = ""
    alias: Name | None = None
    names: tuple[Name, ...] = ()
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Declaration(Node):
    """What every named declaration has."""

    name: Name
    docs: str = ""


@dataclass(frozen=True, kw_only=True)
class Const(Declaration):
    value: Expr
    typed: Typed | None = None


@dataclass(frozen=True, kw_only=True)
class Enum(Declaration):
    variants: tuple[Variant, ...]


@dataclass(frozen=True, kw_only=True)
class Record(Declaration):
    fields: tuple[Field, ...]


@dataclass(frozen=True, kw_only=True)
class Settings(Declaration):
    """model, budget and dataset: a word, a name and a block."""

    word: str
    block: Block


@dataclass(frozen=True, kw_only=True)
class SourceDecl(Declaration):
    typed: Typed
    value: Expr


@dataclass(frozen=True, kw_only=True)
class Partition(Declaration):
    value: Expr


@dataclass(frozen=True, kw_only=True)
class Prompt(Declaration):
    params: tuple[Param, ...]
    result: Typed
    body: Block | Text


@dataclass(frozen=True, kw_only=True)
class Code(Declaration):
    """`code` and `metric`: a typed Python function from a file."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    origin: str


@dataclass(frozen=True, kw_only=True)
class Recipe(Declaration):
    """`recipe` and `pattern`."""

    word: str
    params: tuple[Param, ...]
    result: Typed
    body: Body
    generics: tuple[Name, ...] = ()
    export: bool = False


@dataclass(frozen=True, kw_only=True)
class Item(Node):
    """A line of a test, eval, tune or batch: a word and up to two expressions."""

    word: str
    key: Expr | None = None
    value: Expr | Block | None = None


@dataclass(frozen=True, kw_only=True)
class Trial(Declaration):
    """test, eval, tune and batch: something declared for a recipe."""

    word: str
    target: Name
    items: tuple[Item, ...]


Decl = (
    Use | Const | Enum | Record | Settings | SourceDecl | Partition | Prompt | Code | Recipe | Trial
)


@dataclass(frozen=True, kw_only=True)
class File(Node):
    """A whole recipe file."""

    edition: int
    items: tuple[Decl, ...]
