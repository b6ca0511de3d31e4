"""Which of the problems that were found are told: each mistake once, with all its places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import Diagnostic, Label
from rlmlang.diagnostics.source import SourceFile


def told(found: Sequence[Diagnostic], source: SourceFile) -> tuple[Diagnostic, ...]:
    """Problems in the order of the text, those of other files behind them: one for a name that
    is unknown in several places, or a value of a wrong type, and none about sizes or coverage
    where these are not known."""
    broken = any(d.severity == "error" and not _apart(d) for d in found)
    kept = [d for d in found if not (broken and "computed" in d.entry)]
    return tuple(sorted(_merged(kept), key=lambda d: _order(d, source)))


APART = ("missing-edition", "nothing-expected", "unused-input")
"""What leaves all types and sizes as they are."""


def _apart(d: Diagnostic) -> bool:
    return "computed" in d.entry or d.code in APART


def _order(d: Diagnostic, source: SourceFile) -> tuple[bool, int, int]:
    place = d.place
    if place is None:
        return True, 0, 0
    return place.path != source.path, place.line, place.column


def _merged(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Problems, those that say the same of a name or value put together."""
    made: dict[object, Diagnostic] = {}
    for d in found:
        one = d.labels and (d.code.startswith("unknown-") or d.code == "wrong-type")
        key: object = (d.code, d.message, d.labels[0].place.path) if one else d
        first = made.get(key)
        made[key] = d if first is None else _both(first, d)
    return list(made.values())


def _both(first: Diagnostic, second: Diagnostic) -> Diagnostic:
    """A problem with the places and edits of another that says the same."""
    more = tuple(Label(x.at, x.words or "and here") for x in second.labels)
    edits = (*first.edits, *second.edits) if first.edits and second.edits else first.edits
    return replace(first, labels=(*first.labels, *more), edits=tuple(dict.fromkeys(edits)))
