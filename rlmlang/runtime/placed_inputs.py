"""Inputs told apart, so that what is read of one is never booked as read of another."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import is_dataclass, replace

from rlmlang.context import Datum, DecodedDocument, Document, Rows, Slice, Tree, as_slice
from rlmlang.images import Image
from rlmlang.ir.expressions import Ref
from rlmlang.ir.recipe import Step
from rlmlang.ir.types import TEXT
from rlmlang.ir.walk import names
from rlmlang.plan.plan import Plan
from rlmlang.verbs.recurse import Recurse
from rlmlang.verbs.search import Search
from rlmlang.verbs.split import Split

CUTS = (Split, Search, Recurse)
QUESTION = 1_000
"""No text of so many characters that is shown as a whole is counted by the receipt."""


def own(value: Datum) -> Datum:
    """A value with documents of its own, for an input that gets what another has already."""
    if isinstance(value, Slice):
        return replace(
            value, parts=tuple(replace(p, document=copy(p.document)) for p in value.parts)
        )
    if isinstance(value, Tree):
        return replace(value, documents=tuple(map(copy, value.documents)))
    if isinstance(value, Image):
        part = value.parts[0]
        return replace(value, parts=(replace(part, document=copy(part.document)),))
    if isinstance(value, list):
        return [own(x) for x in value]
    if isinstance(value, Rows):
        rows = copy(value)
        rows.document = copy(value.document)
        return rows
    return value


def told_apart(inputs: Mapping[str, Datum]) -> dict[str, Datum]:
    """Inputs whose files have names that say which is meant: where trees of several folders have
    files of one name, the names begin with the folder, without what all the folders begin with:
    a result does not depend on where they lie."""
    roots: dict[str, set[str]] = {}
    trees = [v for v in inputs.values() if isinstance(v, Tree)]
    for tree in trees:
        for document in tree.documents:
            roots.setdefault(document.id, set()).add(tree.root)
    shared = {id for id, found in roots.items() if len(found) > 1}
    if not shared:
        return dict(inputs)
    mixed = {
        name: value
        for name, value in inputs.items()
        if isinstance(value, Tree) and any(d.id in shared for d in value.documents)
    }
    short = _shortened({tree.root for tree in mixed.values()})
    return {**inputs, **{name: _below(short[t.root], t) for name, t in mixed.items()}}


def placed_texts(plan: Plan, inputs: Mapping[str, Datum]) -> dict[str, Datum]:
    """Inputs in which a text that a program or the command line gave has a place of its own, as one
    from a file has, so that the receipt counts it: if it is cut or searched, or longer than a
    question would be. One that an expression or code reads stays as it was given."""
    texts = {p.name for p in plan.recipe.params if p.type.required() == TEXT}
    return {
        name: as_slice(name, value)
        if isinstance(value, str) and value and name in texts and _is_context(plan, name, value)
        else value
        for name, value in inputs.items()
    }


def _is_context(plan: Plan, name: str, text: str) -> bool:
    """Whether a text is read as a context, and as nothing else."""
    read = [(n.step, port) for n in plan.nodes for port, id in n.inputs.items() if id == name]
    if not all(_shows(step, port) for step, port in read):
        return False
    return len(text) > QUESTION or any(_cuts(step, port) for step, port in read)


def _cuts(step: Step, port: str) -> bool:
    """Whether a step cuts or searches an input, or goes down into it."""
    return isinstance(step.work, CUTS) and port in names(step.work.subject)


def _shows(step: Step, port: str) -> bool:
    """Whether a step cuts or searches an input, or gives it to a prompt as it is."""
    if step.when is not None and port in names(step.when[0]):
        return False
    if _cuts(step, port):
        return True
    ask = step.work.asked
    return ask is not None and all(e == Ref(port) for _, e in ask.args if port in names(e))


def _shortened(roots: Collection[str]) -> dict[str, str]:
    """Folders by names that are still unlike. Those that begin at the working directory keep
    theirs, which the command line wrote."""
    if not all(map(os.path.isabs, roots)):
        return dict(zip(roots, roots, strict=True))
    top = os.path.commonpath(roots)
    if top in (root.rstrip("/") for root in roots):
        top = os.path.dirname(top)
    return {root: os.path.relpath(root, top) for root in roots}


def _below(root: str, tree: Tree) -> Tree:
    """A tree whose files are named from above its folder."""
    root = root.rstrip("/")
    documents = tuple(_named(d, f"{root}/{d.id}") for d in tree.documents)
    return replace(tree, root=root, documents=documents)


def _named(document: Document, name: str) -> Document:
    """A document under another name. Those of plug-ins may not be copied so, and keep theirs."""
    if isinstance(document, DecodedDocument):
        return replace(document, origin=_named(document.origin, name))
    return replace(document, id=name) if is_dataclass(document) else document
