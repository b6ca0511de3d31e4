"""`map xs with p(…)`: a prompt put to every item."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Ask, Kind, Known, OnError, Operation
from rlmlang.ir.types import BOOL, fits, list_of
from rlmlang.ir.walk import show
from rlmlang.schema.formula import ZERO, Formula, minimum
from rlmlang.schema.partitions import Coverage, worst_of
from rlmlang.value import value
from rlmlang.verbs.given import answer_facts, item_facts, list_facts, of_items
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.prompt_calls import over_items


@value
class Map(Operation):
    """A list and a prompt; `stop` is a condition on an answer after which no more are asked."""

    verb: ClassVar[str] = "map"
    kind: ClassVar[Kind] = "asks"
    subject: Expr
    ask: Ask
    parallel: int | None = None
    on_error: OnError = OnError()
    stop: Expr | None = None

    @property
    def makes_items(self) -> bool:
        """One by one."""
        return True

    @property
    def asked(self) -> Ask:
        """The prompt."""
        return self.ask

    @property
    def streamed(self) -> Expr:
        """The list."""
        return self.subject

    @property
    def items(self) -> Expr:
        """The list."""
        return self.subject

    def facts(self, given: Given) -> Facts:
        """An answer for each item, unless some may be left out."""
        items = list_facts(self.subject, given)
        item = item_facts(items)
        answer = answer_facts(self.ask, given, item)
        if self.stop is not None and not fits(given.of(self.stop, answer).type, BOOL):
            raise unsound("what makes a map stop is no condition")
        inner = answer.coverage if self.ask.prompt.result.is_list else "exact"
        loses = self.on_error.skip or self.stop is not None
        return Facts(
            type=list_of(self.ask.prompt.result),
            size=answer.size * items.count,
            count=items.count,
            item=answer.size,
            inner=answer.count,
            coverage="some" if loses else worst_of((items.coverage, inner)),
            origins=items.origins | answer.origins,
            told=True,
            where=items.where,
            placed=answer.placed | of_items(item, self.ask.prompt.result),
            holds=item.holds,
        )

    def bound(self, known: Known) -> Bound:
        """count × call."""
        least = known.distinct_of(self.subject)
        least = least if self.stop is None else minimum(least, 1)
        return over_items(self.subject, self.ask, least, known)

    def least(self, known: Known) -> Formula:
        """As many as there are items, if none may be left out."""
        if self.stop is not None or self.on_error.skip:
            return ZERO
        return known.least_of(self.subject)

    def words(self) -> str:
        """`map xs with p`."""
        return f"map {show(self.subject)} with {self.ask.prompt.name}"

    def shows_whole(self, port: str) -> Coverage | None:
        """An argument that is an input itself is shown whole, beside each item."""
        return "cover" if Ref(port) in [e for _, e in self.ask.args] else None
