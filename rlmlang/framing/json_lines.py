"""Values written as compact JSON, of a size that can be known beforehand."""

from __future__ import annotations

import json
import re

from rlmlang.context import text_of

CONTROL = re.compile(r"\\(?:u00([01][0-9a-f])|.)")


def json_line(value: object) -> str:
    """A value as compact JSON. Control characters stand as they are, so that no character takes
    more than twice its bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of)
    if "\\u00" not in text:
        return text
    return CONTROL.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[0], text)
