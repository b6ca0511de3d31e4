"""Values of a run as others see them: an input in a few words, what a folder leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rlmlang.context import Datum, DecodedDocument, Rows, Slice, Tree, text_of
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.receipt import documents
from rlmlang.images import Image
from rlmlang.origin import line_of


def in_short(value: Datum) -> str:
    """An input in a few words."""
    if isinstance(value, Slice):
        return value.place
    if isinstance(value, Tree):
        return f"{value.root} ({len(value.documents)} files)"
    if isinstance(value, Rows):
        return f"{value.document.id} ({len(value)} rows)"
    if isinstance(value, list) and value and all(isinstance(x, Image) for x in value):
        return f"{len(value)} images"
    return text_of(value)


def left_out(inputs: Mapping[str, Datum]) -> dict[str, list[list[str]]]:
    """By input, the name and reason of each file that stands in a folder and is not read."""
    found: dict[int, tuple[str, Tree]] = {}
    for name, value in inputs.items():
        if isinstance(value, Tree) and value.left_out:
            found[id(value.left_out)] = (name, value)  # a parameter stands for its source
    return {
        name: [[one.name, one.reason] for one in tree.left_out] for name, tree in found.values()
    }


def line_finder(inputs: Mapping[str, Datum]) -> Callable[[str, int], int | None]:
    """What finds the line of a byte of an input's document; none where it is gone, or was made of
    a form that has no lines of its own."""
    texts = (value for value in inputs.values() if isinstance(value, Slice | Tree | Rows))
    every = [d for value in texts for d, _, _ in documents(value)]
    known = {d.id: d for d in every if not isinstance(d, DecodedDocument)}

    def find(path: str, at: int) -> int | None:
        try:
            return line_of(known[path], at) if path in known else None
        except CodedError:
            return None

    return find
