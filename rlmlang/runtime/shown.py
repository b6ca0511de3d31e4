"""Values of a run as others see them: a result as JSON values, an input in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rlmlang.context import Datum, Rows, Slice, Tree, text_of
from rlmlang.trajectory.events import CallFinished
from rlmlang.value import Json


def jsonable(value: Datum) -> Json:
    """A result as JSON values; slices become their text, rows a list, a tree its files' paths."""
    if isinstance(value, Slice):
        return value.text()
    if isinstance(value, Tree):
        return [document.id for document in value.documents]
    if isinstance(value, Mapping):
        return {k: jsonable(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [jsonable(v) for v in value]
    return value


def evidence_of(answers: Iterable[CallFinished], result: Json) -> tuple[tuple[str, str], ...]:
    """Places whose answers went into a result, and what was said of them."""
    from rlmlang.report.receipt import evidence

    return tuple(evidence(answers, result))


def in_short(value: Datum) -> str:
    """An input in a few words."""
    if isinstance(value, Slice):
        return value.place
    if isinstance(value, Tree):
        return f"{value.root} ({len(value.documents)} files)"
    if isinstance(value, Rows):
        return f"{value.document.id} ({len(value)} rows)"
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
