"""`let x = …` without a model: pure code."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Known, Operation
from rlmlang.ir.walk import show
from rlmlang.value import value


@value
class Compute(Operation):
    """An expression."""

    verb: ClassVar[str] = "compute"
    recorded: ClassVar[bool] = False
    value: Expr

    def facts(self, given: Given) -> Facts:
        """Those of the expression."""
        return given.of(self.value)

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """The expression as it is written."""
        return show(self.value)
