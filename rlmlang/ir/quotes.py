"""What a quote may come from: text cut from a source, no question, no words of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from rlmlang.ir import types as ty
from rlmlang.ir.expressions import Param
from rlmlang.ir.types import Type, fields_of, parts_of


def is_cut(type_: Type) -> bool:
    """Whether a value of a type is a part of a source by itself."""
    return type_.required() in (ty.SLICE, ty.DOC, ty.TREE)


def is_quote(type_: Type) -> bool:
    """Whether a value of a type is a quote."""
    return type_.required() == ty.QUOTE


def quotes_in(type_: Type) -> bool:
    """Whether a value of a type holds quotes."""
    return is_quote(type_) or any(map(quotes_in, parts_of(type_)))


def is_source(type_: Type, *, told: bool = False, listed: bool = False) -> bool:
    """Whether some text of a value is source text: a slice, a row, a line of a list, as long as
    no model has `told` it. A single text, a number or a label is none."""
    match type_:
        case ty.TreeType() | ty.TextType("Slice" | "Doc"):
            return True
        case ty.TextType(word):
            return word == "Text" and listed and not told
        case ty.Listed(of):
            return is_source(of, told=told, listed=True)
        case ty.MapType(of):
            return is_source(of, told=told, listed=True)
        case ty.RecordType():
            return not told or bool(cut_fields(type_))
        case ty.PairType(left, right):
            return is_source(left, told=told) or is_source(right, told=told)
        case ty.AnyType() | ty.JsonType():
            return not told
        case ty.IntType() | ty.FloatType() | ty.BoolType() | ty.EnumType() | ty.NoneType():
            return False
        case ty.PromptType() | ty.ImageType():
            return False
    assert_never(type_)


def cut_fields(type_: Type) -> tuple[str, ...]:
    """The fields of a record that hold slices; a row of plain fields has none."""
    return tuple(f.name for f in fields_of(type_) if is_source(f.type, told=True))


def holds_source(params: Iterable[Param]) -> bool:
    """Whether a quote could come from one of these."""
    return any(is_source(p.type) or quotes_in(p.type) for p in params)
