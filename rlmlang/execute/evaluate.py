"""Checked expressions to values. Pure but for `code`, which is the user's own Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rlmlang.context import Datum, Slice, Tree, items_of, text_of
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.functions.function import Function
from rlmlang.functions.values import shown
from rlmlang.ir.calls import CallId
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
from rlmlang.ir.walk import GROUP
from rlmlang.origin import place_of, with_own
from rlmlang.protocols import BoundModel
from rlmlang.trajectory.events import CodeCalled

Environment = Mapping[str, Datum]
MOST_BITS = 13_000  # of a whole number; Python writes no more than 4,300 digits


class RunCode(Protocol):
    """What is no part of an expression: the user's code, and what functions do."""

    def __call__(self, code: Code, args: list[Datum], model: BoundModel | None = None) -> Datum:
        """The value of a call, of a function that takes a `model` with it. Raises CodedError."""

    def function(self, name: str) -> Function:
        """The function of that name. Raises CodedError for one that is not installed."""

    def at(self, call: CallId, record: Callable[[CodeCalled], None]) -> RunCode:
        """The same for what belongs to a call of a run; records each call of the user's code."""


def evaluate(e: Expr, env: Environment, code: RunCode) -> Datum:
    """The value of an expression. Raises CodedError for values that do not go together."""
    return RULES[type(e)](e, env, code)


def _op(e: Op, env: Environment, code: RunCode) -> Datum:
    left = evaluate(e.left, env, code)
    if e.op == "and":
        return left and evaluate(e.right, env, code)
    if e.op == "or":
        return left or evaluate(e.right, env, code)
    return _operate(e.op, left, evaluate(e.right, env, code))


def _code_call(e: CodeCall, env: Environment, code: RunCode) -> Datum:
    return _within(e.code, code(e.code, [evaluate(x, env, code) for x in e.args]))


def _choose(e: Choose, env: Environment, code: RunCode) -> Datum:
    return evaluate(e.yes if evaluate(e.test, env, code) else e.no, env, code)


def _within(function: Code, value: Datum) -> Datum:
    """What code gives, unless it is more than was declared. Raises CodedError (code-failed)."""
    most = function.max if function.result.is_list else None
    if most is not None and isinstance(value, list) and len(value) > most:
        raise failed(
            "code-failed",
            f"{function.name} gives {len(value):,} items; it is declared to give at most {most:,}",
            reason="Every bound of the plan was computed with that number.",
            hint=f"raise `max` behind the result of `{function.name}`, or return fewer",
        )
    return value


def _apply(e: Apply, env: Environment, code: RunCode) -> Datum:
    options = {k: _option(v, env, code) for k, v in e.options}
    function = code.function(e.function)
    args = [_given(function, at, evaluate(x, env, code)) for at, x in enumerate(e.args)]
    try:
        return _bounded(function.run(*args, **options), e.function)
    except (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as mistake:
        raise _unfit(e.function, mistake) from None


def _given(function: Function, at: int, value: Datum) -> Datum:
    """An argument; a tree as its documents, where a list is wanted."""
    return items_of(value) if isinstance(value, Tree) and function.kind(at) == "list" else value


def _option(value: object, env: Environment, code: RunCode) -> object:
    """An option's value; a condition becomes a function of the item, an aggregate
    one of the group."""
    if isinstance(value, Aggregate):
        return lambda rows: evaluate(value.value, {**env, GROUP: rows}, code)
    if isinstance(value, Computed):
        return evaluate(value.value, env, code)
    if isinstance(value, Expr):
        return lambda item: evaluate(value, {**env, "it": item}, code)
    return value


def _get(base: Datum, name: str, place: bool) -> Datum:
    if place:
        return place_of(base, name)
    if not isinstance(base, dict):
        raise failed("wrong-value", f"{base!r:.60} has no field `{name}`")
    return base.get(name)


def _operate(op: str, a: Datum, b: Datum) -> Datum:
    a, b = (text_of(a) if isinstance(a, Slice) else a, text_of(b) if isinstance(b, Slice) else b)
    try:
        return _bounded(OPERATORS[op](a, b), op)
    except ZeroDivisionError:
        raise failed(
            "wrong-value", f"{a} {op} {b}: division by zero", hint="test it first"
        ) from None
    except OverflowError:
        raise _too_large(op) from None
    except TypeError:
        raise _mixed(op, a, b) from None


def _bounded(value: Datum, op: str) -> Datum:
    """A number that can be written down. Raises CodedError (wrong-value)."""
    if isinstance(value, float) and not math.isfinite(value):
        raise _too_large(op)
    if type(value) is int and value.bit_length() > MOST_BITS:
        raise _too_large(op)
    return value


OPERATORS: Mapping[str, Callable[[Any, Any], Datum]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "in": lambda a, b: a in b,
    "..": lambda a, b: f"{a}..{b}",
}
"""Raise TypeError for values that do not go together."""


RULES: Mapping[type[Expr], Callable[..., Datum]] = {
    Apply: _apply,
    Choose: _choose,
    CodeCall: _code_call,
    Constant: lambda e, env, code: e.value,
    Get: lambda e, env, code: _get(evaluate(e.base, env, code), e.field, e.place),
    Items: lambda e, env, code: [evaluate(x, env, code) for x in e.items],
    Joined: lambda e, env, code: "".join(shown(evaluate(x, env, code)) for x in e.parts),
    Make: lambda e, env, code: with_own({n: evaluate(x, env, code) for n, x in e.fields}, e.type),
    Not: lambda e, env, code: not evaluate(e.operand, env, code),
    Op: _op,
    Ref: lambda e, env, code: env[e.name],
}
"""By what is evaluated: a condition is asked of each of a million rows."""


def _too_large(op: str) -> CodedError:
    return failed("wrong-value", f"`{op}` gives a number that is too large to be written down")


def _unfit(function: str, mistake: Exception) -> CodedError:
    """Values that are not what their types say, or that have no order: of code and of options."""
    return failed(
        "wrong-value",
        f"`{function}` cannot be applied to these values: {mistake}",
        hint="look at what they are: numbers and texts have no common order, records have none",
    )


def _mixed(op: str, a: Datum, b: Datum) -> CodedError:
    return failed(
        "wrong-value",
        f"`{op}` cannot be applied to {a!r:.40} and {b!r:.40}",
        hint="one of them is empty: test it first with `!= none`",
    )
