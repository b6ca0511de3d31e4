"""What decides over an item's answer, by content: the same again is not run again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from rlmlang.context import Datum, DecodedDocument, Document, Rows, Slice, Tree, text_of
from rlmlang.ir.expressions import Code
from rlmlang.ir.predictors import prompts_of
from rlmlang.plan.serialize import hash_of
from rlmlang.runtime.code import code_hash
from rlmlang.runtime.parts import parts_of
from rlmlang.runtime.prepared import Prepared

BLOCK = 1 << 20
SHORT = 16  # hexadecimal digits of a part's hash that are kept

Parts = Mapping[str, str]


def parts_of_item(ready: Prepared) -> Parts:
    """The hashes of what an item's answer follows from: the recipe as it is written and tuned,
    its Python, its models, each of its inputs, and what was set besides. Where a file lies and when
    it was changed is none of it."""
    options, given, written = ready.options, ready.inputs, ready.written
    said = (written.steps, written.result) if written is not None else ready.plan.hash
    known = {"recipe": hash_of((said, _prompts(ready)))}
    code = {code_hash(c) for c in parts_of(ready.plan.steps, set()) if isinstance(c, Code)}
    if code:
        known["code"] = " ".join(sorted(code))
    base = ready.address.identity if ready.address is not None else ""
    known["models"] = f"{sorted((k, v.name) for k, v in ready.binding.models.items())} {base}"
    inputs = {f"`{name}`": _content(value) for name, value in given.items()}
    sets = {k: v for k, v in options.sets.items() if k not in given and not k.startswith("budget.")}
    if sets:
        known["settings"] = str(sorted(sets.items()))
    return {k: _short(v) for k, v in {**known, **inputs}.items()}


def changed(before: Parts, now: Parts) -> list[str]:
    """The parts that are not as they were, the recipe first."""
    return [k for k in dict.fromkeys((*now, *before)) if before.get(k) != now.get(k)]


def _prompts(ready: Prepared) -> list[tuple[object, ...]]:
    """What a tuning may have changed."""
    return [(n, p.task, p.demos, p.tuned) for n, p in prompts_of(ready.plan).items()]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT]


def _content(value: Datum) -> str:
    """The hash of what an input holds."""
    match value:
        case Slice():
            return " ".join(f"{_hash(p.document)} {p.start} {p.end}" for p in value.parts)
        case Tree():
            return " ".join(f"{d.id} {_hash(d)}" for d in value.documents)
        case Rows():
            return _hash(value.document)
    return text_of(value)


def _hash(document: Document) -> str:
    if isinstance(document, DecodedDocument):
        return f"{_hash(document.origin)} {document.decoding}"
    found, at = hashlib.sha256(), 0
    while at < document.size:
        block = document.read(at, min(document.size, at + BLOCK))
        found.update(block)
        at += len(block)
    return found.hexdigest()
