"""Values on their way to the user's code and back, where they take the declared type."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from rlmlang.context import Datum, Row, Slice, Tree, whole
from rlmlang.ir import types as ty
from rlmlang.ir.types import ANY, DOC, Type, fields_of
from rlmlang.origin import line_of
from rlmlang.runtime.python.child import TAG, Value

WHOLE, NUMBER = re.compile(r"[+-]?[0-9]{1,4000}"), re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class UnfitError(Exception):
    """A value that has no plain form of its type; its words say what it is."""


class Sent:
    """The values of one call. What lies in a document is sent as text or as a row with a number:
    code that gives it back unchanged gives the same piece of the document."""

    def __init__(self) -> None:
        self.kept: list[Slice | Row] = []

    def out(self, value: object, type_: Type = ANY) -> object:
        """A value of a type as JSON values. Raises CodedError for a document that is no text."""
        if isinstance(value, Slice):
            kind = "doc" if type_.required() == DOC else "slice"
            return {TAG: kind, "n": self._number(value), "v": value.text(), **_place(value)}
        if isinstance(value, Tree) and type_.is_list:
            return [self.out(whole(d), type_.item) for d in value.documents]
        if isinstance(value, Tree):
            return self._mapped([(d.id, self.out(whole(d), DOC)) for d in value.documents])
        if isinstance(value, Mapping):
            other = type_.of if isinstance(type_, ty.MapType) else ANY
            types = {f.name: f.type for f in fields_of(type_)}
            pairs = [(str(k), self.out(v, types.get(k, other))) for k, v in value.items()]
            if isinstance(value, Row):
                return {TAG: "row", "n": self._number(value), "v": pairs}
            return self._mapped(pairs)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.out(x, type_.item) for x in value]
        return value

    def _mapped(self, pairs: list[tuple[str, object]]) -> object:
        found = dict(pairs)
        return {TAG: "dict", "v": pairs} if TAG in found else found

    def _number(self, value: Slice | Row) -> int:
        self.kept.append(value)
        return len(self.kept) - 1

    def back(self, value: Value, type_: Type, what: str = "it") -> Datum:
        """A value that code gave as one of its type, where that is plain; what is not is left as it
        is. Raises UnfitError for what is no value of the language."""
        if isinstance(value, list):
            item = type_.item
            return [self.back(x, item, f"item {n}") for n, x in enumerate(value, 1)]
        if not isinstance(value, dict):
            return _plain(value, type_)
        match value.get(TAG):
            case None:
                return self._fields(value.items(), type_, what)
            case "piece":
                return self.kept[value["n"]]
            case "row":
                return self._row(value, type_, what)
            case "dict":
                return self._fields(value["v"], type_, what)
            case "named":
                return self._named(value["v"], type_, what)
            case "set":
                return self._ordered(value["v"], type_, what)
            case "enum":
                return self._label(value, type_, what)
            case "decimal":
                return _decimal(value["v"], type_, what)
            case "date":
                return str(value["v"])
        raise UnfitError(f"{what} is {value['v']}")

    def _row(self, value: Mapping[str, Value], type_: Type, what: str) -> Row:
        """A row with what code made of it, at the place that it was read from."""
        row, was = Row(self._fields(value["v"], type_, what)), self.kept[value["n"]]
        if isinstance(was, Row):
            row.rows, row.at = was.rows, was.at
        return row

    def _fields(self, pairs: Value, type_: Type, what: str) -> dict[str, Datum]:
        other = type_.of if isinstance(type_, ty.MapType) else ty.ANY
        types = {f.name: f.type for f in fields_of(type_)}
        return {k: self.back(v, types.get(k, other), f"`{k}` of {what}") for k, v in pairs}

    def _named(self, pairs: Value, type_: Type, what: str) -> Datum:
        """A named tuple: a list where one is wanted, else a record."""
        if type_.is_list:
            return self.back([v for _, v in pairs], type_, what)
        return self._fields(pairs, type_, what)

    def _ordered(self, items: list[Value], type_: Type, what: str) -> Datum:
        """A set as a list in the order of its items: its own order is another in each process."""
        found: list[Value] = [self.back(x, type_.item, f"an item of {what}") for x in items]
        try:
            return sorted(found)
        except TypeError:
            raise UnfitError(
                f"{what} is a set of items that have no order, and a list has one: sort it"
            ) from None

    def _label(self, value: Mapping[str, Value], type_: Type, what: str) -> Datum:
        """A member of an enumeration: its name, where that is a label, else its value."""
        if isinstance(type_, ty.EnumType) and value["name"] in type_.names:
            return str(value["name"])
        return self.back(value["v"], type_, what)


def _place(value: Slice) -> dict[str, object]:
    """Where a piece lies, as the fields of `rlmlang.code.Slice`; of several documents only its
    size. `text` is empty where it is the one that is shown."""
    first, last = value.parts[0], value.parts[-1]
    alone = not (value.headed or value.before or value.after)
    at: dict[str, object] = {"size": sum(p.end - p.start for p in value.parts)}
    span = (0, 0)
    if len({p.document.id for p in value.parts}) == 1:
        at |= {"path": first.document.id, "part": value.part}
        at["line"], span = line_of(first.document, first.start), (first.start, last.end)
    return {"at": at, "range": span, "text": "" if alone else value.content()}


def _plain(value: Value, type_: Type) -> Datum:
    """Numbers in words of digits and whole numbers with a point: as what they are."""
    found: Datum = value
    if isinstance(type_, ty.IntType):
        digits = isinstance(value, str) and WHOLE.fullmatch(value)
        if digits or (isinstance(value, float) and value.is_integer()):
            found = int(value)
    elif isinstance(type_, ty.FloatType) and isinstance(value, str) and NUMBER.fullmatch(value):
        found = float(value)
    elif isinstance(type_, ty.TextType) and type_.word == "Id" and type(value) is int:
        found = str(value)
    return found


def _decimal(text: str, type_: Type, what: str) -> Datum:
    """A decimal as the number that is declared. Raises UnfitError for one that is none, and where
    digits would be lost."""
    whole = WHOLE.fullmatch(text)
    if type_.textual:
        return text
    if whole and not isinstance(type_, ty.FloatType):
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        raise UnfitError(f"{what} is the decimal {text}")
    if isinstance(type_, ty.IntType):
        if not number.is_integer():
            raise UnfitError(f"{what} is the decimal {text:.40}, which is no whole number")
        return int(number)
    return number
