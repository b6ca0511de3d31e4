"""The partition strategies: their arguments and their contracts.

A contract is a hard cap on a piece (tok), an upper bound on the number of pieces as a function of
the size, and a coverage. Sizes are tok; `n` is the size of what is split, `items` its number of
lines, records or rows, `files` its number of files. Formulas: the design's table of strategies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Literal

from rlmlang.schema.formula import Formula, ceil_div, number
from rlmlang.value import Frozen, value

Coverage = Literal["exact", "cover", "some"]
Kind = Literal["size", "count", "fraction", "text", "character"]
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
class Argument(Frozen):
    """One argument of a strategy, look-up or source; `least` and `most` bound a number."""

    name: str
    kind: Kind
    default: object = None
    required: bool = False
    doc: str = ""
    least: float | None = None
    most: float | None = None


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


@value
class Strategy(Frozen):
    """A way to cut, as data. `of` says what it takes: text, rows or tree."""

    name: str
    doc: str
    of: tuple[str, ...]
    arguments: tuple[Argument, ...]
    cap: Rule
    pieces: Rule
    coverage: Callable[[Arguments], Coverage]


def least_size(name: str, grain: int, *, tree: bool) -> int:
    """The least `max` or `around` with which a strategy keeps its contract, in tok: a piece may end
    one grain before its cap, and must hold what the number of pieces counts with."""
    if name == "stable":  # 4m - grain is no less than m/4
        return -(-4 * grain // 15)
    if name == "lines":  # half a cap
        return 2 * grain
    least = 2 * grain if name == "records" else grain + 1
    return HEADER + max(8, least) if tree and name != "tokens" else max(10, least)


def _int(a: Arguments, name: str) -> int:
    value = a[name]
    assert isinstance(value, int)
    return value


def slack_of(a: Arguments, grain: int = GRAIN) -> Fraction:
    """The slack that is used: as asked, but never less than one grain of the cap."""
    asked = Fraction(str(a.get("slack", 0.1)))
    least = Fraction(grain, _int(a, "max"))
    return max(asked, least)


def net(a: Arguments, grain: int = GRAIN) -> Fraction:
    """The least size of a piece that is followed by another."""
    return _int(a, "max") * (1 - slack_of(a, grain))


def _tokens_pieces(a: Arguments, x: Extent) -> Formula:
    overlap = _int(a, "overlap")
    if not overlap:
        return ceil_div(x.n, number(net(a, x.grain)))
    return ceil_div(x.n, number(net(a, x.grain) - overlap))


def _by_number(a: Arguments, x: Extent) -> Formula:
    plain = ceil_div(x.items, _int(a, "per"))
    if a.get("max") is None:
        return plain
    return plain + ceil_div(2 * x.n, _int(a, "max"))


def _number_cap(a: Arguments, x: Extent) -> Formula:
    most = a.get("max")
    return number(_int(a, "max")) if most is not None else x.item * _int(a, "per")


def _packed(a: Arguments, x: Extent) -> Formula:
    """⌈2n/m⌉, n counting a heading for each file and for each further part of a cut one."""
    most = _int(a, "max")
    if x.files == number(0):
        return ceil_div(2 * x.n, most)
    part = max(Fraction(1), net(a, x.grain) - HEADER)
    parts = x.files + ceil_div(x.n, part)
    return ceil_div(2 * (x.n + parts * HEADER), most)


def _max(a: Arguments, x: Extent) -> Formula:
    return number(_int(a, "max"))


def _tree_cap(a: Arguments, x: Extent) -> Formula:
    """(1+2s)·n/k, the headings of the files in a piece, and a grain at each end."""
    slack = Fraction(str(a["slack"]))
    return ceil_div(x.n * (1 + 2 * slack), _int(a, "into")) + x.files * HEADER + 2 * x.grain


def _exact(a: Arguments) -> Coverage:
    return "exact"


MAX = Argument("max", "size", required=True, doc="the most a piece may hold")
PER = Argument("per", "count", required=True, doc="how many in a piece")
CAP = Argument("max", "size", doc="the most a piece may hold; a longer unit is cut")
SLACK = Argument("slack", "fraction", 0.1, doc="how far back from the cap a better cut is sought")

STRATEGIES: dict[str, Strategy] = {
    s.name: s
    for s in (
        Strategy(
            "tokens", "Cut at the last paragraph, line, sentence or word before the cap.",
            ("text", "tree"),
            (MAX, Argument("overlap", "size", 0, doc="what neighbours share"), SLACK),
            _max, _tokens_pieces, lambda a: "cover" if a.get("overlap") else "exact",
        ),
        Strategy("lines", "So many lines in a piece.", ("text",), (PER, CAP),
                 _number_cap, _by_number, _exact),
        Strategy("items", "So many rows of a list in a piece.", ("rows",), (PER,),
                 _number_cap, _by_number, _exact),
        Strategy(
            "records", "So many records of a text; a record begins where a line matches `start`.",
            ("text",),
            (PER, Argument("start", "text", r"\S", doc="how a record's first line begins"),
             Argument("max", "size", 4_000, doc="the most a piece may hold; more is cut")),
            _number_cap, _by_number, _exact,
        ),
        Strategy("headings", "Whole sections, packed up to the cap.", ("text",), (MAX, SLACK),
                 _max, _packed, _exact),
        Strategy("paragraphs", "Whole paragraphs, packed up to the cap.", ("text",), (MAX, SLACK),
                 _max, _packed, _exact),
        Strategy("files", "Whole files, packed up to the cap.", ("tree",), (MAX, SLACK),
                 _max, _packed, _exact),
        Strategy("functions", "Whole functions and classes, packed up to the cap.",
                 ("text", "tree"), (MAX, SLACK), _max, _packed, _exact),
        Strategy(
            "tree", "So many parts of about one size, cut at a folder, file, function or line.",
            ("text", "tree"),
            (Argument("into", "count", required=True, doc="how many parts"), SLACK),
            _tree_cap, lambda a, x: number(_int(a, "into")), _exact,
        ),
        Strategy(
            "stable", "Cuts that depend on the text near them: an edit moves only its own piece.",
            ("text",), (Argument("around", "size", required=True, doc="the usual size"),),
            lambda a, x: number(4 * _int(a, "around")),
            lambda a, x: ceil_div(4 * x.n, _int(a, "around")), _exact,
        ),
    )
}  # fmt: skip


@value
class Search(Frozen):
    """A way to look something up without a model."""

    name: str
    doc: str
    arguments: tuple[Argument, ...]


TOP = Argument("top", "count", 20, doc="how many windows", least=1)

SEARCHES: dict[str, Search] = {
    s.name: s
    for s in (
        Search("bm25", "The windows whose words fit the query best, the best first.", (
            TOP, Argument("window", "size", 800, doc="the size of a window", least=1),
        )),
        Search("regex", "The windows around matches of a regular expression, in order.", (
            TOP, Argument("window", "size", 400, doc="the size of a window", least=1),
        )),
    )
}  # fmt: skip
