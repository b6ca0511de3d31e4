"""Expressions that always have a value: no division, no field of nothing, no code of others."""

from __future__ import annotations

from rlmlang.ir.expressions import Choose, Constant, Expr, Items, Joined, Not, Op, Ref

SAFE = ("==", "!=", "and", "or")


def is_total(e: Expr) -> bool:
    """Whether an expression can be evaluated whatever the values of its names are."""
    match e:
        case Constant() | Ref():
            return True
        case Not(inner):
            return is_total(inner)
        case Op(op, left, right):
            return op in SAFE and is_total(left) and is_total(right)
        case Items(parts) | Joined(parts):
            return all(map(is_total, parts))
        case Choose(test, yes, no):
            return is_total(test) and is_total(yes) and is_total(no)
    return False
