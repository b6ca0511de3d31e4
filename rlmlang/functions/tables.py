"""Functions that make tables of groups of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from rlmlang.functions.counting import MAX_GROUPS, too_many
from rlmlang.functions.function import KEYS, Function
from rlmlang.functions.rules import flat, row_field
from rlmlang.functions.values import Rows, each_of, field, in_order, key
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import cell_size, growth, table_row, table_size
from rlmlang.ir.types import Field, TableType, record
from rlmlang.schema.formula import number

if TYPE_CHECKING:
    from rlmlang.context import Datum

Aggregated: TypeAlias = "Callable[[list[Datum]], Datum]"


def _grouped(
    rows: Facts, /, keys: tuple[str, ...], max_groups: int | None = None, **columns: Facts
) -> Facts:
    """A table of the keys and a column for each aggregate."""
    rows = flat(rows)
    fields = [f for n in keys if (f := row_field(rows, n)) is not None]
    row = record(*fields, *(Field(n, f.type) for n, f in columns.items()))
    count = rows.count if max_groups is None else number(max_groups)
    size = table_row(record(*fields), rows.item, growth(rows))
    size = sum(map(cell_size, columns.values()), size)
    return replace(
        rows, type=TableType(row), size=table_size(row, size, count), count=count, item=size
    )


def _repeated(
    rows: Facts, /, keys: tuple[str, ...], max_groups: int | None = None, **columns: Facts
) -> str:
    """A column that has the name of a key."""
    found = [n for n in columns if n in keys]
    return f"the column `{found[0]}` is one of the keys" if found else ""


def groups_of(rows: Rows, keys: tuple[str, ...]) -> dict[tuple[Datum, ...], list[Datum]]:
    """The rows that share the values of fields, in one pass."""
    found: dict[object, tuple[tuple[Datum, ...], list[Datum]]] = {}
    for row in each_of(rows):
        values = tuple(field(row, n) for n in keys)
        found.setdefault(key(values), (values, []))[1].append(row)
    return dict(found.values())


def _group_by(
    rows: Rows, /, keys: tuple[str, ...], max_groups: int | None = None, **columns: Aggregated
) -> list[dict[str, Datum]]:
    """One row a group, in the order of the keys. Raises CodedError (too-many-groups)."""
    groups = groups_of(rows, keys)
    if max_groups is not None and len(groups) > max_groups:
        raise too_many(len(groups), max_groups)
    out = [
        {**dict(zip(keys, values, strict=True)), **{n: of(rows) for n, of in columns.items()}}
        for values, rows in groups.items()
    ]
    return in_order(out, keys)


TABLES = (
    Function("group_by", "A table of the groups of rows that share the keys: for each the keys, "
             "and a column for every value about the `group`, the list of its rows.", ("list",),
             _grouped, _group_by, "exact", (KEYS, MAX_GROUPS), refuses=_repeated, columns=True,
             example=("group_by(rows, keys: user, n: count(group), most: max(group, of: n))",
                      '[{"user": "ann", "n": 2, "most": 4}, {"user": "bob", "n": 1, "most": 5}]')),
)  # fmt: skip
