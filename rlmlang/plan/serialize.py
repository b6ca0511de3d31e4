"""A plan as JSON values, the same every time, and the hash of what it does.

The hash covers the checked recipe, never its text: formatting, comments, the order of
independent keys, locale and hash seed do not change it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json

from rlmlang.schema.formula import Formula

EDITION = 1


def hash_of(value: object) -> str:
    """sha256 of the canonical JSON of a value made of checked parts."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _counts(f: dataclasses.Field[object], value: object) -> bool:
    """Whether a field is part of what a value is."""
    return f.compare and not ("later" in f.metadata and getattr(value, f.name) == f.default)


def plain(value: object) -> object:
    """Checked parts as JSON values; what does not take part in comparison is left out."""
    if isinstance(value, Formula):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {
            f.name: plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if _counts(f, value)
        }
        return {"is": type(value).__name__, **kept}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(str(v) for v in value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in sorted(value.items())}
    return value
