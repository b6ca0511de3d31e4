"""Typing rules that functions share, on the facts of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rlmlang.ir.origins import of_place, place_field
from rlmlang.ir.places import innermost as innermost_type
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import declared_size, growth, inner_count, made_of, of_field
from rlmlang.ir.types import DOC, FLOAT, INT, Field, IntType, TreeType, Type, list_of
from rlmlang.schema.formula import ONE, number

Rule = Callable[..., Facts]


def flat(rows: Facts) -> Facts:
    """A list of lists as one list; functions over rows take batches of rows as they come. A tree
    is the list of its documents."""
    if isinstance(rows.type, TreeType):
        return replace(rows, type=list_of(DOC))
    if not rows.type.is_list or not rows.type.item.is_list:
        return rows
    inner = rows.type.item.item
    made, size = list_of(inner), declared_size(inner, None, growth(rows)) or rows.item
    count, within = rows.count * rows.inner, inner_count(made, size)
    return replace(rows, type=made, count=count, inner=within, item=size)


def same(rows: Facts, **_: object) -> Facts:
    """The same items, or fewer."""
    return flat(rows)


def scalar(type_: Type, size: int = 14) -> Rule:
    """One small value about all arguments."""

    def rule(*given: Facts, **_: object) -> Facts:
        return made_of(Facts(type_, number(size), ONE, number(size)), given)

    return rule


def number_of(rows: Facts, of: str = "", **_: object) -> Facts:
    """A number about all items: whole where they are."""
    one = item(rows, of).type.required()
    type_ = INT if isinstance(one, IntType) else FLOAT
    return scalar(type_)(rows)


def row_field(rows: Facts, name: str) -> Field | None:
    """A field of the items of a flat list, or of where they came from."""
    return rows.type.item.required().field(name) or place_field(_one(rows), name)


def _one(rows: Facts) -> Facts:
    return replace(rows, type=rows.type.item.required(), size=rows.item, count=rows.inner)


def item(rows: Facts, of: str = "", **_: object) -> Facts:
    """An item, or the field of it that `of` names."""
    rows = flat(rows)
    one = replace(rows, type=rows.type.item, size=rows.item, count=rows.inner, item=rows.item)
    found = row_field(rows, of)
    if found is None:
        return one
    own = one.type.required().field(of) is not None
    return of_field(one, found) if own else of_place(one, of)


def group_of(rows: Facts) -> Facts:
    """Some rows of a list, all that share something."""
    return flat(rows)


def innermost(rows: Facts) -> Facts:
    """An item of a list, or of the lists in it, which is what conditions and fields speak of."""
    type_ = innermost_type(flat(rows).type)
    return replace(rows, type=type_, size=rows.item, item=rows.item)
