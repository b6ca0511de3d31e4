"""The coverage map: which bytes of each source were read, judged, lost or never seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from rlmlang.report.view.columns import Columns
from rlmlang.trajectory.calls import CallRecord, RunRecord
from rlmlang.trajectory.events import CallFinished, Range
from rlmlang.trajectory.ranges import Ranges
from rlmlang.value import Json

Fate = Literal["read", "code", "filtered", "failed", "never"]
FATES: tuple[Fate, ...] = get_args(Fate)
"""What came of a byte; of several the first counts. `code` that a model wrote looked at it,
`filtered` was turned away by a filter, `failed` belonged to an item that was left out."""
FILTERS = ("filter",)


@dataclass(frozen=True)
class Span:
    """Bytes of a document with one fate, from the first to behind the last."""

    fate: Fate
    start: int
    end: int


@dataclass
class Extent:
    """What is known of a document: the content from `begin` to `size`, the ranges by fate."""

    begin: int = 0
    size: int = 0
    seen: dict[Fate, Ranges] = field(default_factory=dict)

    def add(self, fate: Fate, start: int, end: int) -> None:
        """Adds bytes that had that fate."""
        self.seen.setdefault(fate, Ranges()).add(start, end)
        self.size = max(self.size, end)

    def spans(self, unseen: Fate = "never") -> Iterator[Span]:
        """All bytes of the content, in order, neighbours with one fate together; `unseen` is the
        fate of those that no call has seen."""
        held = [(f, self.seen[f].merged) for f in FATES if f in self.seen]
        edges = {e for _, ranges in held for r in ranges for e in r} | {self.begin, self.size}
        cuts = sorted(e for e in edges if self.begin <= e <= self.size)
        at = dict.fromkeys(FATES, 0)
        last: Span | None = None
        for start, end in pairwise(cuts):
            fate = next((f for f, ranges in held if _covers(ranges, at, f, start)), unseen)
            if last is not None and last.fate == fate:
                last = Span(fate, last.start, end)
                continue
            if last is not None:
                yield last
            last = Span(fate, start, end)
        if last is not None:
            yield last


def _covers(ranges: Sequence[tuple[int, int]], at: dict[Fate, int], fate: Fate, byte: int) -> bool:
    """Whether a byte lies in one of the ranges, which are gone through once."""
    while at[fate] < len(ranges) and ranges[at[fate]][1] <= byte:
        at[fate] += 1
    return at[fate] < len(ranges) and ranges[at[fate]][0] <= byte


@dataclass(frozen=True)
class CoverageMap:
    """The sources as JSON, and the spans of their documents as columns, documents by their numbers
    in order."""

    sources: list[Json]
    documents: list[str]
    spans: Columns


def coverage_map(run: RunRecord, documents: Mapping[str, int]) -> CoverageMap:
    """The map of a run; `documents` are the numbers by which its ranges name them."""
    extents = {name: Extent() for name in documents}
    for fate, ranges in _fates(run):
        for part in ranges:
            extents[str(part[0])].add(fate, int(part[1]), int(part[2]))
    sources, rows = list[Json](), list[tuple[int, ...]]()
    for source, names in _sources(run, list(documents)).items():
        lines = _lines(run, source)
        total = _fit(lines, [extents[n] for n in names])
        unseen: Fate = "filtered" if any(map(_decides, lines)) else "never"
        counts = dict.fromkeys(FATES, 0)
        for name in names:
            for span in extents[name].spans(unseen):
                rows.append((documents[name], FATES.index(span.fate), span.start, span.end))
                counts[span.fate] += span.end - span.start
        rest = max(0, total - sum(counts.values()))
        counts[unseen] += rest
        told: dict[str, Json] = {"name": source, "documents": [documents[n] for n in names]}
        told["rest"], told["bytes"] = rest, {fate: counts[fate] for fate in FATES}
        told["left_out"] = [list(pair) for pair in run.left_out.get(source, [])]
        sources.append(told)
    return CoverageMap(sources, list(documents), Columns.of("document fate start end", rows))


def _fates(run: RunRecord) -> Iterator[tuple[Fate, Sequence[Range]]]:
    """The byte ranges of all calls, with what came of them."""
    for step in run.steps.values():
        fate: Fate = "filtered" if step.verb in FILTERS else "read"
        for call in step.calls.values():
            yield fate, read_by(call)
            if call.cell is not None:
                yield "code", call.cell.ranges
            if call.skipped:
                yield "failed", call.lost


def read_by(call: CallRecord) -> Sequence[Range]:
    """The bytes that a call showed to a model whose answer was taken."""
    last = call.attempts[-1] if call.attempts else None
    return last.ranges if isinstance(last, CallFinished) else ()


def _lines(run: RunRecord, source: str) -> list[Mapping[str, Json]]:
    """The lines of the receipt about a source of which something can be read."""
    lines = run.finished.receipt if run.finished is not None else ()
    return [line for line in lines if line["source"] == source and line["total"]]


def _decides(line: Mapping[str, Json]) -> bool:
    """Whether a condition has decided about every byte that a step was not shown."""
    return bool(line["decided"]) and _whole(line, "read") + _whole(line, "decided") == _whole(
        line, "total"
    )


def _whole(line: Mapping[str, Json], name: str) -> int:
    found = line.get(name)
    return found if isinstance(found, int) else 0


def _fit(lines: Sequence[Mapping[str, Json]], extents: Sequence[Extent]) -> int:
    """The bytes of a source by its receipt. A source of one document is known from end to end; of
    several the receipt has only the sum."""
    total = max((_whole(line, "total") for line in lines), default=0)
    if len(extents) == 1 and total:
        (only,) = extents
        only.begin, only.size = max(0, only.size - total), max(only.size, total)
    return max(total, sum(e.size - e.begin for e in extents))


def _sources(run: RunRecord, documents: Sequence[str]) -> dict[str, list[str]]:
    """The documents by the source that they are of: the input whose place they begin with, else
    the only source of the receipt."""
    inputs = run.started.inputs if run.started is not None else {}
    places = {name: _place(told) for name, told in inputs.items()}
    lines = run.finished.receipt if run.finished is not None else ()
    named = list(dict.fromkeys(str(line["source"]) for line in lines if line["total"]))
    found: dict[str, list[str]] = {name: [] for name in (*named, *run.left_out)}
    for document in documents:
        holding = [n for n, place in places.items() if _lies_in(document, place)]
        holding.sort(key=lambda n: (n in named, len(places[n])))
        source = holding[-1] if holding else named[0] if len(named) == 1 else "documents"
        found.setdefault(source, []).append(document)
    return found


def _place(told: str) -> str:
    """The file or folder of an input as it is told: `book.txt:0-900`, `notes (3 files)`."""
    place, colon, span = told.rpartition(":")
    if colon and span.replace("-", "").isdigit():
        return place
    place, bracket, _ = told.rpartition(" (")
    return place if bracket else told


def _lies_in(document: str, place: str) -> bool:
    return bool(place) and (document == place or document.startswith(place.rstrip("/") + "/"))


def ranges_of(calls: Iterable[CallRecord]) -> Iterator[tuple[int, Range]]:
    """Each byte range with the number of the call that saw it."""
    for number, call in enumerate(calls):
        cell = call.cell.ranges if call.cell is not None else ()
        for part in (*read_by(call), *cell, *call.lost):
            yield number, part
