"""What a condition tells of the values in it: which are not none where it holds, or does not."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.expressions import Constant, Expr, Get, Not, Op, Ref
from rlmlang.ir.types import Fielded, PairType, Type

Path = tuple[str, ...]


def tested(test: Expr, *, holds: bool) -> frozenset[Expr]:
    """What cannot be none when a condition holds, or when it does not."""
    match test:
        case Op("and" | "or" as op, left, right) if (op == "and") is holds:
            return tested(left, holds=holds) | tested(right, holds=holds)
        case Op("!=" | "==" as op, value, Constant(other)):
            equal = (op == "==") is holds
            return frozenset([value]) if equal is not (other is None) else frozenset()
        case Not(inner):
            return tested(inner, holds=not holds)
    return frozenset()


def narrowed(type_: Type, test: Expr, *, holds: bool) -> Type:
    """The type of an item `it` of which a condition holds, or does not: what was tested is not
    optional."""
    paths = [_path(e) for e in tested(test, holds=holds)]
    for path in sorted((p for p in paths if p is not None), key=len):
        type_ = _required(type_, path)
    return type_


def _path(e: Expr) -> Path | None:
    """The fields of `it` that an expression goes through; None for any other."""
    match e:
        case Ref("it"):
            return ()
        case Get(base, name, False):
            inner = _path(base)
            return None if inner is None else (*inner, name)
    return None


def _required(type_: Type, path: Path) -> Type:
    """The same type, of which what stands at a path of fields is there."""
    if not path:
        return type_.required()
    if type_.optional or not isinstance(type_, Fielded):
        return type_
    first, *rest = path
    fields = tuple(
        replace(f, type=_required(f.type, (*rest,))) if f.name == first else f for f in type_.fields
    )
    if isinstance(type_, PairType):
        return replace(type_, left=fields[0].type, right=fields[1].type)
    return replace(type_, fields=fields)
