"""What a format is, and the shape of a result: its type, its columns, its items."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from rlmlang.ir import types as ty
from rlmlang.ir.types import Type
from rlmlang.value import Frozen, Json, value

VALUE = "value"
"""The column of items that have no fields."""
NESTED = "`{0}` is {1}, which no cell of {2} holds"
Row: TypeAlias = "Mapping[str, Json]"
Plain = ty.TextType | ty.IntType | ty.FloatType | ty.BoolType | ty.EnumType | ty.NoneType


@value
class Shape(Frozen):
    """A result before it is there: its type, and the recipe's name."""

    type: Type
    name: str = ""

    @property
    def item(self) -> Type:
        """What a row is made of: an item of a list, else the result itself."""
        return self.type.item if self.type.is_list else self.type

    @property
    def columns(self) -> dict[str, Type]:
        """The columns of a table of it."""
        if isinstance(self.item, ty.Fielded):
            return {f.name: f.type for f in self.item.fields}
        return {VALUE: self.item}

    def row(self, item: Json) -> Row:
        """An item as a row of a table."""
        record = isinstance(self.item, ty.Fielded)
        found = item if record and isinstance(item, Mapping) else {VALUE: item}
        return {name: found.get(name) for name in self.columns}

    def items(self, result: Json) -> Sequence[Json]:
        """The items of a result: those of a list, else the result alone."""
        if self.type.is_list and isinstance(result, Sequence) and not isinstance(result, str):
            return result
        return [result]


Line = Callable[[Json], bytes]
Begin = Callable[[Shape], tuple[bytes, Line, bytes]]
Write = Callable[[Shape, Sequence[Json]], bytes]


@value
class Format(Frozen):
    """A format by its name. One of lines has `begin`: what stands before them, what makes a line of
    an item, what stands behind; it is written as items come. Any other has `write`, of all items.
    `refuses` says what of a type it cannot hold, with a hint behind a colon; empty for nothing.
    `installs` is the extra that has the module it `needs`. A `binary` one is not for terminals."""

    name: str
    doc: str
    endings: tuple[str, ...]
    begin: Begin | None = None
    write: Write | None = None
    refuses: Callable[[Shape], str] = lambda shape: ""
    installs: str = ""
    needs: str = ""
    binary: bool = False

    def chunks(self, shape: Shape, items: Sequence[Json]) -> Iterator[bytes]:
        """All that is written of a result that is there, never breaking off inside an item."""
        if self.begin is not None:
            head, line, foot = self.begin(shape)
            yield head
            yield from map(line, items)
            yield foot
        elif self.write is not None:
            yield self.write(shape, items)


def nested(shape: Shape, what: str) -> str:
    """The first column that is no plain value, in words; empty where all are."""
    for name, type_ in shape.columns.items():
        if not isinstance(type_, Plain):
            return NESTED.format(name, type_, what)
    return ""


def cell(found: Json) -> str:
    """A value as a person reads it in a table."""
    if found is None:
        return ""
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False)


def encoded(text: str) -> bytes:
    """Text in UTF-8; a half of a character, which it cannot hold, is written as an escape."""
    return text.encode("utf-8", "backslashreplace")
