"""Operators, and the types that they stand between."""

from __future__ import annotations

from rlmlang.ir.types import BOOL, AnyType, Number, Type, fits, is_time
from rlmlang.ir.wider import wider

COMPARISONS = ("<", "<=", ">", ">=")
TESTS = ("==", "!=", "in", *COMPARISONS)
OPERATORS = ("and", "or", "..", "+", "-", "*", "/", "%", *TESTS)


def goes_with(op: str, a: Type, b: Type) -> bool:
    """Whether an operator stands between values of these types."""
    if isinstance(a, AnyType) or isinstance(b, AnyType):
        return True
    if op in ("and", "or"):
        return fits(a, BOOL) and fits(b, BOOL)
    if op == "in":
        return b.is_list or (a.textual and b.textual)
    if op in COMPARISONS:
        return _ordered(a, b)
    if op in ("==", "!=") and is_time(a) != is_time(b) and a.textual and b.textual:
        return False
    if op in ("==", "!=", ".."):
        return wider(a, b) is not None
    numbers = isinstance(a, Number) and isinstance(b, Number) and not (a.optional or b.optional)
    return numbers or (op == "+" and a.textual and b.textual)


def _ordered(a: Type, b: Type) -> bool:
    numbers = isinstance(a, Number) and isinstance(b, Number)
    same = a.textual and a == b
    return (numbers or same) and not a.optional and not b.optional
