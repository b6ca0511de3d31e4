"""Checked expressions: pure, evaluated by `execute`. Each name is bound, each type known."""

from __future__ import annotations

from dataclasses import field

from rlmlang.ir.types import EnumType, TextType, Type
from rlmlang.value import Frozen, value


@value
class Param(Frozen):
    """A parameter of a recipe, prompt or code; `max` in tok or, for lists, items."""

    name: str
    type: Type
    max: int | None = None
    doc: str = ""


@value
class Code(Frozen):
    """A pure Python function in a file beside the recipe; `pin` is a beginning of its sha256."""

    name: str
    params: tuple[Param, ...]
    result: Type
    max: int | None
    path: str
    function: str
    base: str = field(default="", compare=False)
    pin: str = ""


@value
class Constant(Frozen):
    """A literal: text, number, truth, none, or what is written as text: a label of the enum
    `label`, or a date or time."""

    value: str | int | float | bool | None
    label: EnumType | TextType | None = field(default=None, compare=False)


@value
class Ref(Frozen):
    """A parameter, source or step, by name; `it` and `result` are bound by what surrounds them."""

    name: str


@value
class Get(Frozen):
    """`base.field`: a field of a record, or of the `place` that a value came from."""

    base: Expr
    field: str
    place: bool = False


@value
class Items(Frozen):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@value
class Joined(Frozen):
    """`"Dear {name}"`: its parts as one text."""

    parts: tuple[Expr, ...]


@value
class Make(Frozen):
    """A record made of its fields."""

    type: Type
    fields: tuple[tuple[str, Expr], ...]


@value
class Apply(Frozen):
    """A built-in function over arguments; `options` are field names, plain values, a condition
    on an item `it`, what is computed when the function is called, or a value about a group."""

    function: str
    args: tuple[Expr, ...]
    options: tuple[tuple[str, object], ...] = ()


@value
class Computed(Frozen):
    """An option whose value is computed when its function is called."""

    value: Expr


@value
class Aggregate(Frozen):
    """A value about the rows of one group, which `group` names in it and nowhere else."""

    value: Expr


@value
class CodeCall(Frozen):
    """A `code` function over arguments."""

    code: Code
    args: tuple[Expr, ...]


@value
class Op(Frozen):
    """`left op right`."""

    op: str
    left: Expr
    right: Expr


@value
class Not(Frozen):
    """`not x`."""

    operand: Expr


@value
class Choose(Frozen):
    """`if test then yes else no`."""

    test: Expr
    yes: Expr
    no: Expr


Expr = Constant | Ref | Get | Items | Joined | Make | Apply | CodeCall | Op | Not | Choose


@value
class FromEnv(Frozen):
    """A variable of the environment, read when a recipe is given its inputs; `fallback` holds where
    it is not set."""

    variable: str
    fallback: Constant | None = None


Default = Expr | FromEnv
"""What fills a parameter that is not given."""
