"""Regular expressions of a recipe: compiled with words for what is wrong, and limited in time."""

from __future__ import annotations

import re

import regex

from rlmlang.diagnostics.diagnostic import failed

SECONDS = 1.0
"""The longest that one stretch of text is searched."""
CHARACTER = r"""[^\\\[\](){}|^$*+?\s] | [ ] | \\[dwSb] | \\[^\w\s]
    | \[ (?: [^\\\[\]^\0-\x1f\s] | [ ] | \\[dw] | \\[^\w\s] )+ \]"""
REPEAT = r"[*+?][?+]? | \{\d*,?\d*\}[?+]?"
IN_LINE = re.compile(rf"(?: {CHARACTER} | \^ | \| | \((?!\?) | \(\?: | \) | {REPEAT})*", re.VERBOSE)
"""Patterns that match no line end and look at none: they say what is there, nothing else."""
QUICK = re.compile(rf"(?:{CHARACTER})* (?: (?:{REPEAT}) (?:{CHARACTER})* )?", re.VERBOSE | re.ASCII)
"""Those of them that `re` matches with bytes of ASCII in no more steps than there are bytes."""


def compile_pattern(text: str) -> regex.Pattern[str]:
    """A regular expression. Raises CodedError (bad-pattern)."""
    try:
        return regex.compile(text, regex.MULTILINE)
    except regex.error as mistake:
        raise failed(
            "bad-pattern",
            f"`{text}` is not a regular expression: {mistake}",
            hint="a backslash in a recipe's text is written twice: \\\\d",
        ) from None


def stays_in_line(text: str) -> bool:
    """Whether it makes no difference to a pattern what stands behind the line that it is matched
    with; no wherever that is not plain."""
    return IN_LINE.fullmatch(text) is not None


def is_quick(text: str) -> bool:
    """Whether `re` may be asked for a pattern that stays in its line: it has at most one repeat."""
    return text.isascii() and QUICK.fullmatch(text) is not None


def finds(pattern: regex.Pattern[str], text: str, *, at_start: bool = False) -> bool:
    """Whether a pattern is in a text, as it is or with line feeds for the line ends of Windows, so
    that `$` stands before both. Raises CodedError (slow-pattern)."""
    ask = pattern.match if at_start else pattern.search
    try:
        if ask(text, timeout=SECONDS) is not None:
            return True
        return "\r\n" in text and ask(text.replace("\r\n", "\n"), timeout=SECONDS) is not None
    except TimeoutError:
        raise slow_pattern(pattern.pattern) from None


def slow_pattern(text: str) -> Exception:
    """The problem of a pattern that backtracks without end."""
    return failed(
        "slow-pattern",
        f"`{text}` took longer than {SECONDS:g} s on one stretch of text",
        hint="avoid nested repeats such as (a+)+",
    )
