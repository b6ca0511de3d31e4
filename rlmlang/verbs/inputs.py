"""What a recipe is given: its parameters, the sources it opens, what code hands to a pattern."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.declared import of_param
from rlmlang.ir.expressions import Param
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Kind, Known, Operation, Source, Tool
from rlmlang.value import value
from rlmlang.verbs.body import Body


@value
class Input(Operation):
    """A parameter. Where none is given, its value comes by the port `default`."""

    verb: ClassVar[str] = "input"
    kind: ClassVar[Kind] = "given"
    recorded: ClassVar[bool] = False
    param: Param

    def facts(self, given: Given) -> Facts:
        """What is declared of it."""
        return of_param(self.param, None, given.sizes)

    def bound(self, known: Known) -> Bound:
        """Nothing: it is there."""
        return Bound()

    def words(self) -> str:
        """Nothing that its type does not say."""
        return ""


@value
class ReadSource(Operation):
    """A source that is read under its own name."""

    verb: ClassVar[str] = "source"
    kind: ClassVar[Kind] = "given"
    recorded: ClassVar[bool] = False
    source: Source

    def facts(self, given: Given) -> Facts:
        """What is declared of it."""
        source = self.source
        param = Param(source.name, source.type, source.max)
        return of_param(param, source, given.sizes)

    def bound(self, known: Known) -> Bound:
        """Nothing: reading a file asks no model."""
        return Bound()

    def words(self) -> str:
        """Its kind and place."""
        return f"{self.source.kind}({self.source.location})"


@value
class Pattern(Body, Operation):
    """A pattern that code of a session may call: what it takes and gives."""

    verb: ClassVar[str] = "pattern"
    kind: ClassVar[Kind] = "chooses"
    tool: Tool

    def facts(self, given: Given) -> Facts:
        """What is declared of it."""
        return Facts(self.tool.result)

    def words(self) -> str:
        """Its name, and what it gives."""
        return f"{self.tool.name} -> {self.tool.result}"
