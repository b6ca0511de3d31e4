"""Dates: a day of the calendar, alone or with a time, as ISO 8601 writes them.

`02/01/2024` is two days, `yesterday` none: what is not of this form is not guessed.
"""

from __future__ import annotations

import re
from datetime import datetime

FORM = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)


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
