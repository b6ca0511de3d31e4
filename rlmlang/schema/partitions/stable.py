"""`stable(around)`: pieces of about one size that an edit elsewhere does not move."""

from __future__ import annotations

from rlmlang.schema.formula import Formula, ceil_div, number
from rlmlang.schema.partitions import Argument, Arguments, Extent, Strategy
from rlmlang.schema.partitions.rules import too_small, whole


def _cap(a: Arguments, x: Extent) -> Formula:
    return number(4 * whole(a, "around"))


def _pieces(a: Arguments, x: Extent) -> Formula:
    return ceil_div(4 * x.n, whole(a, "around"))


def _refuse(a: Arguments, grain: int, tree: bool) -> str:
    return too_small(a, -(-4 * grain // 15), "around")  # 4m - grain is no less than m/4


CONTRACT = Strategy(
    name="stable",
    doc="Cuts that depend on the text near them: an edit moves only its own piece.",
    of=("text",),
    arguments=(Argument("around", "size", required=True, doc="the usual size", least=1),),
    runner="rlmlang.partitions.stable:Stable",
    cap=_cap,
    pieces=_pieces,
    refuse=_refuse,
)
