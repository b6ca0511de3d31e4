"""The partition strategies: their arguments and their contracts, one file each.

A contract is a hard cap on a piece (tok), an upper bound on the number of pieces as a function of
the size, and a coverage. Sizes are tok; `n` is the size of what is split, `items` its number of
lines, records or rows, `files` its number of files. Formulas: the design's table of strategies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from rlmlang.schema.formula import ONE, ZERO, Formula, ceil_div, maximum
from rlmlang.schema.registry import Registry
from rlmlang.schema.setting import Setting
from rlmlang.value import Frozen, value

Coverage = Literal["exact", "cover", "some"]
Argument = Setting
Family = Literal["text", "rows", "tree"]
ORDER: tuple[Coverage, ...] = ("exact", "cover", "some")

GRAIN = 2
"""The least slack, in tok, where tok is estimated: a cut falls between whole characters."""
HEADER = 64
"""The most a file's heading line costs inside a piece that holds several files, in tok."""
MARKERS = 32
"""What the marker lines around gathered neighbours cost, in tok."""


def around(before: int, after: int) -> int:
    """The most that the neighbours of a piece add to it, in tok."""
    return before + after + MARKERS if before + after else 0


def worst_of(coverages: Iterable[Coverage]) -> Coverage:
    """The weakest of some coverages; exact for none."""
    return max(coverages, key=ORDER.index, default="exact")


@value
class Extent(Frozen):
    """What is known of the thing to be split; `item` is the size of its largest unit."""

    n: Formula
    items: Formula
    item: Formula
    files: Formula
    grain: int = GRAIN


Arguments = Mapping[str, object]
Rule = Callable[[Arguments, Extent], Formula]


def _exact(a: Arguments) -> Coverage:
    return "exact"


def _nothing(a: Arguments, grain: int, tree: bool) -> str:
    return ""


def _may(a: Arguments) -> bool:
    return True


@value
class Strategy(Frozen):
    """A way to cut, as data. `of` says what it takes.

    `runner` names, as `module:class`, what is made of the arguments and keeps the contract
    (`protocols.Partition`). `cap` is the most tok of a piece, `pieces` the most pieces, `rows` the
    most rows in one where lists are cut. `units` are what it counts in a text. `refuse` says why
    no piece can be cut with some arguments: a cut falls up to `grain` tok before its place, and
    the pieces of a `tree` have headings. Of a tree, a piece may hold `several` documents, and one
    document may be cut in several pieces (`cuts`). `least` is a number of pieces that there are at
    least, where it is more than what follows from the cap.
    """

    name: str
    doc: str
    of: tuple[Family, ...]
    arguments: tuple[Argument, ...]
    runner: str
    cap: Rule
    pieces: Rule
    coverage: Callable[[Arguments], Coverage] = _exact
    rows: Rule | None = None
    units: Literal["lines", "records"] = "lines"
    refuse: Callable[[Arguments, int, bool], str] = _nothing
    several: Callable[[Arguments], bool] = _may
    cuts: Callable[[Arguments], bool] = _may
    least: Rule | None = None

    def fewest(self, a: Arguments, x: Extent) -> Formula:
        """The fewest pieces, where the sizes are the real ones: none holds more than it may, and
        all that is split is in one."""
        if self.coverage(a) == "some":
            return ZERO
        if self.rows is not None:
            return ceil_div(x.items, self.rows(a, x))
        full = ceil_div(x.n, maximum(self.cap(a, x), ONE))
        return maximum(full, self.least(a, x)) if self.least is not None else full


STRATEGIES = Registry(
    "rlmlang.partitions", Strategy, __name__,
    "tokens lines items records headings paragraphs files functions tree stable",
)  # fmt: skip
