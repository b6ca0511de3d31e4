"""The coverage receipt: which bytes of which source were read by calls that succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rlmlang.context import Datum, Document, Part, Ranges, Rows, Slice, Tree
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.partitions import Coverage
from rlmlang.trajectory.receipt import Line


@dataclass
class Receipt:
    """Reads by step and document, the items each step has skipped, and the steps that ended."""

    reads: dict[str, dict[str, Ranges]] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def read(self, step: str, parts: Iterable[Part]) -> None:
        """Books what a successful call was shown."""
        for part in parts:
            ranges = self.reads.setdefault(step, {}).setdefault(part.document.id, Ranges())
            ranges.add(part.start, part.end)

    def skip(self, step: str) -> None:
        """Books an item that was left out."""
        self.skipped[step] = self.skipped.get(step, 0) + 1

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
    ) -> Line | None:
        """The step's line for a source; None for a value that lies in no document."""
        extents = list(documents(value))
        if not extents:
            return None
        reads = self.reads.get(step, {})
        found = {d.id: reads[d.id] for d, _, _ in extents if d.id in reads}
        covered = sum(r.covered for r in found.values())
        added = sum(r.added for r in found.values())
        total = sum(end - start for _, start, end in extents)
        left_out = len(value.left_out) if isinstance(value, Tree) else 0
        lost = self.skipped.get(step, 0)
        return Line(
            step,
            source,
            promised,
            total,
            covered,
            added - covered,
            lost,
            assumed,
            left_out,
            by_code,
        )


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
