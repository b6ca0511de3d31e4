"""`reduce xs with p(…) { fanin: 8 }`: a list joined to one value, level by level."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Ask, Kind, Known, Operation, Prompt
from rlmlang.ir.sizes import GROWTH, MARK
from rlmlang.ir.types import fits
from rlmlang.ir.walk import show
from rlmlang.schema.formula import (
    ZERO,
    Formula,
    ceil_div,
    ceil_log,
    less_one,
    maximum,
    minimum,
    number,
)
from rlmlang.value import value
from rlmlang.verbs.given import answer_facts, item_facts, joined_facts, list_facts, result_facts
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.prompt_calls import arguments_size, calls


@value
class Reduce(Operation):
    """A list, and a prompt that joins `fanin` neighbours."""

    verb: ClassVar[str] = "reduce"
    kind: ClassVar[Kind] = "joins"
    subject: Expr
    ask: Ask
    fanin: int = 8
    parallel: int | None = None

    @property
    def asked(self) -> Ask:
        """The prompt."""
        return self.ask

    @property
    def streamed(self) -> Expr:
        """The list."""
        return self.subject

    def facts(self, given: Given) -> Facts:
        """One value like an answer, no larger than an item or an answer may be."""
        item, prompt = item_facts(list_facts(self.subject, given)), self.ask.prompt
        if not fits(prompt.result.required(), item.type.required()):
            raise unsound(f"`{prompt.name}` joins {item.type}, and gives {prompt.result}")
        size = joined_size(prompt, item)
        answer = answer_facts(self.ask, given, joined_facts(prompt, item, size, self.fanin))
        return replace(answer, size=size, item=size)

    def bound(self, known: Known) -> Bound:
        """⌈(m−1)/(f−1)⌉ calls in ⌈log_f m⌉ rounds."""
        facts, fanin = known.of(self.subject), self.fanin
        needed = ceil_div(less_one(facts.count), fanin - 1)
        least = ceil_div(less_one(known.least_of(self.subject)), fanin - 1)
        least = least if known.binding.all_differ else minimum(least, 1)
        item = maximum(facts.item, number(self.ask.prompt.written * GROWTH))
        shown = (item + MARK * facts.inner) * fanin + arguments_size(self.ask, known)
        least = ZERO if facts.type.item.optional else least  # what says nothing is not joined
        return calls(
            self.ask,
            needed,
            least=least,
            inputs=needed * shown,
            each=shown,
            known=known,
            rounds=ceil_log(fanin, facts.count),
        )

    def words(self) -> str:
        """`reduce xs with p, 8 at a time`."""
        return f"reduce {show(self.subject)} with {self.ask.prompt.name}, {self.fanin} at a time"


def joined_size(prompt: Prompt, item: Facts) -> Formula:
    """The most that one of the values that are joined may measure: an item, or an answer."""
    return maximum(item.size, result_facts(prompt, item).size)
