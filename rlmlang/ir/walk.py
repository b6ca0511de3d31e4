"""Walking over checked expressions: which names they read, and how they print."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rlmlang.ir.expressions import (
    Apply,
    Choose,
    Code,
    CodeCall,
    Constant,
    Expr,
    Get,
    Items,
    Make,
    Not,
    Op,
    Ref,
)
from rlmlang.ir.recipe import Ask, Ladder, Prompt, Recurse, Step


def names(value: object) -> Iterator[str]:
    """The names that an expression, or anything built of expressions, reads."""
    if isinstance(value, Ref):
        yield value.name
    elif isinstance(value, Prompt | Code):
        return  # the names in a prompt's checks are its own parameters
    elif isinstance(value, tuple):
        for part in value:
            yield from names(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for part in dataclasses.fields(value):
            yield from names(getattr(value, part.name))


def asks(value: object) -> Iterator[Ask]:
    """Every prompt that a step, or anything built of steps, may call."""
    if isinstance(value, Ask):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from asks(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type | Prompt):
        for part in dataclasses.fields(value):
            yield from asks(getattr(value, part.name))


ROLES = ("leaf", "prune", "join")


def predictors(steps: tuple[Step, ...]) -> Iterator[tuple[str, Ask]]:
    """Every place in steps where a prompt is called, under the name of its predictor: the step's,
    with the role behind it where a step has several."""
    for step in steps:
        match step.work:
            case Recurse():
                for role in ROLES:
                    if (ask := getattr(step.work, role)) is not None:
                        yield f"{step.name}.{role}", ask
            case Ladder(_, rungs):
                for rung in rungs:
                    yield from predictors(rung.steps)
            case _:
                for ask in asks(step.work):
                    yield step.name, ask


def all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps with those inside them."""
    for step in steps:
        yield step
        if isinstance(step.work, Ladder):
            for rung in step.work.rungs:
                yield from all_steps(rung.steps)


def show(e: Expr) -> str:
    """The expression as the language would write it."""
    match e:
        case Constant(v):
            return "none" if v is None else str(v).lower() if isinstance(v, bool) else repr(v)
        case Ref(name):
            return name
        case Get(base, field):
            return f"{show(base)}.{field}"
        case Items(items):
            return "[" + ", ".join(map(show, items)) + "]"
        case Make(type_, fields):
            return f"{type_}({', '.join(f'{n}: {show(x)}' for n, x in fields)})"
        case Apply(function, args, options):
            inner = [*map(show, args), *(f"{k}: {v}" for k, v in options)]
            return f"{function}({', '.join(inner)})"
        case CodeCall(code, args):
            return f"{code.name}({', '.join(map(show, args))})"
        case Op(op, left, right):
            return f"{show(left)} {op} {show(right)}"
        case Not(operand):
            return f"not {show(operand)}"
        case Choose(test, yes, no):
            return f"if {show(test)} then {show(yes)} else {show(no)}"
