"""Values of the language as JSON values, as they are shown, kept and given to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlmlang.context import Cut, Datum, Slice, Tree
from rlmlang.value import Json


def jsonable(value: Datum) -> Json:
    """A result as JSON values; slices become their text, rows a list, a tree its files' paths,
    an image its reference."""
    if isinstance(value, Slice):
        return value.text()
    if isinstance(value, Tree):
        return [document.id for document in value.documents]
    if isinstance(value, Mapping):
        return {k: jsonable(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [jsonable(v) for v in value]
    return str(value) if isinstance(value, Cut) else value
