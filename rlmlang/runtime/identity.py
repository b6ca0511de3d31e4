"""Which runs are the same run, begun again: recipe, inputs, models and settings, not the budget."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from rlmlang.context import (
    Datum,
    DecodedDocument,
    Document,
    Rows,
    Slice,
    TextDocument,
    Tree,
    text_of,
)
from rlmlang.ir.recipe import Budget
from rlmlang.plan.price import hash_of_graph
from rlmlang.runtime.prepared import Prepared


def identity_of(ready: Prepared, within: str = "") -> bytes:
    """32 bytes. A run that was stopped, or ran out of its budget, is resumed by the next run of
    the same identity; what either has spent counts for both. One that is `within` another is not
    resumed without it."""
    what = hash_of_graph(ready.plan.graph, replace(ready.recipe, budget=Budget()))
    models = {k: v.name for k, v in ready.binding.models.items()}
    inputs = {k: _stamp(v) for k, v in ready.inputs.items()}
    base = ready.address.identity if ready.address is not None else ""
    fork = f" {ready.options.fork}" if ready.options.fork is not None else ""
    text = f"{what} {sorted(models.items())} {sorted(inputs.items())} {base}{within}{fork}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _stamp(value: Datum) -> str:
    """What tells an input from another without reading it: a file's name, size and time."""
    if isinstance(value, Slice):
        return " ".join(f"{_document(p.document)} {p.start} {p.end}" for p in value.parts)
    if isinstance(value, Tree):
        return " ".join(_document(d) for d in value.documents)
    if isinstance(value, Rows):
        return _document(value.document)
    return text_of(value)


def _document(document: Document) -> str:
    if isinstance(document, DecodedDocument):
        return f"{_document(document.origin)} {document.decoding}"
    stamp = getattr(document, "stamp", "")[:3]
    if isinstance(document, TextDocument):
        stamp = hashlib.sha256(document.data).hexdigest()
    return f"{document.id} {document.size} {stamp}"
