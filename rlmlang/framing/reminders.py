"""The form of an answer, where a person gives it or it is of no account: headers of fields, and the
last line of a request, which says once more in which form it is answered."""

from __future__ import annotations

import re

from rlmlang.framing.markers import names_in

FRAMED = "[[ ## {} ## ]]\n{}\n\n[[ ## completed ## ]]"
_REMINDER = re.compile(
    r"\n\n(?:Respond with the corresponding output fields, starting with "
    r"|Respond with a JSON object in the following order of fields: "
    r"|Answer with `[^`\n]+` alone: )[^\n]*\Z"
)


def without_reminder(asked: str) -> str:
    """All that a request shows but for that line, which changes with the model."""
    return _REMINDER.sub("", asked)


def framed(name: str, text: str) -> str:
    """A text as the answer to one field; one that has headers of fields already stays as it is."""
    return text if names_in([text]) else FRAMED.format(name, text)
