"""Dates and times: days of the calendar and instants, as ISO 8601 writes them.

`02/01/2024` is two days, `yesterday` none: what is not of this form is not guessed. A `Date` is a
day, alone or with a time. A `Time` is an instant; without an offset it is one of UTC. It has one
form, `2026-11-30T08:15:00+00:00`, in which the order of texts is that of instants.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rlmlang.ir import types as ty
from rlmlang.ir.types import Type

FORM = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
DAY = len("2026-11-30")


def is_date(text: str) -> bool:
    """Whether a text is a date: `2026-11-30`, or `2026-11-30T18:05:00Z`."""
    if not text.isascii() or FORM.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def dated(value: object) -> str:
    """A value that is a date. Raises ValueError."""
    if isinstance(value, str) and is_date(value):
        return value
    raise ValueError("a date is wanted, as 2026-11-30")


def timed(value: object) -> str:
    """The instant that a value is, in its one form. Raises ValueError."""
    if isinstance(value, str) and len(value) > DAY and is_date(value):
        try:
            return instant(datetime.fromisoformat(value))
        except OverflowError:  # of the first or the last day that there is
            pass
    raise ValueError("a time is wanted, as 2026-11-30T08:15:00Z")


def instant(at: datetime) -> str:
    """An instant in its one form; without an offset it is one of UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat()


def is_time(text: str) -> bool:
    """Whether a text is an instant: a day with a time."""
    return len(text) > DAY and is_date(text)


def with_dates(value: object, type_: Type) -> object:
    """A value with each of its dates held to be one and each of its times in its one form. What is
    not of its type otherwise stays as it is. Raises ValueError."""
    if value is None or not _holds_dates(type_):
        return value
    match type_:
        case ty.TextType(word="Date"):
            return dated(value)
        case ty.TextType(word="Time"):
            return timed(value)
        case ty.Listed(of=of) if isinstance(value, list):
            return [with_dates(x, of) for x in value]
        case ty.MapType(of=of) if isinstance(value, dict):
            return {k: with_dates(v, of) for k, v in value.items()}
        case ty.RecordType() | ty.PairType() if isinstance(value, dict):
            types = {f.name: f.type for f in type_.fields}
            return {k: with_dates(v, types.get(k, ty.ANY)) for k, v in value.items()}
    return value


def _holds_dates(type_: Type) -> bool:
    if isinstance(type_, ty.TextType):
        return type_.word in ("Date", "Time")
    return any(map(_holds_dates, ty.parts_of(type_)))
