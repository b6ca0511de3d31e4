"""Forms of dates and times in the words of `strptime`: `%d/%b/%Y:%H:%M:%S %z`.

Python's own words follow the locale of the process; here months and days are English everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from rlmlang.diagnostics.diagnostic import CodedError, failed

MONTHS = ("January February March April May June July August September October November "
          "December").split()  # fmt: skip
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
WIDE = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}
READS = {
    "Y": r"\d{4}", "m": r"1[0-2]|0?[1-9]", "d": r"3[01]|[12]\d|0?[1-9]| [1-9]",
    "j": r"\d{1,3}", "y": r"\d\d", "H": r"2[0-3]|[01]?\d", "I": r"1[0-2]|0?[1-9]",
    "M": r"[0-5]?\d", "S": r"[0-5]?\d", "f": r"\d{1,6}", "p": "am|pm", "Z": "UTC|GMT|Z",
    "z": r"[+-]\d\d:?[0-5]\d|Z", "s": r"\d{1,12}",
    "b": "|".join(f"{m}|{m[:3]}" for m in MONTHS), "a": "|".join(f"{d}|{d[:3]}" for d in DAYS),
}  # fmt: skip
"""What a directive reads; a day of the week is read and says nothing."""
SAME = {"e": "d", "B": "b", "h": "b", "A": "a"}
OF_DAYS = (("Y", "y"), ("m", "b"), ("d",))
WRITES: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda t: f"{t.year:04}", "m": lambda t: f"{t.month:02}", "d": lambda t: f"{t.day:02}",
    "e": lambda t: f"{t.day:2}", "j": lambda t: f"{t.timetuple().tm_yday:03}",
    "y": lambda t: f"{t.year % 100:02}", "H": lambda t: f"{t.hour:02}",
    "I": lambda t: f"{t.hour % 12 or 12:02}", "M": lambda t: f"{t.minute:02}",
    "S": lambda t: f"{t.second:02}", "f": lambda t: f"{t.microsecond:06}",
    "p": lambda t: "AM" if t.hour < 12 else "PM", "Z": lambda t: "UTC", "z": lambda t: "+0000",
    "s": lambda t: str(int(t.timestamp())), "V": lambda t: f"{t.isocalendar().week:02}",
    "G": lambda t: f"{t.isocalendar().year:04}", "u": lambda t: str(t.isoweekday()),
    "B": lambda t: MONTHS[t.month - 1], "b": lambda t: MONTHS[t.month - 1][:3],
    "h": lambda t: MONTHS[t.month - 1][:3], "A": lambda t: DAYS[t.weekday()],
    "a": lambda t: DAYS[t.weekday()][:3],
}  # fmt: skip
TIMES = frozenset("HIMSfpZzs")


def check_reading(form: str) -> None:
    """Raises CodedError (bad-format) for a form that no day can be read by."""
    _reader(form)


def check_writing(form: str, *, time: bool) -> None:
    """Raises CodedError (bad-format) for a form that a date, or a time, cannot be written in."""
    for kind, word in _parts(form):
        if kind == "%" and word not in WRITES:
            raise bad(form, f"there is no %{word}", f"known are {_known(WRITES)}")
        if kind == "%" and word in TIMES and not time:
            raise bad(form, f"a Date has no %{word}", "make a time of it: time(day)")


def read(text: str, form: str) -> datetime | None:
    """The day and time that a text says, with its offset where one is written; None where it is not
    of that form, or there is no such day."""
    found = _reader(form).fullmatch(text.strip())
    if found is None:
        return None
    said = {k: v.casefold() for k, v in found.groupdict().items()}
    if "s" in said:
        return datetime.fromtimestamp(int(said["s"]), UTC)
    try:
        return datetime(*_day(said), *_clock(said), tzinfo=_offset(said))
    except ValueError:
        return None


def write(at: datetime, form: str) -> str:
    """A time of UTC in a form."""
    return "".join(WRITES[word](at) if kind == "%" else word for kind, word in _parts(form))


def bad(form: str, why: str, hint: str) -> CodedError:
    """The problem `bad-format`."""
    return failed("bad-format", f'the form "{form}" cannot be used: {why}', hint=hint)


def _known(words: Mapping[str, object]) -> str:
    return ", ".join(f"%{w}" for w in (*words, *WIDE))


def _parts(form: str) -> Iterator[tuple[str, str]]:
    """The directives of a form, as `%` and a letter, and the texts between them."""
    for match in re.finditer(r"%(.?)|[^%]+", form, re.DOTALL):
        letter = match.group(1)
        if letter in WIDE:
            yield from _parts(WIDE[letter])
        elif letter is None or letter == "%":
            yield "", letter or match.group()
        else:
            yield "%", letter


@lru_cache(maxsize=64)
def _reader(form: str) -> re.Pattern[str]:
    out, seen = "", set[str]()
    for kind, word in _parts(form):
        if not kind:
            out += r"\s+".join(map(re.escape, re.split(r"\s+", word)))
            continue
        letter = SAME.get(word, word)
        if letter not in READS:
            raise bad(form, f"there is no %{word}", f"known are {_known({**READS, **SAME})}")
        if letter in seen:
            raise bad(form, f"%{word} stands in it twice", "name each part once")
        seen.add(letter)
        out += f"(?P<{letter}>{READS[letter]})"
    _held_complete(form, seen)
    return re.compile(out, re.IGNORECASE | re.ASCII)


def _held_complete(form: str, seen: set[str]) -> None:
    """Raises CodedError where a form names no day."""
    if "s" in seen or {"Y", "j"} <= seen or all(seen & {*words} for words in OF_DAYS):
        if "I" not in seen or "p" in seen:
            return
        raise bad(form, "%I needs %p", "hours from 0 to 23 are %H")
    lacks = "year" if not seen & {"Y", "y"} else "month" if not seen & {"m", "b"} else "day"
    raise bad(form, f"it names no {lacks}", 'put what the text lacks before it: "2026 {it.text}"')


def _day(said: Mapping[str, str]) -> tuple[int, int, int]:
    year = int(said["Y"]) if "Y" in said else int(said["y"]) + (2000, 1900)[int(said["y"]) > 68]
    if "j" in said:
        at = datetime(year, 1, 1) + timedelta(days=int(said["j"]) - 1)
        if at.year != year:
            raise ValueError(said["j"])
        return at.year, at.month, at.day
    names = [m[:3].casefold() for m in MONTHS]
    month = int(said["m"]) if "m" in said else names.index(said["b"][:3]) + 1
    return year, month, int(said["d"])


def _clock(said: Mapping[str, str]) -> tuple[int, int, int, int]:
    hour = int(said.get("H", "0"))
    if "I" in said:
        hour = int(said["I"]) % 12 + 12 * (said["p"] == "pm")
    return (
        hour,
        int(said.get("M", "0")),
        int(said.get("S", "0")),
        int(said.get("f", "0").ljust(6, "0")),
    )


def _offset(said: Mapping[str, str]) -> timezone:
    digits = said.get("z", "z").replace(":", "")
    if digits == "z":
        return UTC
    minutes = int(digits[1:3]) * 60 + int(digits[3:5])
    return timezone(timedelta(minutes=-minutes if digits[0] == "-" else minutes))
