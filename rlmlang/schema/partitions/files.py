"""`files(max, slack, per, oversize)`: whole files."""

from __future__ import annotations

from rlmlang.schema.formula import ZERO, Formula, ceil_div, less_one, minimum
from rlmlang.schema.partitions import HEADER, Argument, Arguments, Extent, Strategy
from rlmlang.schema.partitions.rules import (
    MAX,
    SLACK,
    by_max,
    packed,
    slack_of,
    small_piece,
    whole,
)

OVERSIZE = Argument(
    "oversize",
    "name",
    doc="what follows where a document is larger than a piece: the run fails before its first "
    "call, as where `per` is written, or the document is cut",
    choices=("fail", "cut"),
)


def fails(a: Arguments) -> bool:
    """Whether a document that is larger than a piece is an error."""
    return a.get("oversize") == "fail" or (a.get("oversize") is None and a.get("per") is not None)


def _pieces(a: Arguments, x: Extent) -> Formula:
    """With `per: k`, of D documents, n tok in all, at most m a piece, h a heading:

    Each document that fits begins at most one piece. One that does not is cut, and each of its
    parts but the last holds more than c = (1−s)(m−h), so a document of z tok gives ⌈z/c⌉ < z/c + 1
    parts. The sum over all is below D + n/c, and D where nothing is cut: **D + ⌈n/c⌉ − 1**.

    A piece of whole documents ends because it holds k, of which there are at most ⌊D/k⌋; or since
    the next document does not fit, so that it and that one come to more than m: each document is
    counted twice at most, so there are fewer than 2(n+Dh)/m; or since the next one is cut, or there
    is none. The C documents that are cut have more than c each, so C < n/c, and they come to no
    more than 2n/c parts: **⌈D/k⌉ + ⌈2(n+Dh)/m⌉ + ⌈3n/c⌉**, without the last term where none is cut.
    """
    most, per = whole(a, "max"), a.get("per")
    if not isinstance(per, int):
        return packed(a, x)
    full = ceil_div(x.files, per) + ceil_div(2 * (x.n + x.files * HEADER), most)
    if fails(a):
        return minimum(x.files, full)
    part = most - HEADER
    least = part * (1 - slack_of({**a, "max": part}, x.grain))
    return minimum(x.files + less_one(ceil_div(x.n, least)), full + ceil_div(3 * x.n, least))


def _least(a: Arguments, x: Extent) -> Formula:
    """⌈D/k⌉: each document is in a piece, and no piece holds more than k."""
    per = a.get("per")
    return ceil_div(x.files, per) if isinstance(per, int) else ZERO


CONTRACT = Strategy(
    name="files",
    doc="Whole files, packed up to the cap, or `per` files in a piece.",
    of=("tree",),
    arguments=(
        MAX,
        SLACK,
        Argument("per", "count", doc="how many files in a piece, as far as they fit", least=1),
        OVERSIZE,
    ),
    runner="rlmlang.partitions.files:Files",
    cap=by_max,
    pieces=_pieces,
    refuse=small_piece,
    several=lambda a: a.get("per") != 1,
    cuts=lambda a: not fails(a),
    least=_least,
)
