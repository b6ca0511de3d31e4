"""Parquet: a table with types, nested ones too. Needs pyarrow."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.ir import types as ty
from rlmlang.ir.types import Type
from rlmlang.report.formats.format import Format, Shape
from rlmlang.value import Json

if TYPE_CHECKING:
    import pyarrow as pa

INSTALLS = "rlmlang[parquet]"


def _write(shape: Shape, items: Sequence[Json]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(n, _type(t)) for n, t in shape.columns.items()])
    file = io.BytesIO()
    try:
        rows = [dict(shape.row(x)) for x in items]
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as mistake:
        raise failed(
            "wrong-value",
            f"the result is no Parquet table: {mistake}",
            hint="`rlm show --answer --format jsonl` has it",
        ) from None
    return file.getvalue()


def _type(of: Type) -> pa.DataType:
    """The type of a column."""
    import pyarrow as pa

    match of:
        case ty.IntType():
            return pa.int64()
        case ty.FloatType():
            return pa.float64()
        case ty.BoolType():
            return pa.bool_()
        case ty.RecordType() | ty.PairType():
            return pa.struct([pa.field(f.name, _type(f.type)) for f in of.fields])
        case ty.Listed(item):
            return pa.list_(_type(item))
    return pa.string()


def _refuses(shape: Shape) -> str:
    if strange := _unknown(shape.columns.values()):
        return f"a column of {strange} has no type of Parquet: take --format jsonl"
    return ""


def _unknown(types: Iterable[Type]) -> str:
    """The first type, at any depth, of which no column is made; also a record without fields."""
    known = ty.TextType | ty.IntType | ty.FloatType | ty.BoolType | ty.EnumType | ty.TreeType
    for type_ in types:
        parts = ty.parts_of(type_)
        if not isinstance(type_, known) and not parts:
            return str(type_)
        if found := _unknown(parts):
            return found
    return ""


PARQUET = Format(
    "parquet",
    "A table with types, nested ones too.",
    (".parquet",),
    write=_write,
    refuses=_refuses,
    installs=INSTALLS,
    needs="pyarrow",
    binary=True,
)
