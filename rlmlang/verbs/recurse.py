"""`recurse x { leaf … branch … prune … join … depth … }`: the one recursion.

It is made of three steps that it asks: `leaf`, `join` and, where it prunes, `prune`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.coverage import Kept
from rlmlang.ir.declared import of_result
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Ask, Kind, Known, OnError, Operation, Part, Partition, Prompt
from rlmlang.ir.sizes import GROWTH, MARK
from rlmlang.ir.types import TreeType
from rlmlang.ir.walk import show
from rlmlang.schema.formula import (
    ONE,
    ZERO,
    Formula,
    ceil_div,
    ceil_log,
    less_one,
    maximum,
    number,
    power,
)
from rlmlang.schema.partitions import HEADER, around, worst_of
from rlmlang.value import value
from rlmlang.verbs.prompt_calls import arguments_size, calls

SEEN = 1_000
"""How much of a part a prune sees where nothing is said, in tok."""


@value
class Recurse(Operation):
    """A context, the size of a leaf and how it is branched; sizes in tok. A prune sees the first
    `see` tok of a part and keeps at least and at most so many."""

    verb: ClassVar[str] = "recurse"
    kind: ClassVar[Kind] = "chooses"
    subject: Expr
    leaf_size: int
    branch: Partition
    depth: int
    keep: tuple[int, int] | None = None
    fanin: int = 8
    see: int = SEEN
    on_error: OnError = OnError()

    @property
    def items(self) -> Expr:
        """The context."""
        return self.subject

    @property
    def shown_by(self) -> str:
        """Its leaves."""
        return "leaf"

    @property
    def cut_from(self) -> None:
        """Its value is a model's."""
        return

    @property
    def levels(self) -> int:
        """A leaf lies below as many branches as are allowed."""
        return 1 + self.depth

    @property
    def into(self) -> int:
        """The parts of a branch."""
        return int(str(self.branch.options["into"]))

    @property
    def slack(self) -> Fraction:
        """How far a cut may lie from its place, as a fraction of a part."""
        return Fraction(str(self.branch.options.get("slack", 0.1)))

    def facts(self, given: Given) -> Facts:
        """An answer of a leaf, or of a join; some of the source where parts are left out."""
        subject, leaf = given.of(self.subject), given.parts["leaf"]
        loses = self.keep is not None or self.on_error.skip
        coverage = "some" if loses else subject.coverage
        kept = Kept(worst_of((coverage, leaf.coverage)), subject.where)
        return replace(leaf.keeping(kept), origins=subject.origins)

    def bound(self, known: Known) -> Bound:
        """leaves·(1+r) + k·I·(1+r) + I·⌈(q−1)/(f−1)⌉·(1+r), I = (q^d−1)/(q−1)."""
        total = sum(self.shares(known).values(), Bound())
        return replace(total, depth=total.depth + (self._levels(known).value() or 0))

    def shares(self, known: Known) -> Mapping[str, Bound]:
        """The terms of that sum."""
        keep = self.keep[1] if self.keep is not None else self.into
        deep = self._levels(known)
        leaves, inner = power(keep, deep), _geometric(keep, deep)
        joins = inner * ceil_div(keep - 1, self.fanin - 1)
        leaf, join, prune = (known.parts.get(n) for n in ("leaf", "join", "prune"))
        files, headed = self._files(known)
        found: dict[str, Bound] = {}
        if leaf is not None:
            size = number(self.leaf_size + around(self.branch.before, self.branch.after))
            headings = HEADER * (files + leaves * headed)
            found["leaf"] = _part(
                leaf, leaves, size + files * HEADER, ONE, leaves * size + headings, least=ONE
            )
        if prune is not None:
            seen = number(self.see + HEADER * headed)
            found["prune"] = _part(prune, inner * self.into, seen, deep)
        if leaf is not None and join is not None:
            said = maximum(*(_said(_asked(p).prompt) for p in (leaf, join)))
            found["join"] = _part(join, joins, said * self.fanin, deep)
        return found

    def _files(self, known: Known) -> tuple[Formula, int]:
        """How many files a tree has, each of which has a heading in one leaf; and 1 where a part
        may begin inside one, which is headed once more."""
        facts = known.of(self.subject)
        tree = isinstance(facts.type, TreeType)
        return (facts.count, 1) if tree else (ZERO, 0)

    def _levels(self, known: Known) -> Formula:
        """d = ⌈log_σ(n/τ)⌉ with σ = k/(1+2s), no more than `depth`."""
        size = known.of(self.subject).size * Fraction(1, self.leaf_size)
        levels = ceil_log(number(Fraction(self.into) / (1 + 2 * self.slack)), size)
        found = levels.value(known.binding.sizes)
        return number(min(found, self.depth) if found is not None else self.depth)

    def words(self) -> str:
        """`recurse x`."""
        return f"recurse {show(self.subject)}"


def _part(
    part: Part,
    count: Formula,
    shown: Formula,
    rounds: Formula,
    in_all: Formula | None = None,
    least: Formula = ZERO,
) -> Bound:
    """So many calls of a part, each of which is shown so much, and so much `in_all`."""
    ask = _asked(part)
    about, all_shown = arguments_size(ask, part.known), count * shown if in_all is None else in_all
    return calls(
        ask,
        count,
        least=least,
        inputs=count * about + all_shown,
        each=about + shown,
        known=part.known,
        rounds=rounds,
    )


def _said(prompt: Prompt) -> Formula:
    """The most that one answer measures in a join, with the marks between its items."""
    answer = of_result(prompt, prompt.result)
    return number(prompt.written * GROWTH + MARK) + answer.count * MARK


def _asked(part: Part) -> Ask:
    found = part.step.work.asked
    assert found is not None
    return found


def _geometric(keep: int, deep: Formula) -> Formula:
    if keep == 1:
        return deep
    return ceil_div(less_one(power(keep, deep)), keep - 1)
