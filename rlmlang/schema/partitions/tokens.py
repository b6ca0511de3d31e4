"""`tokens(max, overlap, slack)`: pieces of about one size, cut at a good place."""

from __future__ import annotations

from rlmlang.schema.formula import Formula, ceil_div, less_one, number
from rlmlang.schema.partitions import Argument, Arguments, Coverage, Extent, Strategy
from rlmlang.schema.partitions.rules import MAX, SLACK, by_max, net, small_piece, whole


def _pieces(a: Arguments, x: Extent) -> Formula:
    """⌈n/((1−s)m−o)⌉; a file ends a piece before it is full, all but the last."""
    return ceil_div(x.n, number(net(a, x.grain) - whole(a, "overlap"))) + less_one(x.files)


def _coverage(a: Arguments) -> Coverage:
    return "cover" if a.get("overlap") else "exact"


def _refuse(a: Arguments, grain: int, tree: bool) -> str:
    overlap = whole(a, "overlap")
    if overlap and net(a, grain) <= overlap:
        return "overlap must be smaller than max less its slack"
    return small_piece(a, grain, False)


CONTRACT = Strategy(
    name="tokens",
    doc="Cut at the last paragraph, line, sentence or word before the cap.",
    of=("text", "tree"),
    arguments=(MAX, Argument("overlap", "size", 0, doc="what neighbours share", least=0), SLACK),
    runner="rlmlang.partitions.tokens:Tokens",
    cap=by_max,
    pieces=_pieces,
    coverage=_coverage,
    refuse=_refuse,
    several=lambda a: False,
)
