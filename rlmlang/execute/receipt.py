"""The coverage receipt: which bytes of which source were read by calls that succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rlmlang.context import (
    Datum,
    DecodedDocument,
    Document,
    Part,
    Ranges,
    Rows,
    Slice,
    Tree,
    parts_in,
)
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.partitions import Coverage
from rlmlang.trajectory.receipt import Line


@dataclass
class Receipt:
    """Reads by step and document, the items each step has skipped, and the steps that ended.

    Of filters: how many items passed of how many, and the bytes of those that did not, as far as
    the step is one of `followed`, whose items a model is shown later."""

    reads: dict[str, dict[str, Ranges]] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    followed: frozenset[str] = frozenset()
    turned: dict[str, dict[str, Ranges]] = field(default_factory=dict)
    judged: dict[str, tuple[int, int]] = field(default_factory=dict)

    def read(self, step: str, parts: Iterable[Part]) -> None:
        """Books what a successful call was shown."""
        for part in parts:
            ranges = self.reads.setdefault(step, {}).setdefault(part.document.id, Ranges())
            ranges.add(part.start, part.end)

    def skip(self, step: str) -> None:
        """Books an item that was left out."""
        self.skipped[step] = self.skipped.get(step, 0) + 1

    def turn_away(self, step: str, item: Datum) -> None:
        """Books an item that a condition did not let pass."""
        if step in self.followed:
            for part in parts_in(item):
                ranges = self.turned.setdefault(step, {}).setdefault(part.document.id, Ranges())
                ranges.add(part.start, part.end)

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
        found = {d.id: reads[d.id] for d, _, _ in extents if d.id in reads}
        covered = sum(r.covered for r in found.values())
        added = sum(r.added for r in found.values())
        total = sum(end - start for _, start, end in extents)
        made = {d.decoding for d, _, _ in extents if isinstance(d, DecodedDocument)}
        left_out = len(value.left_out) if isinstance(value, Tree) else 0
        passed, items = self.judged.get(step, (0, None))
        return Line(
            step,
            source,
            promised,
            total,
            covered,
            added - covered,
            self.skipped.get(step, 0),
            assumed,
            left_out,
            by_code,
            where,
            sum(self._decided(d.id, found.get(d.id), filters) for d, _, _ in extents),
            items,
            passed,
            ", ".join(sorted(made)),
        )

    def _decided(self, document: str, read: Ranges | None, filters: Iterable[str]) -> int:
        """The bytes of a document that filters turned away and no call was shown."""
        all_ = Ranges(list(read.merged) if read is not None else [])
        for step in filters:
            turned = self.turned.get(step, {}).get(document)
            for start, end in turned.merged if turned is not None else ():
                all_.add(start, end)
        return all_.covered - (read.covered if read is not None else 0)


def documents(value: Datum) -> Iterable[tuple[Document, int, int]]:
    """The documents a source's value lies in, with the range that is content."""
    if isinstance(value, Slice):
        return [(p.document, p.start, p.end) for p in value.parts]
    if isinstance(value, Tree):
        return [(d, d.start, d.size) for d in value.documents]
    if isinstance(value, Rows) and value.starts:
        return [(value.document, value.starts[0], value.starts[-1])]
    return []


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
