"""Functions of single values: texts, numbers, and lists as one text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import Rule, flat, scalar
from rlmlang.functions.values import Rows, shown, text_of, values
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import largest, made_of, shown_size
from rlmlang.ir.types import BOOL, INT, TEXT, NoneType, list_of
from rlmlang.schema.formula import ONE

if TYPE_CHECKING:
    from regex import Match

    from rlmlang.context import Datum

SECONDS = 1.0
SEPARATOR = Option("separator", TEXT)
WIDTH = Option("width", "count", required=True, last=True)
FILL, BEFORE = Option("fill", TEXT), Option("before", BOOL)


def _text_facts(times: int = 1) -> Rule:
    """A text of at most so many times the size: a character's other case may be longer, `ΐ` in
    capitals three times as long."""

    def rule(value: Facts) -> Facts:
        size = shown_size(value) * times
        return made_of(Facts(TEXT, size, ONE, size), [value])

    return rule


def _joined(rows: Facts, separator: str = "\n") -> Facts:
    rows = flat(rows)
    size = rows.size + rows.count * (len(separator.encode()) // 2 + 4)
    return made_of(Facts(TEXT, size, ONE, size), [rows])


def _join_text(rows: Rows, separator: str = "\n") -> str:
    return separator.join(map(shown, values(rows, "")))


def _on_text(do: Callable[..., Datum]) -> Callable[..., Datum]:
    """A function of texts over values that are shown as text."""
    return lambda *of: do(*map(text_of, of))


def searched(text: Datum, pattern: Datum, most: int | None = None) -> list[Match[str]]:
    """The first so many matches, all without a number. Raises CodedError (bad-pattern,
    slow-pattern)."""
    import regex

    try:
        found = regex.finditer(text_of(pattern), text_of(text), timeout=SECONDS)
        return [*islice(found, most)]
    except regex.error as mistake:
        raise failed("bad-pattern", f"`{pattern}` is no regular expression: {mistake}") from None
    except TimeoutError:
        raise failed("slow-pattern", f"`{pattern}` took longer than {SECONDS:g} s") from None


def _matches(text: Datum, pattern: Datum) -> bool:
    return bool(searched(text, pattern, 1))


def _find_all(text: Datum, pattern: Datum) -> list[str]:
    return [match.group() for match in searched(text, pattern)]


def _found_facts(text: Facts, pattern: Facts) -> Facts:
    """No more matches than bytes, and one at the end; no more text than there is."""
    count = text.size * 2 + 1
    return made_of(Facts(list_of(TEXT), text.size + count, count, text.size + 1), [text, pattern])


def _replaced_facts(text: Facts, old: Facts, new: Facts) -> Facts:
    """An occurrence has a byte at least, and a tok two."""
    size = text.size + text.size * new.size * 2
    return made_of(Facts(TEXT, size, ONE, size), [text, old, new])


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        raise failed("wrong-value", "`replace` is given an empty text to replace")
    return text.replace(old, new)


def _replace_matches(text: Datum, pattern: Datum, new: Datum) -> str:
    whole, end, out = text_of(text), 0, ""
    for match in searched(text, pattern):
        out += whole[end : match.start()] + text_of(new)
        end = match.end()
    return out + whole[end:]


def _replaced_matches(text: Facts, pattern: Facts, new: Facts) -> Facts:
    """A match may be empty: one before each byte, and one at the end."""
    size = text.size + (text.size * 2 + 1) * new.size
    return made_of(Facts(TEXT, size, ONE, size), [text, pattern, new])


def _parted_facts(text: Facts, separator: str = "\n") -> Facts:
    count = text.size * 2 + 1
    return made_of(Facts(list_of(TEXT), text.size + count, count, text.size + 1), [text])


def _split_text(text: Datum, separator: str = "\n") -> list[str]:
    if not separator:
        raise failed("wrong-value", "`split_text` is given an empty separator")
    return text_of(text).split(separator)


def _lines(text: str) -> list[str]:
    whole = text.replace("\r\n", "\n").removesuffix("\n")
    return whole.split("\n") if text else []


def _part_facts(text: Facts, start: Facts, length: Facts) -> Facts:
    return made_of(Facts(TEXT, text.size, ONE, text.size), [text, start, length])


def _substring(text: Datum, start: float, length: float) -> str:
    """From a place that is counted from 0, or from the end below 0. Raises CodedError."""
    whole = text_of(text)
    if start != int(start) or length != int(length) or length < 0:
        raise failed("wrong-value", f"`substring` is given {start:g} and {length:g}")
    first = int(start) if start >= 0 else max(0, len(whole) + int(start))
    return whole[first : first + int(length)]


def _padded(text: Facts, width: int, fill: str = " ", **_: object) -> Facts:
    size = text.size + (width * len(fill.encode()) + 1) // 2
    return made_of(Facts(TEXT, size, ONE, size), [text])


def _pad(text: Datum, width: int, fill: str = " ", before: bool = False) -> str:
    if len(fill) != 1:
        raise failed("wrong-value", f"`pad` fills with one character, and is given {fill!r:.20}")
    whole = text_of(text)
    return whole.rjust(width, fill) if before else whole.ljust(width, fill)


def _coalesced(first: Facts, other: Facts) -> Facts:
    both = largest(first, other)
    sure = not other.type.optional and not isinstance(other.type, NoneType)
    return replace(both, type=both.type.required()) if sure else both


def _coalesce(first: Datum, other: Datum) -> Datum:
    return other if first is None else first


TEXTS = (
    Function("join_text", "The items as one text.", ("list",), _joined, _join_text,
             options=(SEPARATOR,),
             example=('join_text(["a", "b"], separator: ", ")', '"a, b"')),
    Function("length", "Characters (code points) of a text.", ("text",), scalar(INT),
             _on_text(len),
             example=('length("café")', "4")),
    Function("lower", "The text in small letters.", ("text",), _text_facts(2), _on_text(str.lower),
             example=('lower("Ann")', '"ann"')),
    Function("upper", "The text in capitals.", ("text",), _text_facts(3), _on_text(str.upper),
             example=('upper("Ann")', '"ANN"')),
    Function("trim", "The text without white space at its ends.", ("text",), _text_facts(),
             _on_text(str.strip),
             example=('trim("  ann ")', '"ann"')),
    Function("contains", "Whether a text holds another.", ("text", "text"), scalar(BOOL),
             _on_text(str.__contains__),
             example=('contains("road", "oa")', "true")),
    Function("starts_with", "Whether a text begins with another.", ("text", "text"), scalar(BOOL),
             _on_text(str.startswith),
             example=('starts_with("road", "ro")', "true")),
    Function("matches", "Whether a regular expression is found in a text.", ("text", "pattern"),
             scalar(BOOL), _matches,
             example=('matches("order 17", "[0-9]+")', "true")),
    Function("ends_with", "Whether a text ends with another.", ("text", "text"), scalar(BOOL),
             _on_text(str.endswith),
             example=('ends_with("road", "ad")', "true")),
    Function("find_all", "All that a regular expression finds in a text.", ("text", "pattern"),
             _found_facts, _find_all,
             example=('find_all("a1 b22", "[0-9]+")', '["1", "22"]')),
    Function("replace", "A text with another one in place of each occurrence.",
             ("text", "text", "text"), _replaced_facts, _on_text(_replace),
             example=('replace("a-b-c", "-", "+")', '"a+b+c"')),
    Function("replace_matches", "A text with another one in place of each match of a pattern.",
             ("text", "pattern", "text"), _replaced_matches, _replace_matches,
             example=('replace_matches("12 of 345", "[0-9]+", "#")', '"# of #"')),
    Function("substring", "So many characters (code points) of a text from a place counted from 0, "
             "from the end below 0.", ("text", "number", "number"), _part_facts, _substring,
             example=('substring("2026-11-30", 5, 2)', '"11"')),
    Function("pad", "A text with a character behind it, or before it, up to a width in characters.",
             ("text",), _padded, _pad, options=(WIDTH, FILL, BEFORE),
             example=('pad("7", 3, fill: "0", before: true)', '"007"')),
    Function("lines", "The lines of a text, which end with LF or CRLF.", ("text",), _parted_facts,
             _on_text(_lines), example=('lines("one\\ntwo\\n")', '["one", "two"]')),
    Function("words", "What stands between white space in a text.", ("text",), _parted_facts,
             _on_text(str.split), example=('words(" one  two ")', '["one", "two"]')),
    Function("split_text", "The parts of a text between separators.", ("text",), _parted_facts,
             _split_text, options=(SEPARATOR,),
             example=('split_text("a,b,c", separator: ",")', '["a", "b", "c"]')),
    Function("coalesce", "The first value, or the second where the first is none.", ("any", "any"),
             _coalesced, _coalesce, agree=True,
             example=("coalesce(at([3], 1), 9)", "9")),
    Function("text", "A value as text.", ("any",), _text_facts(), shown,
             example=("text([1, 2])", '"[1, 2]"')),
)  # fmt: skip
