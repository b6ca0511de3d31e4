"""The type of a value that is of one of two types: of the items of a list, of two branches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rlmlang.ir.types import (
    ANY,
    DOC,
    FLOAT,
    SLICE,
    TEXT,
    AnyType,
    BatchType,
    EnumType,
    Field,
    FloatType,
    IntType,
    ListType,
    MapType,
    NoneType,
    PairType,
    RecordType,
    TableType,
    TextType,
    Type,
    fits,
)

Lists = ListType | TableType | BatchType
Most = int | None


def wider(a: Type, b: Type) -> Type | None:
    """The narrowest type that every value of both is of; None where no value may be either.

    Records are joined field by field, and one with fewer fields is the wider one; of an Int and a
    Float it is Float, of two kinds of text Text. It is optional where one of them is. Of `[]`
    nothing is known, and the other says what it is.
    """
    if a is b or a == b or isinstance(b, AnyType):
        return a
    if isinstance(a, AnyType):
        return b
    if isinstance(a, NoneType) or isinstance(b, NoneType):
        return (b if isinstance(a, NoneType) else a).maybe()
    found = _wider(a.required(), b.required())
    return found.maybe() if found is not None and (a.optional or b.optional) else found


def widest(types: Iterable[Type]) -> Type | None:
    """The narrowest type that every value of all is of; None where there is none."""
    found: Type = ANY
    for each in types:
        joined = wider(found, each)
        if joined is None:
            return None
        found = joined
    return found


def _wider(a: Type, b: Type) -> Type | None:
    match a, b:
        case _ if a == b:
            return a
        case TextType(), TextType():
            return SLICE if {a, b} == {SLICE, DOC} else TEXT
        case (EnumType(), TextType()) | (TextType(), EnumType()):
            return TEXT
        case EnumType(), EnumType():
            return b if fits(a, b) else a if fits(b, a) else None
        case (IntType(), FloatType()) | (FloatType(), IntType()):
            return FLOAT
        case ((ListType() | TableType() | BatchType()), (ListType() | TableType() | BatchType())):
            return _list(a, b)
        case MapType(of, most), MapType(other, theirs):
            item = wider(of, other)
            return None if item is None else MapType(item, _mosts(most, theirs))
        case PairType(), PairType():
            left, right = wider(a.left, b.left), wider(a.right, b.right)
            if left is None or right is None:
                return None
            return PairType(left, right, _mosts(a.most, b.most))
        case RecordType(), RecordType():
            return _record(a, b)
    return None


def _list(a: Lists, b: Lists) -> Lists | None:
    item, most = wider(a.of, b.of), _most(a.most, b.most)
    if item is None:
        return None
    return replace(a, of=item, most=most) if type(a) is type(b) else ListType(item, most)


def _record(a: RecordType, b: RecordType) -> RecordType | None:
    """The fields that both have, where one has all of the other's."""
    few, many = (a, b) if len(a.fields) <= len(b.fields) else (b, a)
    fields: list[Field] = []
    for ours in few.fields:
        theirs = many.field(ours.name)
        joined = _field(ours, theirs) if theirs is not None else None
        if joined is None:
            return None
        fields.append(joined)
    same = next((r for r in (a, b) if r.fields == (*fields,)), None)
    if same is not None:
        return same
    return replace(few, fields=(*fields,)) if a.name == b.name else RecordType((*fields,))


def _field(a: Field, b: Field) -> Field | None:
    type_ = wider(a.type, b.type)
    if type_ is None:
        return None
    where = a.where if a.where == b.where else None
    return Field(a.name, type_, _most(a.max, b.max), a.doc, where)


def _most(a: Most, b: Most) -> Most:
    """The most of either, in tok or items; None where one has no end."""
    return None if a is None or b is None else max(a, b)


def _mosts(a: tuple[Most, Most], b: tuple[Most, Most]) -> tuple[Most, Most]:
    return _most(a[0], b[0]), _most(a[1], b[1])
