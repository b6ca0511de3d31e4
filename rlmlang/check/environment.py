"""`env("NAME")`: a constant, or a parameter's default, from the environment of whoever runs a file.

The checker reads no environment: it asks whoever called it, and takes a value that fits where
nobody can say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rlmlang.diagnostics.diagnostic import Diagnostic, error
from rlmlang.diagnostics.source import Place
from rlmlang.ir.expressions import Constant, Default, FromEnv
from rlmlang.ir.quotes import is_cut
from rlmlang.ir.types import (
    BoolType,
    EnumType,
    FloatType,
    IntType,
    Listed,
    TextType,
    Type,
)
from rlmlang.schema.calls import ENV
from rlmlang.schema.setting import KINDS
from rlmlang.syntax import tree as t
from rlmlang.syntax.expressions import LARGEST

ALLOWED = IntType | FloatType | BoolType | EnumType | TextType
Plain = str | int | float | bool | None
Variables = Callable[[str, Type, Place], object]


class Names(Protocol):
    """What is asked of a file: whether it is the one that runs, the constants that were read, how
    a variable is read, its names and types, and where problems go."""

    root: bool
    variables: dict[str, t.Expr]

    @property
    def variable(self) -> Variables | None:
        """What reads a variable; None where nobody may."""

    def find(self, name: str) -> object:
        """What a name is declared as; None for no such."""

    def type(self, written: t.TypeExpr) -> Type:
        """The type that was written."""

    def report(self, problem: Diagnostic) -> None:
        """Keeps a problem."""


@dataclass(frozen=True)
class Asked:
    """What was written: the variable, and what holds where it is not set."""

    call: t.Call
    variable: str
    fallback: t.Expr | None = None


def asked(module: Names, written: t.Expr | None) -> Asked | None:
    """The `env(…)` that an expression is; None for any other, and where a file has an `env` of its
    own. A form that is none is reported."""
    if not isinstance(written, t.Call) or not is_env(module, written):
        return None
    values = [a.value for a in written.args if not a.label]
    name = values[0].value if values and isinstance(values[0], t.Text) else ""
    if len(values) != len(written.args) or len(values) > 2 or not KINDS["variable"].holds(name):
        module.report(_form(written, 'write `env("NAME")`, or `env("NAME", 5)` with a fallback'))
        return Asked(written, "")
    return Asked(written, name, values[1] if len(values) == 2 else None)


def is_env(module: Names, call: t.Call) -> bool:
    """Whether a call is one of `env`."""
    called = call.callee
    return isinstance(called, t.Name) and called.text == ENV.name and not module.find(ENV.name)


def refused(module: Names, found: Asked, type_: Type | None) -> bool:
    """Whether a value may not come from the environment here; reported."""
    if not found.variable:
        return True
    hint = ""
    if type_ is None:
        hint = "write its type: `const NAME: Int = env(…)`"
    elif not isinstance(type_, ALLOWED) or is_cut(type_):
        hint = "Int, Float, Bool, Date, Path, Text and enums may come from there"
    if hint:
        module.report(_form(found.call, hint))
    return bool(hint)


def constant(module: Names, decl: t.Const) -> t.Expr:
    """What a constant stands for: what is written, or what its variable holds."""
    found = asked(module, decl.value)
    if found is None:
        return decl.value
    key = decl.name.text
    if key not in module.variables:
        module.variables[key] = _read(module, decl, found)
    return module.variables[key]


def _read(module: Names, decl: t.Const, found: Asked) -> t.Expr:
    type_ = module.type(decl.typed.type) if decl.typed is not None else None
    if not module.root:
        module.report(misplaced(module, found.call))
    elif not refused(module, found, type_) and type_ is not None:
        return _found(module, decl, found, type_)
    return _written(_some(type_), type_, found.call)


def _found(module: Names, decl: t.Const, found: Asked, type_: Type) -> t.Expr:
    read = module.variable
    value = read(found.variable, type_, decl.name.span.place) if read is not None else None
    if isinstance(value, int) and abs(value) > LARGEST:
        module.report(_too_large(decl, found))
    if isinstance(value, str | int | float):
        return _written(value, type_, found.call)
    if found.fallback is None and read is not None:
        module.report(_unset(decl, found))
    return found.fallback or _written(_some(type_), type_, found.call)


def default(module: Names, found: Asked, type_: Type, fallback: Constant | None) -> Default:
    """The default of a parameter that is read when the recipe is given its inputs."""
    return Constant(None) if refused(module, found, type_) else FromEnv(found.variable, fallback)


def _some(type_: Type | None) -> Plain:
    """A value of a type, for a file that is only checked."""
    match type_:
        case EnumType(names=names):
            return names[0] if names else ""
        case BoolType():
            return False
        case IntType() | FloatType():
            return 1
    return ""


def _written(value: Plain, type_: Type | None, at: t.Call) -> t.Expr:
    """A value as it would be written."""
    if isinstance(type_, Listed):
        return t.ListOf(items=(), span=at.span)
    if isinstance(value, bool) or value is None:
        return t.Constant(value=value, span=at.span)
    if isinstance(value, str):
        if isinstance(type_, EnumType):
            return t.Name(text=value, span=at.span)
        return t.Text(value=value, span=at.span)
    number = t.Number(value=float(abs(value)), unit="", span=at.span)
    return number if value >= 0 else t.Unary(op="-", operand=number, span=at.span)


def _unset(decl: t.Const, found: Asked) -> Diagnostic:
    name = found.variable
    return error(
        "env-unset",
        f"the environment has no {name}, which `{decl.name.text}` is read from",
        found.call.span,
        hint=f'{name}=… rlm …, --set {decl.name.text}=…, or a fallback: `env("{name}", …)`',
    )


def _too_large(decl: t.Const, found: Asked) -> Diagnostic:
    return error(
        "number-too-large",
        f"what {found.variable} of the environment holds is too large to be held exactly",
        found.call.span,
        reason=f"Numbers in recipes are exact up to {LARGEST:,}.",
        hint=f"give `{decl.name.text}` a smaller one",
    )


def _form(at: t.Call, hint: str) -> Diagnostic:
    return error(
        "env-form",
        "`env` cannot stand here, or not so",
        at.span,
        reason="A variable is the whole value of a constant or of a parameter's default, in the "
        "file that is run: a file that is imported reads nobody's environment.",
        hint=hint,
    )


def no_fallback(written: t.Expr) -> Diagnostic:
    """The problem of a fallback that is no plain value."""
    return error(
        "env-form",
        "the fallback of `env` is one plain value",
        written.span,
        hint="a number, a text, true, false, none or a label",
    )


def misplaced(module: Names, at: t.Call) -> Diagnostic:
    """The problem of `env` inside of an expression, or in a file that does not run."""
    if module.root:
        return _form(at, "make it a constant: `const NAME: Int = env(…)`")
    return _form(at, "give the value as an argument, or as a constant of the file that runs")
