"""Times are in order as their texts are, what is written is read again, a beginning begins itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.source import SourceFile
from rlmlang.functions.date_formats import read, write
from rlmlang.functions.dates import STARTS, at_of
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.dates import instant, is_time, timed
from rlmlang.syntax import tree as t
from rlmlang.syntax.parse import parse

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
NEAR = datetime(2026, 11, 30, 8)
MOMENTS = st.one_of(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28), timezones=OFFSETS),
    st.datetimes(NEAR, NEAR + timedelta(seconds=2), timezones=st.just(UTC)),
)
DAY_FORMS = st.sampled_from(
    ["%Y-%m-%d", "%d/%b/%Y", "%A, %d. %B %Y", "%e %h %Y", "%Y %j", "%F", "%%%Y%m%d"]
)
CLOCKS = st.sampled_from(["%H:%M:%S.%f %z", "%T %f", "%I:%M:%S %p and %f%Z"])  # fmt: skip


def literal(text: str) -> t.Date:
    """A date or time as it is written in a recipe."""
    parsed = parse(SourceFile("a.rlm", f"rlm 1\nconst x = {text}\n"))
    assert parsed.ok and parsed.tree is not None, parsed.diagnostics
    made = parsed.tree.items[0]
    assert isinstance(made, t.Const) and isinstance(made.value, t.Date)
    return made.value


@settings(max_examples=300, deadline=None)
@given(MOMENTS, MOMENTS)
def test_texts_are_in_the_order_of_instants(a: datetime, b: datetime) -> None:
    first, second = literal(a.isoformat()), literal(b.isoformat())
    assert first.time and is_time(first.value) and timed(first.value) == first.value
    assert (first.value < second.value, first.value == second.value) == (a < b, a == b)
    assert datetime.fromisoformat(first.value) == a


@settings(max_examples=200, deadline=None)
@given(st.dates(), st.dates())
def test_days_are_in_the_order_of_their_texts(a: date, b: date) -> None:
    first, second = literal(str(a)), literal(str(b))
    assert (first.value < second.value) == (a < b) and not first.time
    between, add = FUNCTIONS["days_between"].run, FUNCTIONS["add_days"].run
    assert add(str(a), between(str(a), str(b))) == str(b)


@settings(max_examples=300, deadline=None)
@given(MOMENTS, DAY_FORMS, CLOCKS)
def test_what_is_written_is_read_again(at: datetime, day: str, clock: str) -> None:
    at = at.astimezone(UTC)
    assert read(write(at, f"{day} {clock}"), f"{day} {clock}") == at
    assert read(write(at, day), day) == datetime(at.year, at.month, at.day, tzinfo=UTC)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.sampled_from(list(STARTS)))
def test_a_beginning_begins_itself(at: datetime, to: str) -> None:
    truncate = FUNCTIONS["truncate"].run
    whole = instant(at)
    start = truncate(whole, to)
    assert truncate(start, to) == start <= whole
    assert at_of(start).second == 0
    widest = {"year": 366, "month": 31, "week": 7, "day": 1, "hour": 1, "minute": 1}
    assert at_of(whole) - at_of(start) < timedelta(days=widest[to])


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789-T:.Zz+ ", max_size=26))
def test_a_text_is_a_time_or_is_none(text: str) -> None:
    try:
        assert timed(timed(text)) == timed(text)
    except ValueError:
        parse(SourceFile("a.rlm", f"rlm 1\nconst x = {text}\n"))
