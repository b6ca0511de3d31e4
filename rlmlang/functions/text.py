"""Functions of single values: texts, numbers, and lists as one text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.function import Function, Option
from rlmlang.functions.rules import Rule, flat, scalar
from rlmlang.functions.values import Rows, shown, text_of, values
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import shown_size
from rlmlang.ir.types import BOOL, FLOAT, INT, TEXT
from rlmlang.schema.formula import ONE

if TYPE_CHECKING:
    from rlmlang.context import Datum

SECONDS = 1.0
SEPARATOR = Option("separator", TEXT)
DIGITS = Option("digits", INT)


def _text_facts(times: int = 1) -> Rule:
    """A text of at most so many times the size: a character's other case may be longer, `ΐ` in
    capitals three times as long."""

    def rule(value: Facts) -> Facts:
        size = shown_size(value) * times
        return replace(value, type=TEXT, size=size, count=ONE, item=size, inner=ONE)

    return rule


def _joined(rows: Facts, separator: str = "\n") -> Facts:
    rows = flat(rows)
    size = rows.size + rows.count * (len(separator.encode()) // 2 + 4)
    return replace(rows, type=TEXT, size=size, count=ONE, item=size)


def _join_text(rows: Rows, separator: str = "\n") -> str:
    return separator.join(map(shown, values(rows, "")))


def _on_text(do: Callable[..., Datum]) -> Callable[..., Datum]:
    """A function of texts over values that are shown as text."""
    return lambda *of: do(*map(text_of, of))


def _matches(text: Datum, pattern: Datum) -> bool:
    import regex

    try:
        return regex.search(text_of(pattern), text_of(text), timeout=SECONDS) is not None
    except regex.error as mistake:
        raise failed("bad-pattern", f"`{pattern}` is no regular expression: {mistake}") from None
    except TimeoutError:
        raise failed("slow-pattern", f"`{pattern}` took longer than {SECONDS:g} s") from None


def _round(number: float, digits: int = 0) -> float:
    return round(number, digits)


TEXTS = (
    Function("join_text", "The items as one text.", ("list",), _joined, _join_text,
             options=(SEPARATOR,)),
    Function("length", "Characters of a text.", ("text",), scalar(INT), _on_text(len)),
    Function("lower", "The text in small letters.", ("text",), _text_facts(2), _on_text(str.lower)),
    Function("upper", "The text in capitals.", ("text",), _text_facts(3), _on_text(str.upper)),
    Function("trim", "The text without white space at its ends.", ("text",), _text_facts(),
             _on_text(str.strip)),
    Function("contains", "Whether a text holds another.", ("text", "text"), scalar(BOOL),
             _on_text(str.__contains__)),
    Function("starts_with", "Whether a text begins with another.", ("text", "text"), scalar(BOOL),
             _on_text(str.startswith)),
    Function("matches", "Whether a regular expression is found in a text.", ("text", "text"),
             scalar(BOOL), _matches),
    Function("round", "A number to so many digits.", ("number",), scalar(FLOAT), _round,
             options=(DIGITS,)),
    Function("text", "A value as text.", ("any",), _text_facts(), shown),
)  # fmt: skip
