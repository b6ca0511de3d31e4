"""`p(x)`: one call of a prompt."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Ask, Kind, Known, Operation
from rlmlang.schema.formula import ONE
from rlmlang.schema.partitions import Coverage
from rlmlang.value import value
from rlmlang.verbs.given import answer_facts
from rlmlang.verbs.prompt_calls import arguments_size, calls


@value
class Call(Operation):
    """A prompt with its arguments. As a part of another step it is asked by that step, about items
    of its own."""

    verb: ClassVar[str] = "call"
    kind: ClassVar[Kind] = "asks"
    ask: Ask

    @property
    def asked(self) -> Ask:
        """The prompt."""
        return self.ask

    def facts(self, given: Given) -> Facts:
        """Those of an answer to what the prompt is given."""
        return answer_facts(self.ask, given)

    def bound(self, known: Known) -> Bound:
        """One call, and as many more as may be retried."""
        shown = arguments_size(self.ask, known)
        return calls(self.ask, ONE, least=ONE, inputs=shown, each=shown, known=known)

    def words(self) -> str:
        """The prompt's name."""
        return self.ask.prompt.name

    def shows_whole(self, port: str) -> Coverage | None:
        """An argument that is an input itself is shown once, whole."""
        return "exact" if Ref(port) in [e for _, e in self.ask.args] else None
