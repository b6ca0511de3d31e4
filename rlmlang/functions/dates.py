"""Functions of dates and times. All of them reckon in UTC, and none asks a clock: what day it is
comes from outside, so that a run can be repeated."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions import date_formats as forms
from rlmlang.functions.function import Function, Kind, Option
from rlmlang.functions.rules import Rule, scalar
from rlmlang.functions.values import text_of
from rlmlang.ir.dates import dated, instant, is_date, is_time, timed
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import made_of
from rlmlang.ir.types import BOOL, DATE, FLOAT, INT, TEXT, TIME, EnumType, TextType
from rlmlang.schema.formula import ONE, number

if TYPE_CHECKING:
    from rlmlang.context import Datum

STARTS: Mapping[str, Mapping[str, int]] = {
    "year": {"month": 1, "day": 1, "hour": 0, "minute": 0},
    "month": {"day": 1, "hour": 0, "minute": 0},
    "week": {"hour": 0, "minute": 0},
    "day": {"hour": 0, "minute": 0},
    "hour": {"minute": 0},
    "minute": {},
}
FORMAT = Option("format", TEXT, last=True)
OPTIONAL = Option("optional", BOOL)
TO = Option("to", EnumType(tuple((n, "") for n in STARTS)), required=True, last=True)
SIZE = 16


def at_of(value: Datum) -> datetime:
    """The moment of a date or time; a date begins at midnight. Raises ValueError."""
    text = text_of(value)
    if is_time(text):
        return datetime.fromisoformat(timed(text))
    return datetime.combine(date.fromisoformat(dated(text)), time(), UTC)


def _like(value: Datum, at: datetime) -> str:
    """A moment as a date or a time, whichever the value is."""
    return instant(at) if is_time(text_of(value)) else at.date().isoformat()


# ── reading and writing ──────────────────────────────────────────────────────


def _read_facts(type_: TextType) -> Rule:
    def rule(text: Facts, format: str = "", optional: bool = False) -> Facts:
        if format:
            forms.check_reading(format)
        made = type_.maybe() if optional else type_
        return made_of(Facts(made, number(SIZE), ONE, number(SIZE)), [text])

    return rule


def _reading(write: Callable[[datetime], str], what: str) -> Callable[..., str | None]:
    def read(value: Datum, format: str = "", optional: bool = False) -> str | None:
        text = text_of(value)
        found = forms.read(text, format) if format else _iso(text.strip(), what)
        if found is None and not optional:
            form = f'of the form "{format}"' if format else "as ISO 8601 writes one"
            raise failed(
                "wrong-value",
                f"{text!r:.60} is no {what} {form}",
                hint='give its form: format: "%d.%m.%Y"; or optional: true, for none instead',
            )
        return None if found is None else write(found)

    return read


def _iso(text: str, what: str) -> datetime | None:
    if not (is_time(text) if what == "time" else is_date(text)):
        return None
    return datetime.fromisoformat(text)


def _written(value: Facts, format: str) -> Facts:
    forms.check_writing(format, time=value.type.required() != DATE)
    size = len(format.encode()) * 3 + 1
    return made_of(Facts(TEXT, number(size), ONE, number(size)), [value])


# ── reckoning ────────────────────────────────────────────────────────────────


def _same(value: Facts, *others: Facts, **_: object) -> Facts:
    type_ = value.type if value.type in (DATE, TIME) else DATE
    return made_of(Facts(type_, number(SIZE), ONE, number(SIZE)), [value, *others])


def _cut_facts(value: Facts, to: str) -> Facts:
    if value.type == DATE and to in ("hour", "minute"):
        raise failed("wrong-type", f"a Date has no {to}", hint="make a time of it: time(day)")
    return _same(value)


def _whole(amount: float, what: str) -> int:
    if amount != int(amount):
        raise failed("wrong-value", f"{amount:g} is no whole number of {what}")
    return int(amount)


def _add_days(value: Datum, days: float) -> str:
    return _like(value, at_of(value) + timedelta(days=_whole(days, "days")))


def _add_months(value: Datum, months: float) -> str:
    """The same day of another month, or its last where it has none such."""
    at = at_of(value)
    year, month = divmod(at.year * 12 + at.month - 1 + _whole(months, "months"), 12)
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    last = calendar.monthrange(year, month + 1)[1]
    return _like(value, at.replace(year=year, month=month + 1, day=min(at.day, last)))


def _add_seconds(value: Datum, seconds: float) -> str:
    return instant(at_of(value) + timedelta(seconds=seconds))


def _truncate(value: Datum, to: str) -> str:
    at = at_of(value)
    start = {"month": at.month, "day": at.day, "hour": at.hour, "minute": at.minute, **STARTS[to]}
    at = datetime(at.year, start["month"], start["day"], start["hour"], start["minute"], tzinfo=UTC)
    return _like(value, at - timedelta(days=at.weekday()) if to == "week" else at)


def _part(read: Callable[[datetime], int]) -> Callable[[Datum], int]:
    return lambda value: read(at_of(value))


def _days_between(first: Datum, last: Datum) -> int:
    return (at_of(last).date() - at_of(first).date()).days


def _seconds_between(first: Datum, last: Datum) -> float:
    return (at_of(last) - at_of(first)).total_seconds()


def _part_of(
    name: str, doc: str, read: Callable[[datetime], int], kind: Kind, value: str
) -> Function:
    call = f"{name}(2026-11-30T08:15:20Z)"
    return Function(name, doc, (kind,), scalar(INT), _part(read), example=(call, value))


READ = (FORMAT, OPTIONAL)
DATES = (
    Function("parse_date", "The day that a text says, in words of strptime and English; without a "
             "form, as ISO 8601 writes it.", ("text",), _read_facts(DATE),
             _reading(lambda at: at.date().isoformat(), "date"), options=READ,
             example=('parse_date("30/Nov/2026", format: "%d/%b/%Y")', '"2026-11-30"')),
    Function("parse_time", "The instant that a text says, in words of strptime and English; one "
             "of UTC where it has no offset.", ("text",), _read_facts(TIME),
             _reading(instant, "time"), options=READ,
             example=('parse_time("30/Nov/2026:10:15:00 +0200", format: "%d/%b/%Y:%H:%M:%S %z")',
                      '"2026-11-30T08:15:00+00:00"')),
    Function("format_date", "A date, or a time in UTC, in the words of strftime and English.",
             ("date",), _written, lambda x, format: forms.write(at_of(x), format),
             options=(replace(FORMAT, required=True),),
             example=('format_date(2026-11-30, "%A, %d %B %Y")', '"Monday, 30 November 2026"')),
    Function("date", "The day of a time, in UTC.", ("date",), scalar(DATE, SIZE),
             lambda x: at_of(x).date().isoformat(),
             example=("date(2026-11-30T23:30:00-02:00)", '"2026-12-01"')),
    Function("time", "The beginning of a day, in UTC.", ("date",), scalar(TIME, SIZE),
             lambda x: instant(at_of(x)),
             example=("time(2026-11-30)", '"2026-11-30T00:00:00+00:00"')),
    _part_of("year", "The year of a date or time.", lambda at: at.year, "date", "2026"),
    _part_of("month", "The month, from 1.", lambda at: at.month, "date", "11"),
    _part_of("day", "The day of the month, from 1.", lambda at: at.day, "date", "30"),
    _part_of("weekday", "The day of the week, from 1 for Monday to 7.", datetime.isoweekday, "date",
             "1"),
    _part_of("week", "The week of the year as ISO 8601 counts it.",
             lambda at: at.isocalendar().week, "date", "49"),
    _part_of("hour", "The hour of a time, in UTC.", lambda at: at.hour, "time", "8"),
    _part_of("minute", "The minute of a time.", lambda at: at.minute, "time", "15"),
    _part_of("second", "The whole second of a time.", lambda at: at.second, "time", "20"),
    Function("days_between", "Days from one day to another, below 0 where that is earlier.",
             ("date", "date"), scalar(INT), _days_between,
             example=("days_between(2026-01-30, 2026-02-02)", "3")),
    Function("seconds_between", "Seconds from one time to another.", ("time", "time"),
             scalar(FLOAT), _seconds_between,
             example=("seconds_between(2026-11-30T08:00:00Z, 2026-11-30T08:01:00.5Z)", "60.5")),
    Function("add_days", "A date or time so many days later.", ("date", "number"), _same, _add_days,
             example=("add_days(2026-02-27, 2)", '"2026-03-01"')),
    Function("add_months", "A date or time so many months later; the last day of a month that is "
             "shorter.", ("date", "number"), _same, _add_months,
             example=("add_months(2026-01-31, 1)", '"2026-02-28"')),
    Function("add_seconds", "A time so many seconds later; 5min is 300.", ("time", "number"), _same,
             _add_seconds, example=("add_seconds(2026-11-30T08:00:00Z, 5min)",
                                    '"2026-11-30T08:05:00+00:00"')),
    Function("truncate", "The beginning of the year, month, week (Monday), day, hour or minute.",
             ("date",), _cut_facts, _truncate, options=(TO,),
             example=("truncate(2026-11-30T08:15:20Z, to: hour)", '"2026-11-30T08:00:00+00:00"')),
)  # fmt: skip
