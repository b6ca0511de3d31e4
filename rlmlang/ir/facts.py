"""What is known of a value before it is there, and of what a step is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from rlmlang.ir.coverage import Kept
from rlmlang.ir.expressions import Expr
from rlmlang.ir.places import Holds
from rlmlang.ir.types import ANY, Type
from rlmlang.schema.formula import ONE, ZERO, Formula, Sizes
from rlmlang.schema.partitions import Coverage
from rlmlang.schema.registry import Find
from rlmlang.value import Frozen, value


@value
class Facts(Frozen):
    """What is known of a value: its type, its size in tok, its items, how much of it there is.

    `inner` is the count of items in each item of a nested list; `origins` are the sources it was
    cut from, `where` the conditions that its items passed. `fields` holds what each field of a
    record made of lists keeps by its path, as `halves.kept`; the record has the weakest; of a list,
    what those of each item keep. `told` says that a model said some of it. `placed` are the paths
    of the fields that know where they came from, "" for the value itself or the innermost items of
    a list; `holds` says what that may have been several of."""

    type: Type = ANY
    size: Formula = ZERO
    count: Formula = ONE
    item: Formula = ZERO
    inner: Formula = ONE
    coverage: Coverage = "exact"
    origins: frozenset[str] = frozenset()
    fields: tuple[tuple[str, Kept], ...] = ()
    told: bool = False
    where: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()
    holds: Holds = ""

    @property
    def kept(self) -> Kept:
        """How much of what it comes from it holds."""
        return Kept(self.coverage, self.where)

    def keeping(self, kept: Kept) -> Facts:
        """The same, holding so much."""
        return replace(self, coverage=kept.coverage, where=kept.where)


class Given(Protocol):
    """What a step is given: the facts of the expressions in it, with those of the item that `it`
    names; the facts of the steps it is made of; the least slack of the measure, in tok; the real
    sizes of inputs, as far as they are bound."""

    @property
    def grain(self) -> int:
        """The least slack of the measure that texts are cut by, in tok."""

    @property
    def parts(self) -> Mapping[str, Facts]:
        """The facts of the steps that the step is made of, by their own names."""

    @property
    def find(self) -> Find:
        """What looks for what other distributions bring, by group and name."""

    @property
    def sizes(self) -> Sizes:
        """Values of the unknowns in formulas."""

    def of(self, e: Expr, it: Facts | None = None) -> Facts:
        """The facts of an expression. Raises CodedError (plan-unsound)."""
