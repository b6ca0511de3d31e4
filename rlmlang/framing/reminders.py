"""The last line of a request, which says once more in which form it is answered."""

from __future__ import annotations

import re

_REMINDER = re.compile(
    r"\n\n(?:Respond with the corresponding output fields, starting with "
    r"|Respond with a JSON object in the following order of fields: "
    r"|Answer with `[^`\n]+` alone: )[^\n]*\Z"
)


def without_reminder(asked: str) -> str:
    """All that a request shows but for that line, which changes with the model."""
    return _REMINDER.sub("", asked)
