"""A line of a coverage receipt: what was read of a source against what was promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from rlmlang.schema.partitions import Coverage
from rlmlang.value import Json


@dataclass(frozen=True)
class Line:
    """One step's reading of one source, in bytes; `repeated` were read more than once, `decided`
    were turned away by the conditions of `where` before.

    Of the source's `documents` and `rows` something was read of `documents_read`, and all of
    `rows_read`. `left_out` counts by their reasons what stands below a folder and is no part of
    its tree; `unread_fields` are those of its rows that the recipe's record does not have. Where
    `decoding` is not empty, the bytes are those of the text that was made of the source in this
    way. Of what code that a model wrote looked into (`by_code`) only what it showed to sub-calls
    is counted. A step that filters let `passed` of `items` pass; one that maps gave so many
    `results`, the items of lists counted and what says nothing left out."""

    step: str
    source: str
    promised: Coverage
    total: int
    read: int
    repeated: int
    skipped: int = 0
    assumed: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    by_code: bool = False
    where: str = ""
    decided: int = 0
    items: int | None = None
    passed: int = 0
    decoding: str = ""
    documents: int = 0
    documents_read: int = 0
    rows: int = 0
    rows_read: int = 0
    unread_fields: tuple[str, ...] = ()
    results: int | None = None

    @property
    def fraction(self) -> float:
        """The part of the source that was read."""
        return self.read / self.total if self.total else 1.0

    @property
    def stated(self) -> bool:
        """Whether it only says what was assumed of a step that shows nothing to a model."""
        return bool(self.assumed) and not self.total and self.items is None

    @property
    def kept(self) -> bool:
        """Whether the reading is what the type promised."""
        if self.promised == "some" or self.assumed:
            return True
        return self.read + self.decided == self.total and (
            self.promised == "cover" or not self.repeated
        )

    @property
    def record(self) -> dict[str, Json]:
        """Its fields by name; without `decoding` where the bytes are those of the source itself,
        and without `results` where it gave none."""
        fields = {**asdict(self), "unread_fields": list(self.unread_fields)}
        spared = {"decoding"} if not self.decoding else set[str]()
        spared |= {"results"} if self.results is None else set()
        return {name: value for name, value in fields.items() if name not in spared}
