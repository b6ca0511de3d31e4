"""Values that expressions make of items, which still know the bytes that they were made of."""

from __future__ import annotations

from rlmlang.context import Cut, Datum, Row, RowText, parts_in


class MadeRecord(dict[str, Datum], Cut):
    """A record that was made of an item."""


class MadeText(str, Cut):
    """A text that was made of an item."""


def made_of(value: Datum, item: Datum) -> Datum:
    """A record or a text that was made of an item, with the bytes of that; what has bytes of its
    own, or cannot have any, as it is."""
    if not isinstance(value, str | dict) or isinstance(value, Row | RowText | Cut):
        return value
    if isinstance(item, Row) and isinstance(value, dict):
        row = Row(value)
        row.at, row.rows = item.at, item.rows
        return row
    parts = tuple(parts_in(item))
    if not parts:
        return value
    made = MadeRecord(value) if isinstance(value, dict) else MadeText(value)
    made.parts = parts
    return made
