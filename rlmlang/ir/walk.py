"""Walking over checked expressions: which names they read, and how they print."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from rlmlang.ir.expressions import (
    Aggregate,
    Apply,
    Choose,
    Code,
    CodeCall,
    Computed,
    Constant,
    Expr,
    Get,
    Items,
    Joined,
    Make,
    Not,
    Op,
    Ref,
)
from rlmlang.ir.recipe import Ask, Prompt, Step
from rlmlang.ir.types import BaseType, TextType
from rlmlang.value import Frozen


def names(value: object) -> Iterator[str]:
    """The names that an expression, or anything built of expressions, reads."""
    return (part.name for part in _parts(value) if isinstance(part, Ref))


def free_names(value: object) -> tuple[str, ...]:
    """The same, each once, without those that a step binds itself."""
    return tuple(dict.fromkeys(n for n in names(value) if n not in BOUND))


T = TypeVar("T")
GROUP = "group"
"""The rows of one group, inside an aggregate."""
BOUND = ("it", "result")
"""Names that a step binds itself."""
CLOSED = (Prompt, Code, BaseType)
LEAVES = (str, int, float, Constant)  # of which a list may hold a hundred thousand
"""What has names of its own: those in a prompt's checks are its parameters."""


def renamed(value: T, means: Mapping[str, str]) -> T:
    """An expression, or anything built of expressions, whose names are other names."""

    def other(e: object) -> object | None:
        if isinstance(e, Ref):
            return replace(e, name=means.get(e.name, e.name))
        if isinstance(e, Aggregate) and GROUP in means:
            return renamed(e, {k: v for k, v in means.items() if k != GROUP})
        return None

    return changed(value, other)


def changed(value: T, change: Callable[[object], object | None]) -> T:
    """An expression, or anything built of expressions, with some of its parts in another form: the
    outermost for which `change` gives one."""
    if (found := change(value)) is not None:
        return found  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(changed(x, change) for x in value)  # type: ignore[return-value]
    if not isinstance(value, Frozen) or isinstance(value, CLOSED):
        return value
    parts = {f.name: changed(getattr(value, f.name), change) for f in dataclasses.fields(value)}
    return replace(value, **parts)


def calls_of(value: object, function: str) -> Iterator[Apply]:
    """Every call of a built-in function in an expression, or in anything built of expressions."""
    calls = (part for part in _parts(value) if isinstance(part, Apply))
    return (call for call in calls if call.function == function)


def codes_in(value: object) -> Iterator[Code]:
    """Every function of the user's that an expression, or anything built of expressions, calls."""
    return (part.code for part in _parts(value) if isinstance(part, CodeCall))


def calls_code(value: object) -> bool:
    """Whether the user's code is called in an expression, or in anything built of expressions."""
    return next(codes_in(value), None) is not None


def _parts(value: object) -> Iterator[object]:
    """What is built of expressions, with all that is in it but for what `CLOSED` holds."""
    if isinstance(value, Aggregate):
        inside = _parts(value.value)
        yield from (p for p in inside if not (isinstance(p, Ref) and p.name == GROUP))
        return
    yield value
    inner: Iterable[object] = ()
    if isinstance(value, tuple):
        inner = value
    elif isinstance(value, Frozen) and not isinstance(value, CLOSED):
        inner = (getattr(value, f.name) for f in dataclasses.fields(value))
    for part in inner:
        if isinstance(part, LEAVES):
            yield part
        else:
            yield from _parts(part)


def predictors(steps: Iterable[Step]) -> Iterator[tuple[str, Ask]]:
    """Every prompt that steps ask, by the name of its predictor: that of the step."""
    for step in steps:
        if (ask := step.work.asked) is not None:
            yield step.name, ask


def show(e: Expr) -> str:
    """The expression as the language would write it."""
    match e:
        case Constant(v, TextType()):
            return str(v)
        case Constant(v):
            return "none" if v is None else str(v).lower() if isinstance(v, bool) else repr(v)
        case Ref(name):
            return name
        case Get(base, field):
            return f"{show(base)}.{field}"
        case Items(items):
            return "[" + ", ".join(map(show, items)) + "]"
        case Joined(parts):
            return repr("".join(_within(part) for part in parts))
        case Make(type_, fields):
            return f"{type_}({', '.join(f'{n}: {show(x)}' for n, x in fields)})"
        case Apply(function, args, options):
            inner = [*map(show, args), *(f"{k}: {_option(v)}" for k, v in options)]
            return f"{function}({', '.join(inner)})"
        case CodeCall(code, args):
            return f"{code.name}({', '.join(map(show, args))})"
        case Op(op, left, right):
            return f"{show(left)} {op} {show(right)}"
        case Not(operand):
            return f"not {show(operand)}"
        case Choose(test, yes, no):
            return f"if {show(test)} then {show(yes)} else {show(no)}"


def _within(part: Expr) -> str:
    """A part of a text."""
    return str(part.value) if isinstance(part, Constant) else f"{{{show(part)}}}"


def show_call(name: str, options: tuple[tuple[str, object], ...]) -> str:
    """A strategy or look-up with its arguments, as the language would write it."""
    shown = ", ".join(f"{k}: {v}" for k, v in options if v not in (None, 0))
    return f"{name}({shown})"


def _option(value: object) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(_option, value))}]"
        case bool():
            return str(value).lower()
        case Computed(inner) | Aggregate(inner):
            return show(inner)
    return show(value) if isinstance(value, Expr) else str(value)
