"""`tree(into, slack)`: so many parts of about one size, where the text itself divides."""

from __future__ import annotations

from fractions import Fraction

from rlmlang.schema.formula import Formula, ceil_div, number
from rlmlang.schema.partitions import HEADER, Argument, Arguments, Extent, Strategy
from rlmlang.schema.partitions.rules import SLACK, whole


def _cap(a: Arguments, x: Extent) -> Formula:
    """(1+2s)·n/k, the headings of the files in a piece, and a grain at each end."""
    slack = Fraction(str(a["slack"]))
    return ceil_div(x.n * (1 + 2 * slack), whole(a, "into")) + x.files * HEADER + 2 * x.grain


def _pieces(a: Arguments, x: Extent) -> Formula:
    return number(whole(a, "into"))


CONTRACT = Strategy(
    name="tree",
    doc="So many parts of about one size, cut at a folder, file, function or line.",
    of=("text", "tree"),
    arguments=(Argument("into", "count", required=True, doc="how many parts", least=1), SLACK),
    runner="rlmlang.partitions.tree:TreeCut",
    cap=_cap,
    pieces=_pieces,
)
