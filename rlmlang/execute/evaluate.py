"""Checked expressions to values. Pure but for `code`, which is the user's own Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rlmlang.check import recipe as r
from rlmlang.context import Slice, text_of
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.functions import IMPLEMENTATIONS

Environment = Mapping[str, Any]
Code = Callable[[r.Code, list[Any]], Any]


def evaluate(e: r.Expr, env: Environment, code: Code) -> Any:
    """The value of an expression. Raises CodedError for values that do not go together."""
    match e:
        case r.Value(v):
            return v
        case r.Ref(name):
            return env[name]
        case r.Get(base, name):
            return _get(evaluate(base, env, code), name)
        case r.Items(items):
            return [evaluate(x, env, code) for x in items]
        case r.Make(_, parts):
            return {n: evaluate(x, env, code) for n, x in parts}
        case r.Apply():
            return _apply(e, env, code)
        case r.CodeCall(function, args):
            return _within(function, code(function, [evaluate(x, env, code) for x in args]))
        case r.Op("and", left, right):
            return evaluate(left, env, code) and evaluate(right, env, code)
        case r.Op("or", left, right):
            return evaluate(left, env, code) or evaluate(right, env, code)
        case r.Op(op, left, right):
            return _operate(op, evaluate(left, env, code), evaluate(right, env, code))
        case r.Not(operand):
            return not evaluate(operand, env, code)
        case r.Choose(test, yes, no):
            return evaluate(yes if evaluate(test, env, code) else no, env, code)


def _within(function: r.Code, value: Any) -> Any:
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


def _apply(e: r.Apply, env: Environment, code: Code) -> Any:
    options = {k: _option(v, env, code) for k, v in e.options}
    args = [evaluate(x, env, code) for x in e.args]
    return IMPLEMENTATIONS[e.function](*args, options)


def _option(value: object, env: Environment, code: Code) -> Any:
    """An option's value; a condition becomes a function of the item."""
    if isinstance(value, r.Value | r.Ref | r.Get | r.Op | r.Not | r.Choose | r.Apply | r.CodeCall):
        return lambda item: evaluate(value, {**env, "it": item}, code)
    return list(value) if isinstance(value, tuple) else value


def _get(base: Any, name: str) -> Any:
    if not isinstance(base, dict):
        raise failed("wrong-value", f"{base!r:.60} has no field `{name}`")
    return base.get(name)


def _operate(op: str, a: Any, b: Any) -> Any:
    a, b = (text_of(x) if isinstance(x, Slice) else x for x in (a, b))
    try:
        match op:
            case "==":
                return a == b
            case "!=":
                return a != b
            case "<":
                return a < b
            case "<=":
                return a <= b
            case ">":
                return a > b
            case ">=":
                return a >= b
            case "in":
                return a in b
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "..":
                return f"{a}..{b}"
    except ZeroDivisionError:
        raise failed("wrong-value", f"{a} / {b}: division by zero", hint="test it first") from None
    except TypeError:
        raise _mixed(op, a, b) from None
    raise AssertionError(op)


def _mixed(op: str, a: Any, b: Any) -> CodedError:
    return failed(
        "wrong-value",
        f"`{op}` cannot be applied to {a!r:.40} and {b!r:.40}",
        hint="one of them is empty: test it first with `!= none`",
    )
