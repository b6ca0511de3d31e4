"""Functions that make tables of groups of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.functions.counting import MAX_GROUPS, too_many
from rlmlang.functions.function import KEYS, Function, Option
from rlmlang.functions.rules import flat, row_field
from rlmlang.functions.values import Rows, each_of, field, in_order, key, shown
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import cell_size, growth, made_of, table_row, table_size
from rlmlang.ir.types import BOOL, BoolType, EnumType, Field, TableType, record
from rlmlang.schema.formula import ONE, number

if TYPE_CHECKING:
    from rlmlang.context import Datum

TOTAL = "total"
Labels: TypeAlias = "tuple[str, ...] | None"
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
        rows,
        type=TableType(row),
        size=table_size(row, size, count),
        count=count,
        item=size,
        placed=frozenset(),
        holds="",
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


def _labels(rows: Facts, columns: str) -> tuple[str, ...]:
    """The columns of a pivot: what a field may be; empty where that is anything."""
    found = row_field(flat(rows), columns)
    if found is None or not isinstance(found.type, EnumType | BoolType):
        return ()
    names = found.type.names if isinstance(found.type, EnumType) else ("true", "false")
    return (*names, *(["none"] if found.type.optional else []))


def _no_pivot(
    of: Facts,
    /,
    rows: tuple[str, ...],
    columns: str,
    value: Facts,
    labels: Labels = None,
    sparse: bool = False,
    **_: object,
) -> str:
    found = _labels(of, columns)
    if not found:
        return (
            f"the columns of a pivot are the labels of an enum, and `{columns}` has none: "
            f"`nest(…, keys: [{', '.join((*rows, columns))}])` takes any field"
        )
    if labels is not None and labels != found:
        return f"the labels of `{columns}` are {', '.join(found)}"
    if sparse and not value.type.optional:
        return f"a cell without rows is none, and {value.type} is not"
    taken = [n for n in (*found, TOTAL) if n in rows]
    return f"`{taken[0]}` would be two columns" if taken else ""


def _pivoted(
    of: Facts,
    /,
    rows: tuple[str, ...],
    columns: str,
    value: Facts,
    total: bool = False,
    max_groups: int | None = None,
    labels: Labels = None,
    sparse: bool = False,
) -> Facts:
    """A row for each key, and one below them for all; a column for each label, and one for all."""
    of = flat(of)
    keys = [f for n in rows if (f := row_field(of, n)) is not None]
    keys = [Field(f.name, f.type.maybe() if total else f.type, f.max) for f in keys]
    names = (*_labels(of, columns), *([TOTAL] if total else []))
    row = record(*keys, *(Field(n, value.type) for n in names))
    count = (of.count if max_groups is None else number(max_groups)) + int(total)
    size = table_row(record(*keys), of.item, growth(of)) + cell_size(value) * len(names)
    whole = table_size(row, size, count)
    made = replace(
        of,
        type=TableType(row),
        size=whole,
        count=count,
        item=size,
        inner=ONE,
        placed=frozenset(),
        holds="",
    )
    return made_of(made, [value])


def _pivot(
    of: Rows,
    /,
    rows: tuple[str, ...],
    columns: str,
    value: Aggregated,
    total: bool = False,
    max_groups: int | None = None,
    labels: Labels = None,
    sparse: bool = False,
) -> list[dict[str, Datum]]:
    """A cell without rows has the value about no rows; `sparse` says that it is none where it needs
    some. Raises CodedError (too-many-groups)."""
    groups = groups_of(of, rows)
    if max_groups is not None and len(groups) > max_groups:
        raise too_many(len(groups), max_groups)

    def cells(group: list[Datum]) -> dict[str, Datum]:
        parts: dict[str, list[Datum]] = {n: [] for n in labels or ()}
        for row in group:
            found = field(row, columns)
            parts["none" if found is None else shown(found)].append(row)
        made = {n: _about(part, value, sparse) for n, part in parts.items()}
        return {**made, TOTAL: value(group)} if total else made

    out = [{**dict(zip(rows, k, strict=True)), **cells(group)} for k, group in groups.items()]
    last = [{**dict.fromkeys(rows), **cells(list(each_of(of)))}] if total else []
    return [*in_order(out, rows), *last]


def _about(rows: list[Datum], value: Aggregated, sparse: bool) -> Datum:
    try:
        return value(rows)
    except CodedError as lack:
        if rows or not sparse or lack.diagnostic.code != "empty-list":
            raise
        return None


TABLES = (
    Function("group_by", "A table of the groups of rows that share the keys: for each the keys, "
             "and a column for every value about the `group`, the list of its rows.", ("list",),
             _grouped, _group_by, "exact", (KEYS, MAX_GROUPS), refuses=_repeated, columns=True,
             example=("group_by(rows, keys: user, n: count(group), most: max(group, of: n))",
                      '[{"user": "ann", "n": 2, "most": 4}, {"user": "bob", "n": 1, "most": 5}]')),
    Function("pivot", "A table with a row for each key and a column for each label of an enum, of "
             "a value about the `group` that shares both, none where that needs a row; with "
             "`total` a column and a last row, whose keys are none, of all.", ("list",), _pivoted,
             _pivot, "exact",
             (replace(KEYS, name="rows"), Option("columns", "field", required=True),
              Option("value", "aggregate", required=True), Option("total", BOOL), MAX_GROUPS),
             refuses=_no_pivot, sparse=True,
             settles=lambda of, columns, value, **_: {
                 "labels": _labels(of, columns), **({"sparse": True} if value.type.optional else {})
             },
             example=("first(pivot(rows, rows: user, columns: label, value: count(group)))",
                      '{"user": "ann", "sales": 1, "support": 1, "none": 0}')),
)  # fmt: skip
