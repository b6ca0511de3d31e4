"""Functions of trees: what of the files of one is not so in another.

`rlmlang.context` is imported when a function is called: checking a recipe needs no values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from rlmlang.functions.function import Function
from rlmlang.ir.coverage import together
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import field_overhead, made_of
from rlmlang.ir.types import TREE, Field, record
from rlmlang.schema.formula import maximum

if TYPE_CHECKING:
    from rlmlang.context import Document, Tree

COMPARE = "compare"
ADDED, REMOVED, CHANGED = KINDS = ("added", "removed", "changed")
WILD = frozenset("*?[")
BLOCK = 1 << 20


def _compared_facts(old: Facts, new: Facts) -> Facts:
    """Three trees, of which none holds more than both; what is in each is known of every file."""
    kept = together((old.kept, new.kept))
    type_ = record(*(Field(kind, TREE) for kind in KINDS))
    made = Facts(
        type_,
        old.size + new.size + field_overhead(type_),
        old.count + new.count,
        maximum(old.item, new.item),
        placed=frozenset(KINDS),
        fields=tuple((kind, kept.passing(f"it is {kind}")) for kind in KINDS),
    )
    return made_of(made, [old, new])


def _compare(old: Tree, new: Tree) -> dict[str, Tree]:
    """The files of the new tree that the old one has not, those of the old that the new one has
    not, and those of the new that have other bytes, by their paths below the folder."""
    ours, theirs = dict(_named(old)), dict(_named(new))
    both = [name for name in theirs if name in ours]
    changed = [theirs[name] for name in both if not _equal(ours[name], theirs[name])]
    added = [document for name, document in theirs.items() if name not in ours]
    removed = [document for name, document in ours.items() if name not in theirs]
    return {
        ADDED: replace(new, documents=tuple(added), left_out=()),
        REMOVED: replace(old, documents=tuple(removed), left_out=()),
        CHANGED: replace(new, documents=tuple(changed), left_out=()),
    }


def _named(tree: Tree) -> Iterator[tuple[str, Document]]:
    """The files of a tree by their paths below its folder, that of a glob up to its first `*`."""
    root = tree.root.rstrip("/") + "/"
    fixed = takewhile(lambda part: not WILD & set(part), root.rstrip("/").split("/")[:-1])
    glob = "".join(f"{part}/" for part in fixed) if WILD & set(root) else ""
    for document in tree.documents:
        yield document.id.removeprefix(root).removeprefix(glob), document


def _equal(one: Document, other: Document) -> bool:
    """Whether two documents hold the same bytes."""
    length = one.size - one.start
    if length != other.size - other.start:
        return False
    return all(
        one.read(one.start + at, min(one.size, one.start + at + BLOCK))
        == other.read(other.start + at, min(other.size, other.start + at + BLOCK))
        for at in range(0, length, BLOCK)
    )


TREES = (
    Function(COMPARE, "The files that are added, removed or changed in a second tree.",
             ("tree", "tree"), _compared_facts, _compare),
)  # fmt: skip
