"""How large what is bound really is: the values of the unknowns in formulas."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rlmlang.context import Document, Measure, Slice, Tree, as_slice, tok_in
from rlmlang.schema.formula import What
from rlmlang.sources.rows import Rows

READ = ("longest", "lines", "records", "document")
"""Those that a text must be read for once more."""


def size_of(value: object, what: What, measure: Measure) -> int | None:
    """An unknown of a value; None when it has no such thing. The longest unit of a text is in
    bytes, which is never less than its tok; there are no more records than lines."""
    if isinstance(value, str):
        return size_of(as_slice("", value), what, measure)
    if isinstance(value, Rows):
        return {"count": len(value), "longest": value.item_size}.get(what)
    if isinstance(value, list):
        return _of_list(value, what, measure)
    if not isinstance(value, Slice | Tree):
        return None
    if what == "document":
        return max((tok_in([part], measure) for part in value.parts), default=0)
    if what == "files" and isinstance(value, Tree):
        return len(value.documents)
    documents = [part.document for part in value.parts]
    if what in READ:
        return _longest(documents) if what == "longest" else sum(map(_lines, documents))
    return tok_in(value.parts, measure) if not what else None


def _of_list(values: Sequence[object], what: What, measure: Measure) -> int | None:
    if values and all(isinstance(x, Slice) for x in values) and what in ("", "files", "document"):
        sizes = [size_of(x, "", measure) or 0 for x in values]
        return {"": sum(sizes), "files": len(values), "document": max(sizes)}[what]
    if what != "longest":
        return len(values) if what == "count" else None
    shown = (json.dumps(x, ensure_ascii=False, default=str) for x in values)
    return max(map(measure.tok, shown), default=0)


def _lines(document: Document) -> int:
    """The number of lines, the last one with or without an end."""
    total, at = 1, document.start
    while at < document.size and (block := document.read(at, min(document.size, at + (1 << 20)))):
        total += block.count(b"\n")
        at += len(block)
    return total


def _longest(documents: Sequence[Document]) -> int:
    """The bytes of the longest line, its end included."""
    most = 0
    for document in documents:
        held, at = 0, document.start
        while at < document.size:
            block = document.read(at, min(document.size, at + (1 << 20)))
            first, *rest = block.split(b"\n")
            most = max(most, held + len(first), *map(len, rest))
            held = len(rest[-1]) if rest else held + len(first)
            at += len(block)
    return most + 1
