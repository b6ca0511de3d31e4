"""Contracts of partitions, attacked with made-up texts, trees, lists and arguments.

For authors of partitions: `attack(CONTRACT)` in a test. Needs hypothesis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rlmlang import plugins
from rlmlang.context import Measure, Slice, TextDocument, Tree, parts_in, tok_in, whole
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.partitions.measure import Estimate
from rlmlang.schema.formula import What, number
from rlmlang.schema.partitions import Argument, Extent, Family, Strategy
from rlmlang.sources.sizes import size_of
from rlmlang.trajectory.ranges import Ranges

LINE = st.text(alphabet=st.sampled_from("ab é漢😀 .#-\t1"), max_size=60)
MARKS = st.sampled_from(["# Head\n", "word word. ", "\n\n", "def f():\n    return 1\n", "😀"])
TEXTS = st.one_of(
    st.lists(LINE, min_size=1, max_size=80).map("\n".join),
    st.lists(LINE, min_size=1, max_size=80).map("\r\n".join),
    st.integers(1, 3000).map(lambda n: "x" * n),
    st.integers(1, 800).map(lambda n: "漢" * n),
    st.lists(MARKS, min_size=1, max_size=120).map("".join),
).filter(bool)

REFUSED = "document-too-large"
"""The code of what a partition says that it does not cut, before it gives a piece."""


def attack(strategy: Strategy, examples: int = 200, measure: Measure | None = None) -> None:
    """Raises AssertionError, with the smallest example, for a contract that is not kept."""

    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(family=st.sampled_from(strategy.of), data=st.data())
    def cut(family: Family, data: st.DataObject) -> None:
        by = measure or Estimate()
        options = {a.name: data.draw(_given(a), label=a.name) for a in strategy.arguments}
        assume(not strategy.refuse(options, by.grain, family == "tree"))
        words = broken(strategy, options, data.draw(_subjects(family), label=family), by)
        assert not words, words

    cut()


def broken(
    strategy: Strategy, options: Mapping[str, Any], subject: object, measure: Measure
) -> str:
    """What of its contract a strategy does not keep for one text, tree or list; empty where it
    keeps all of it."""
    extent = _extent(strategy, subject, measure)
    cap, most = strategy.cap(options, extent).value(), strategy.pieces(options, extent).value()
    fewest = strategy.fewest(options, extent).value()
    if cap is None or most is None or fewest is None:
        return f"the contract of {strategy.name} has unknowns of its own"
    call = f"{strategy.name}({', '.join(f'{k}: {v}' for k, v in options.items())})"
    try:
        pieces = list(plugins.made(strategy, options).split(subject, measure))
        if not all(piece.text() for piece in pieces if isinstance(piece, Slice)):
            return f"{call} gives an empty piece"
    except CodedError as mistake:
        refused = mistake.diagnostic.code == REFUSED
        return "" if refused else f"{call}: {mistake}"
    largest = max((_size(piece, measure) for piece in pieces), default=0)
    if largest > cap:
        return f"{call} gives a piece of {largest:,} tok; its cap is {cap:,}"
    if not fewest <= len(pieces) <= most:
        return f"{call} gives {len(pieces):,} pieces; it promises {fewest:,} to {most:,}"
    return _rows(strategy, options, extent, pieces) or _coverage(strategy, options, subject, pieces)


def _rows(
    strategy: Strategy, options: Mapping[str, Any], extent: Extent, pieces: Sequence[Any]
) -> str:
    most = strategy.rows(options, extent).value() if strategy.rows is not None else None
    held = max(map(len, pieces), default=0) if most is not None else 0
    return f"{strategy.name} gives {held} rows in a piece" if most and held > most else ""


def _coverage(
    strategy: Strategy, options: Mapping[str, Any], subject: object, pieces: Sequence[Any]
) -> str:
    """Whether every byte or row is in some piece, and, where it must be so, none is in two."""
    word = strategy.coverage(options)
    if isinstance(subject, list):
        kept = [row for piece in pieces for row in piece] == subject
        return "" if kept or word != "exact" else f"{strategy.name} loses rows, or moves them"
    parts = list(parts_in(_listed(subject)))
    read = {id(part.document): Ranges() for part in parts}
    places = list(read)
    order = [(places.index(id(p.document)), p.start) for p in parts_in(pieces)]
    for part in parts_in(pieces):
        read[id(part.document)].add(part.start, part.end)
    if word != "some" and any(read[id(p.document)].covered < p.end - p.start for p in parts):
        return f"{strategy.name} is said to be {word}, and leaves bytes out"
    if word == "exact" and any(r.added != r.covered for r in read.values()):
        return f"{strategy.name} is said to be exact, and gives bytes twice"
    return "" if order == sorted(order) else f"{strategy.name} gives pieces out of order"


def _listed(subject: object) -> list[Slice]:
    return [Slice(subject.parts)] if isinstance(subject, Slice | Tree) else []


def _size(piece: Any, measure: Measure) -> int:
    if isinstance(piece, Slice):
        return tok_in(piece.parts, measure)
    return sum(size_of([row], "longest", measure) or 0 for row in piece)


def _extent(strategy: Strategy, subject: object, measure: Measure) -> Extent:
    """What a plan knows of a subject whose size is known."""

    def size(what: What) -> int:
        return size_of(subject, what, measure) or 0

    if isinstance(subject, list):
        return Extent(
            number(size("count") * size("longest")),
            number(size("count")),
            number(size("longest")),
            number(0),
            measure.grain,
        )
    return Extent(
        number(size("")),
        number(size(strategy.units)),
        number(size("longest")),
        number(size("files")),
        measure.grain,
    )


def _given(argument: Argument) -> st.SearchStrategy[Any]:
    """Values of an argument: its default, and those in its range."""
    least = argument.least or 0
    usual = st.just(argument.default)
    if argument.choices:
        return st.one_of(usual, st.sampled_from(argument.choices))
    if argument.kind in ("size", "count"):
        most = min(argument.most or 200, 20 if argument.kind == "count" else 200)
        made: st.SearchStrategy[Any] = st.integers(int(least), int(most))
    elif argument.kind == "fraction":
        most = 1 if argument.most is None else argument.most
        made = st.sampled_from([least + (most - least) * n / 10 for n in range(11)])
    else:
        made = usual if argument.default is not None else st.sampled_from(["a", " ", "#"])
    return made if argument.required else st.one_of(usual, made)


def _subjects(family: Family) -> st.SearchStrategy[Any]:
    if family == "text":
        return TEXTS.map(lambda text: whole(TextDocument("a.md", text.encode())))
    if family == "rows":
        return st.lists(
            st.one_of(LINE, st.fixed_dictionaries({"id": st.integers(), "text": LINE})), max_size=60
        )
    return st.lists(TEXTS, min_size=1, max_size=8).map(_tree)


def _tree(texts: Sequence[str]) -> Tree:
    named = ((f"d{i % 3}/f{i}.py", text.encode()) for i, text in enumerate(texts))
    return Tree("root", tuple(TextDocument(name, data) for name, data in named))
