"""A result as text."""

from __future__ import annotations

import json

from rlmlang.value import Json


def as_text(result: Json) -> str:
    """A result for a reader: text as it is, tables as columns, everything else as JSON."""
    if isinstance(result, str):
        return result
    if result is None:
        return "(nothing)"
    return json.dumps(result, ensure_ascii=False, indent=2)
