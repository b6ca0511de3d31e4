"""The coverage receipt: which bytes of which source were read by calls that succeeded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from rlmlang.context import (
    Datum,
    DecodedDocument,
    Document,
    LeftOut,
    Part,
    Rows,
    Slice,
    Tree,
    parts_in,
)
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.images import images_in
from rlmlang.schema.partitions import Coverage
from rlmlang.trajectory.ranges import Ranges
from rlmlang.trajectory.receipt import Line


@dataclass
class Reading:
    """What was read of a document. It is held so that no other takes its place in memory."""

    document: Document
    ranges: Ranges = field(default_factory=Ranges)


@dataclass
class Receipt:
    """Reads by step and document, the items each step has skipped, and the steps that ended, with
    the items that they made.

    A document is told from others by itself and not by its name: files of two folders may have one
    name, and a file that is given twice is two inputs."""

    reads: dict[str, dict[int, Reading]] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    followed: frozenset[str] = frozenset()
    turned: dict[str, dict[int, Reading]] = field(default_factory=dict)
    judged: dict[str, tuple[int, int]] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)

    def read(self, step: str, arguments: Iterable[Iterable[Part]]) -> None:
        """Books what a successful call was shown, argument by argument."""
        shown: dict[int, list[Ranges]] = {}
        found: dict[int, Document] = {}
        for parts in arguments:
            mine: dict[int, Ranges] = {}
            for part in parts:
                key = id(part.document)
                found[key] = part.document
                mine.setdefault(key, Ranges()).add(part.start, part.end)
            for key, ranges in mine.items():
                shown.setdefault(key, []).append(ranges)
        for key, several in shown.items():
            reading = self.reads.setdefault(step, {}).setdefault(key, Reading(found[key]))
            reading.ranges.add_shown(several)

    def end(self, step: str, items: int) -> None:
        """Books that a step came to its end, with so many items."""
        self.ended.add(step)
        self.made[step] = self.made.get(step, 0) + items

    def gather(self, step: str, parts: Iterable[str]) -> bool:
        """Books for a step what its parts have read, each byte once; says whether that is
        anything."""
        together: dict[int, Reading] = {}
        for key, reading in chain.from_iterable(self.reads.get(p, {}).items() for p in parts):
            mine = together.setdefault(key, Reading(reading.document)).ranges
            for start, end in reading.ranges.merged:
                mine.add(start, end)
            mine.added = mine.covered
        if together:
            self.reads[step] = together
        return bool(together)

    def skip(self, step: str) -> None:
        """Books an item that was left out."""
        self.skipped[step] = self.skipped.get(step, 0) + 1

    def answered(self, step: str, answer: Datum) -> None:
        """Counts what an answer holds: the items of a list, one for anything else but none."""
        number = len(answer) if isinstance(answer, list) else int(answer is not None)
        self.results[step] = self.results.get(step, 0) + number

    def turn_away(self, step: str, item: Datum) -> None:
        """Books an item that a condition did not let pass, or of which code decided."""
        if step in self.followed:
            for part in parts_in(item):
                document = part.document
                found = self.turned.setdefault(step, {}).setdefault(id(document), Reading(document))
                found.ranges.add(part.start, part.end)

    def judge(self, step: str, passed: int, items: int) -> None:
        """Books that so many of so many items passed a step, beside those of before."""
        before = self.judged.get(step, (0, 0))
        self.judged[step] = before[0] + passed, before[1] + items

    def judgement(self, step: str, subject: str, where: str) -> Line:
        """The line of a condition that shows nothing to a model."""
        passed, items = self.judged[step]
        lost = self.skipped.get(step, 0)
        return Line(step, subject, "exact", 0, 0, 0, lost, where=where, items=items, passed=passed)

    def assumption(self, step: str, sources: Sequence[str], why: str) -> Line:
        """The line of what was assumed of a step that shows nothing to a model."""
        lost = self.skipped.get(step, 0)
        return Line(step, ", ".join(sources), "exact", 0, 0, 0, lost, why)

    def line(
        self,
        step: str,
        source: str,
        value: Datum,
        promised: Coverage,
        assumed: str = "",
        *,
        by_code: bool = False,
        where: str = "",
        filters: Iterable[str] = (),
    ) -> Line | None:
        """The step's line for a source; None for a value that lies in no document. `filters` came
        before it, and what they turned away is decided."""
        extents = list(documents(value))
        if not extents:
            return None
        reads = self.reads.get(step, {})
        found = {id(d): reads[id(d)].ranges for d, _, _ in extents if id(d) in reads}
        covered = sum(r.covered for r in found.values())
        added = sum(r.added for r in found.values())
        passed, items = self.judged.get(step, (0, None))
        line = Line(
            step,
            source,
            promised,
            sum(end - start for _, start, end in extents),
            covered,
            added - covered,
            self.skipped.get(step, 0),
            assumed,
            reasons(value.left_out) if isinstance(value, Tree) else {},
            by_code,
            where,
            sum(self._decided(d, found.get(id(d)), filters) for d, _, _ in extents),
            items,
            passed,
            results=self.results.get(step),
        )
        return _counted(line, value, [d for d, _, _ in extents], found)

    def _decided(self, document: Document, read: Ranges | None, filters: Iterable[str]) -> int:
        """The bytes of a document that filters turned away and no call was shown."""
        all_ = Ranges(list(read.merged) if read is not None else [])
        for step in filters:
            turned = self.turned.get(step, {}).get(id(document))
            for start, end in turned.ranges.merged if turned is not None else ():
                all_.add(start, end)
        return all_.covered - (read.covered if read is not None else 0)


def _counted(
    line: Line, value: Datum, every: Sequence[Document], read: Mapping[int, Ranges]
) -> Line:
    """A line with its documents and rows, of which something, or all, was `read`."""
    made = {d.decoding for d in every if isinstance(d, DecodedDocument)}
    line = replace(
        line,
        decoding=", ".join(sorted(made)),
        documents=len({id(d) for d in every}),
        documents_read=len(read),
    )
    if not isinstance(value, Rows):
        return line
    return replace(
        line,
        rows=len(value),
        rows_read=sum(_rows_in(value.starts, r) for r in read.values()),
        unread_fields=tuple(getattr(value, "unread_fields", ())),
    )


def reasons(left_out: Iterable[LeftOut]) -> dict[str, int]:
    """How much was left out for which reason, the most frequent first."""
    return dict(Counter(one.reason for one in left_out).most_common())


def _rows_in(starts: Sequence[int], read: Ranges) -> int:
    """How many rows lie in what was read."""
    return sum(
        max(0, bisect_right(starts, end) - 1 - bisect_left(starts, start))
        for start, end in read.merged
    )


def documents(value: Datum) -> Iterable[tuple[Document, int, int]]:
    """The documents a source's value lies in, with the range that is content."""
    if isinstance(value, Slice):
        return [(p.document, p.start, p.end) for p in value.parts]
    if isinstance(value, Tree):
        return [(d, d.start, d.size) for d in value.documents]
    if isinstance(value, Rows) and value.starts:
        return [(value.document, value.starts[0], value.starts[-1])]
    parts = (part for image in images_in(value) for part in image.parts)
    return [(p.document, p.start, p.end) for p in parts]


def verify(lines: Iterable[Line]) -> None:
    """Raises CodedError (coverage-broken) when a step read other than its type promised."""
    for line in lines:
        if not line.kept:
            raise failed(
                "coverage-broken",
                f"{line.step} promised `{line.promised}` of {line.source}, but read "
                f"{line.read:,} of {line.total:,} bytes, {line.repeated:,} of them twice",
                reason="This is a mistake in rlmlang or in a plug-in, not in the recipe.",
                hint="keep the run's folder and report it",
            )
