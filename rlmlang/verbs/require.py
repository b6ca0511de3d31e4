"""`require …`: a condition that must hold for the run to go on."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Known, Operation
from rlmlang.ir.types import BOOL, fits
from rlmlang.value import value
from rlmlang.verbs.inference import unsound


@value
class Require(Operation):
    """A condition, and how it is written."""

    verb: ClassVar[str] = "require"
    test: Expr
    written: str

    def facts(self, given: Given) -> Facts:
        """It holds, or the run has ended."""
        if not fits(given.of(self.test).type, BOOL):
            raise unsound(f"`{self.written}` is no condition")
        return Facts(BOOL)

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """The condition as it is written."""
        return f"require {self.written}"
