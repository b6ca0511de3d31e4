"""`ladder accept (…) { rung "cheap" { … } … }`: cheap first, dear only if needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Kind, Known, Operation
from rlmlang.ir.sizes import largest
from rlmlang.ir.types import BOOL, fits
from rlmlang.value import value
from rlmlang.verbs.body import Body
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.narrowing import tested


@value
class Ladder(Operation):
    """When an answer is taken, and the names of the rungs in order; each is a step within it."""

    verb: ClassVar[str] = "ladder"
    kind: ClassVar[Kind] = "chooses"
    accept: Expr
    rungs: tuple[str, ...]

    @property
    def cut_from(self) -> None:
        """What a rung gives has its own line."""
        return

    def facts(self, given: Given) -> Facts:
        """The largest of the rungs; none where the last may give none."""
        rungs = [given.parts[name] for name in self.rungs]
        made = reduce(largest, rungs)
        if not fits(given.of(self.accept, judged(rungs)).type, BOOL):
            raise unsound("what a ladder accepts by is no condition")
        if rungs[-1].type.optional:
            return replace(made, type=made.type.maybe())
        sure = Ref("it") in tested(self.accept, holds=True)
        return replace(made, type=made.type.required()) if sure else made

    def bound(self, known: Known) -> Bound:
        """The sum of the rungs at worst, the first rung at best."""
        rungs = [known.parts[name].bound for name in self.rungs]
        total = sum(rungs, Bound())
        first = rungs[0]
        return Bound(first.best, first.expected, total.worst, total.rounds, total.depth)

    def words(self) -> str:
        """`ladder cheap, full`."""
        return "ladder " + ", ".join(self.rungs)


def judged(rungs: Iterable[Facts]) -> Facts:
    """What a ladder accepts or not: the largest of its rungs, of which there is all."""
    return replace(reduce(largest, rungs), coverage="exact", fields=(), where=frozenset())


@value
class Rung(Body, Operation):
    """What a rung gives, once the steps within it have run."""

    verb: ClassVar[str] = "rung"
    kind: ClassVar[Kind] = "chooses"
    recorded: ClassVar[bool] = False
    value: Expr

    def facts(self, given: Given) -> Facts:
        """Those of what it gives."""
        return given.of(self.value)

    def words(self) -> str:
        """Nothing that its name does not say."""
        return "rung"
