"""Functions that make maps of rows by their keys, and read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rlmlang.functions.function import KEYS, Function, Option
from rlmlang.functions.joins import repeated
from rlmlang.functions.rules import flat, item, row_field
from rlmlang.functions.tables import Aggregated, groups_of
from rlmlang.functions.values import Rows, each_of, field, shown
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import ESCAPED, MARK, PER_FIELD, declared_size, inside_size, made_of
from rlmlang.ir.types import ANY, INT, TEXT, EnumType, MapType, Type, list_of
from rlmlang.schema.formula import ONE, Formula, minimum

if TYPE_CHECKING:
    from rlmlang.context import Datum

VALUE = Option("value", "aggregate")


def _key_size(rows: Facts, name: str) -> Formula:
    """What a key takes in a map: its text, its marks."""
    return item(rows, name).size * ESCAPED + PER_FIELD


def _unfit(rows: Facts, /, key: str = "", keys: tuple[str, ...] = (), **_: object) -> str:
    """A field whose values are no keys."""
    for name in keys or (key,):
        found = row_field(flat(rows), name)
        if found is not None and not _is_key(found.type):
            return f"`{name}` is {found.type}: the keys of a map are Text, labels or numbers"
    return ""


def _is_key(type_: Type) -> bool:
    kinds = (EnumType, type(TEXT), type(INT))
    return isinstance(type_, kinds) and not type_.optional


def _keyed(rows: Facts, key: str) -> Facts:
    rows = flat(rows)
    size = rows.count * (rows.item * ESCAPED + _key_size(rows, key)) + 2
    return replace(rows, type=MapType(of=rows.type.item), size=size, inner=ONE)


def _by_key(rows: Rows, key: str) -> dict[str, Datum]:
    """Raises CodedError (repeated-key)."""
    found: dict[str, Datum] = {}
    for row in each_of(rows):
        if (name := shown(field(row, key))) in found:
            raise repeated((key,), row, what="the list")
        found[name] = row
    return found


def _nested(rows: Facts, /, keys: tuple[str, ...], value: Facts | None = None) -> Facts:
    """No more entries on a level than there are rows."""
    rows = flat(rows)
    inside = rows.item * ESCAPED + MARK if value is None else inside_size(value)
    type_: Type = list_of(rows.type.item) if value is None else value.type
    for _ in keys:
        type_ = MapType(of=type_)
    row = sum((_key_size(rows, k) + 2 for k in keys), inside)
    size = rows.count * row + 2
    made = replace(rows, type=type_, size=size, item=size, inner=rows.count)
    return made if value is None else made_of(made, [value])


def _nest(
    rows: Rows, /, keys: tuple[str, ...], value: Aggregated | None = None
) -> dict[str, Datum]:
    name, *others = keys
    groups = groups_of(rows, (name,))

    def of(group: list[Datum]) -> Datum:
        if others:
            return _nest(group, tuple(others), value)
        return group if value is None else value(group)

    return {shown(k): of(group) for (k,), group in groups.items()}


def _many(map_: Facts, of: Formula) -> Formula:
    """How many entries or items there are at most: no more than tok, where nothing else says it."""
    return map_.size if of == ONE else minimum(of, map_.size)


def _of(map_: Facts) -> Type:
    return map_.type.of if isinstance(map_.type, MapType) else ANY


def _value(map_: Facts, key: Facts) -> Facts:
    type_, many = _of(map_), _many(map_, map_.inner)
    counted = type_.is_list or isinstance(type_, MapType)
    inside = declared_size(type_.item, None) if type_.is_list else None
    one = map_.item if inside is None else inside
    made = replace(
        map_,
        type=type_.maybe(),
        size=map_.item,
        count=many if counted else ONE,
        item=one,
        inner=many if counted else ONE,
    )
    return made_of(made, [key])


def _listed(*, keys: bool) -> Callable[[Facts], Facts]:
    def rule(map_: Facts) -> Facts:
        one = map_.size if keys else map_.item
        inner = ONE if keys else _many(map_, map_.inner)
        type_ = list_of(TEXT if keys else _of(map_))
        return replace(map_, type=type_, count=_many(map_, map_.count), item=one, inner=inner)

    return rule


MAPS = (
    Function("by_key", "A map of rows by a field that no two of them share.", ("list",),
             _keyed, _by_key, options=(Option("key", "field", required=True),), refuses=_unfit,
             example=("keys(by_key(rows, key: id))", '["1", "2", "3"]')),
    Function("nest", "A map of the lists of rows that share a key, for several keys one inside the "
             "other; with `value` of a value about each `group`.", ("list",), _nested, _nest,
             options=(KEYS, VALUE), refuses=_unfit,
             example=("nest(rows, keys: [user], value: sum(group, of: n))",
                      '{"ann": 7, "bob": 5}')),
    Function("get", "The value that a map has by a key, or none.", ("map", "text"), _value,
             lambda map_, key: map_.get(shown(key)),
             example=('get(nest(rows, keys: user, value: count(group)), "ann")', "2")),
    Function("keys", "The keys of a map, in its order.", ("map",),
             _listed(keys=True), list,
             example=("keys(nest(rows, keys: user))", '["ann", "bob"]')),
    Function("values", "The values of a map, in its order.", ("map",),
             _listed(keys=False), lambda map_: list(map_.values()),
             example=("values(nest(rows, keys: user, value: count(group)))", "[2, 1]")),
)  # fmt: skip
