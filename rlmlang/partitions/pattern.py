"""Regular expressions of a recipe: compiled with words for what is wrong, and limited in time."""

from __future__ import annotations

import regex

from rlmlang.diagnostics.diagnostic import failed

SECONDS = 1.0
"""The longest that one stretch of text is searched."""


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


def slow_pattern(text: str) -> Exception:
    """The problem of a pattern that backtracks without end."""
    return failed(
        "slow-pattern",
        f"`{text}` took longer than {SECONDS:g} s on one stretch of text",
        hint="avoid nested repeats such as (a+)+",
    )
