"""How large a value may be when a model is shown it, in tok.

Values are shown as text or as compact JSON; a number, a date and a label have a most, text has
what was declared. What a model writes may come to GROWTH times its own token count in tok, since
tok is two bytes where no tokenizer is at hand, and most tokens are more. A text inside a record is
JSON, where a quote, a backslash and a line end take two bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from rlmlang.ir import types as ty
from rlmlang.ir.coverage import Kept, together
from rlmlang.ir.facts import Facts
from rlmlang.ir.places import below
from rlmlang.ir.types import Field, RecordType, Type
from rlmlang.ir.wider import wider
from rlmlang.schema.formula import ONE, Formula, maximum, number

GROWTH = 3
PER_FIELD = 6
ESCAPED = 2
"""How many times the size of a text its JSON may be."""
LONGEST = {"Date": 16, "Time": 16, "Range": 16, "Int": 12}
"""The most that is taken of a type that has a most by itself, in tok."""
MARK = 6
"""What stands between the items of a list that is shown, in tok."""
DENSE, FRAMING = 2, 24
"""A tok is two bytes where it is estimated, and no tokenizer makes more than a token of each; what
stands around an answer, as field markers or as JSON, in tokens."""


def field_overhead(type_: Type) -> int:
    """The keys and marks of a record's JSON form, in tok."""
    fields = type_.fields if isinstance(type_, RecordType | ty.PairType) else ()
    return sum(len(f.name.encode()) // 2 + PER_FIELD for f in fields) + 2


def growth(facts: Facts) -> int:
    """How many times what was declared a text may measure: more where a model has said it."""
    return GROWTH if facts.told else 1


def declared_size(type_: Type, most: int | None, times: int = 1) -> Formula | None:
    """The most a value of a type can measure, or None where only its source knows; of text so many
    times what was declared."""
    match type_:
        case ty.NoneType():
            return number(2)
        case ty.ImageType():
            return number(0)  # it is counted by its model's rule, not as text
        case ty.BoolType():
            return number(3)
        case ty.TextType("Date" | "Time" | "Range" as word):
            return number(LONGEST[word])
        case ty.IntType():
            return number(LONGEST["Int"])
        case ty.FloatType():
            return number(14)
        case ty.EnumType(names=names):
            return number(max((len(n.encode()) for n in names), default=2) // 2 + 2)
        case RecordType() | ty.PairType():
            return _record_size(type_, times)
        case ty.Listed():
            item = item_size(type_, times)
            return item * most if item is not None and most is not None else None
        case ty.MapType() | ty.JsonType():
            return None
        case ty.TextType() | ty.TreeType() | ty.PromptType() | ty.AnyType():
            return number(most * times) if most is not None else None
    assert_never(type_)


def item_size(type_: Type, times: int = 1) -> Formula | None:
    """The most an item of a list can measure, or None where only its source knows."""
    most = type_.most if isinstance(type_, ty.Listed) else None
    return declared_size(type_.item, most, times)


def answer_size(type_: Type, most: int | None, output: int) -> int:
    """The tokens that an answer may take: twice the most that its type measures and what stands
    around it; `output`, what its model may write, where the type has no end or needs more."""
    size = declared_size(type_, most)
    found = None if size is None else (size * DENSE + FRAMING).value()
    return output if found is None else min(output, math.ceil(found))


def table_row(type_: RecordType, otherwise: Formula, times: int = 1) -> Formula:
    """A row of a table, which is shown without the names of its fields."""
    sizes = [declared_size(f.type, f.max, times) for f in type_.fields]
    if any(s is None for s in sizes):
        return otherwise + 16
    return sum((s for s in sizes if s is not None), number(2 * len(sizes) + 2))


def _record_size(type_: RecordType | ty.PairType, times: int) -> Formula | None:
    total = number(field_overhead(type_))
    for f in type_.fields:
        size = declared_size(f.type, f.max, times)
        if size is None:
            return None
        total = total + size
    return total


def shown_size(facts: Facts) -> Formula:
    """The size of a value in a request: the marks between the items of a list included."""
    if not facts.type.is_list:
        return facts.size
    return facts.size + facts.count * facts.inner * MARK


def inside_size(facts: Facts) -> Formula:
    """The size of a value inside a record that is made of it: a text becomes JSON."""
    type_ = facts.type
    while type_.is_list:
        type_ = type_.item
    json = type_.textual or isinstance(type_, ty.AnyType | ty.JsonType | ty.TreeType)
    return shown_size(facts) * (ESCAPED if json else 1)


def table_size(type_: RecordType, row: Formula, count: Formula) -> Formula:
    """Rows of a table below the names of their fields."""
    names = sum(len(f.name.encode()) // 2 + 2 for f in type_.fields)
    return count * row + names


def cell_size(facts: Facts) -> Formula:
    """The size of a value in a row of a table, where what is no plain value stands as JSON whose
    quotes are doubled."""
    nested = facts.type.is_list or isinstance(facts.type, RecordType | ty.MapType)
    return inside_size(facts) * (ESCAPED if nested else 1) + 2


def made_of(made: Facts, parts: Iterable[Facts]) -> Facts:
    """A value made of others: as complete as the least complete of them, from all their sources."""
    given = (made, *parts)
    return replace(
        made.keeping(together(p.kept for p in given)),
        origins=frozenset().union(*(p.origins for p in given)),
        told=any(p.told for p in given),
    )


def of_fields(parts: Iterable[tuple[str, Facts]]) -> tuple[tuple[str, Kept], ...]:
    """What each field of a record keeps, and the fields of records in it."""
    found: list[tuple[str, Kept]] = []
    for name, facts in parts:
        found.append((name, facts.kept))
        found += [(f"{name}.{inner}", kept) for inner, kept in facts.fields]
    return tuple(found)


def of_field(base: Facts, field: Field) -> Facts:
    """A field of a record: its own most and coverage, else those of the record."""
    declared = declared_size(field.type, field.max, growth(base))
    size = declared if declared is not None else base.size
    inside = f"{field.name}."
    base = replace(
        base.keeping(dict(base.fields).get(field.name, base.kept)),
        fields=tuple((n.removeprefix(inside), k) for n, k in base.fields if n.startswith(inside)),
        placed=below(base.placed, field.name),
    )
    type_ = ty.bare(field.type)
    if isinstance(type_, ty.TreeType):
        return replace(base, type=type_)
    if not type_.is_list:
        count = size if isinstance(type_, ty.MapType) else ONE
        return replace(base, type=type_, size=size, count=count, item=size, inner=count)
    count = number(field.max) if field.max is not None else base.size
    item = item_size(field.type, growth(base)) or size
    inner = inner_count(field.type, item)
    return replace(base, type=type_, size=size, count=count, item=item, inner=inner)


def inner_count(type_: Type, item: Formula) -> Formula:
    """The most items in an item of a list of lists: its `max`, else one for each tok of it."""
    if not type_.item.is_list:
        return ONE
    most = type_.most if isinstance(type_, ty.Listed) else None
    return item if most is None else number(most)


def as_list(item: Facts, count: Formula, type_: Type) -> Facts:
    """A list of `count` values like `item`."""
    return replace(
        item,
        type=type_,
        size=item.size * count,
        count=count,
        item=item.size,
        inner=item.count,
        fields=(),
    )


def largest(a: Facts, b: Facts) -> Facts:
    """What is known of a value that is one or the other; nothing of its type, where no type is
    that of both."""
    ours, theirs = dict(a.fields), dict(b.fields)
    fields = {n: together((ours.get(n, a.kept), theirs.get(n, b.kept))) for n in (*ours, *theirs)}
    return replace(
        made_of(a, [b]),
        type=wider(a.type, b.type) or ty.ANY,
        placed=a.placed & b.placed,
        holds=a.holds or b.holds,
        size=maximum(a.size, b.size),
        count=maximum(a.count, b.count),
        item=maximum(a.item, b.item),
        inner=maximum(a.inner, b.inner),
        fields=tuple(fields.items()),
    )
