"""What the contracts of several strategies share: arguments, caps, numbers of pieces."""

from __future__ import annotations

from fractions import Fraction

from rlmlang.schema.formula import Formula, ceil_div, number
from rlmlang.schema.partitions import GRAIN, HEADER, Argument, Arguments, Extent

MAX = Argument("max", "size", required=True, doc="the most a piece may hold", least=1)
CAP = Argument("max", "size", doc="the most a piece may hold; a longer unit is cut", least=1)
PER = Argument("per", "count", required=True, doc="how many in a piece", least=1)
SLACK = Argument("slack", "fraction", 0.1, doc="how far back from the cap a better cut is sought",
                 least=0, most=0.5)  # fmt: skip


def whole(a: Arguments, name: str) -> int:
    """An argument that is a size or a count. Raises TypeError where none is given."""
    given = a[name]
    if not isinstance(given, int):
        raise TypeError(name)
    return given


def slack_of(a: Arguments, grain: int = GRAIN) -> Fraction:
    """The slack that is used: as asked, but never less than one grain of the cap."""
    asked = Fraction(str(a.get("slack", 0.1)))
    return max(asked, Fraction(grain, whole(a, "max")))


def net(a: Arguments, grain: int = GRAIN) -> Fraction:
    """The least size of a piece that is followed by another."""
    return whole(a, "max") * (1 - slack_of(a, grain))


def by_max(a: Arguments, x: Extent) -> Formula:
    """A cap that is given as `max`."""
    return number(whole(a, "max"))


def number_cap(a: Arguments, x: Extent) -> Formula:
    """`max` where it is given, else as many of the largest unit as are in a piece."""
    return x.item * whole(a, "per") if a.get("max") is None else by_max(a, x)


def by_number(a: Arguments, x: Extent) -> Formula:
    """⌈items/per⌉, and twice ⌈n/max⌉ more where a cap ends pieces before they are full."""
    plain = ceil_div(x.items, whole(a, "per"))
    return plain if a.get("max") is None else plain + ceil_div(2 * x.n, whole(a, "max"))


def packed(a: Arguments, x: Extent) -> Formula:
    """⌈2n/m⌉, n counting a heading for each file and for each further part of a cut one."""
    most = whole(a, "max")
    if x.files == number(0):
        return ceil_div(2 * x.n, most)
    part = max(Fraction(1), net(a, x.grain) - HEADER)
    parts = x.files + ceil_div(x.n, part)
    return ceil_div(2 * (x.n + parts * HEADER), most)


def too_small(a: Arguments, least: int, name: str = "max") -> str:
    """Why a size is refused: it must hold what the number of pieces counts with."""
    size = a.get(name)
    short = isinstance(size, int) and size < least
    return f"a piece holds at least {least}tok" if short else ""


def small_piece(a: Arguments, grain: int, tree: bool) -> str:
    """The usual least size: a piece may end one grain before its cap."""
    return too_small(a, HEADER + max(8, grain + 1) if tree else max(10, grain + 1))
