"""`map xs with …`: a prompt put to every item, an expression over each, or steps for each."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Ask, Budget, Kind, Known, OnError, Operation
from rlmlang.ir.types import BOOL, Type, fits, list_of
from rlmlang.ir.walk import show
from rlmlang.schema.formula import ZERO, Formula, minimum
from rlmlang.schema.partitions import Coverage, worst_of
from rlmlang.value import value
from rlmlang.verbs.body import Body
from rlmlang.verbs.given import answer_facts, item_facts, list_facts, of_items, whole_item
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.prompt_calls import over_items


class OverItems:
    """What maps have in common: a list, each of whose items gives one value, unless some may be
    left out; `stop` is a condition on a value after which no more are wanted."""

    subject: Expr
    parallel: int | None
    on_error: OnError
    stop: Expr | None

    @property
    def makes_items(self) -> bool:
        """One by one."""
        return True

    @property
    def streamed(self) -> Expr:
        """The list."""
        return self.subject

    @property
    def loses(self) -> bool:
        """Whether an item may be left out."""
        return self.on_error.skip or self.stop is not None

    def least(self, known: Known) -> Formula:
        """As many as there are items, if none may be left out."""
        return ZERO if self.loses else known.least_of(self.subject)

    def of_each(self, items: Facts, made: Facts, type_: Type, given: Given) -> Facts:
        """The facts of all values of a type, given those of one."""
        if self.stop is not None and not fits(given.of(self.stop, made).type, BOOL):
            raise unsound("what makes a map stop is no condition")
        inner = made.coverage if type_.is_list else "exact"
        item = item_facts(items)
        return Facts(
            type=list_of(type_),
            size=made.size * items.count,
            count=items.count,
            item=made.size,
            inner=made.count,
            coverage="some" if self.loses else worst_of((items.coverage, inner)),
            origins=items.origins | made.origins,
            told=made.told,
            where=items.where | made.where if type_.is_list else items.where,
            placed=made.placed | of_items(item, type_),
            holds=item.holds,
        )


@value
class Map(OverItems, Operation):
    """A list and a prompt."""

    verb: ClassVar[str] = "map"
    kind: ClassVar[Kind] = "asks"
    subject: Expr
    ask: Ask
    parallel: int | None = None
    on_error: OnError = OnError()
    stop: Expr | None = None

    @property
    def asked(self) -> Ask:
        """The prompt."""
        return self.ask

    @property
    def items(self) -> Expr:
        """The list."""
        return self.subject

    @property
    def decides(self) -> bool:
        """Where the prompt is given parts of the item."""
        return not self.ask.element

    def facts(self, given: Given) -> Facts:
        """An answer for each item."""
        items = list_facts(self.subject, given)
        answer = answer_facts(self.ask, given, item_facts(items))
        return self.of_each(items, answer, self.ask.prompt.result, given)

    def bound(self, known: Known) -> Bound:
        """count × call."""
        least = known.distinct_of(self.subject)
        least = least if self.stop is None else minimum(least, 1)
        return over_items(self.subject, self.ask, least, known)

    def words(self) -> str:
        """`map xs with p`."""
        return f"map {show(self.subject)} with {self.ask.prompt.name}"

    def shows_whole(self, port: str) -> Coverage | None:
        """An argument that is an input itself is shown whole, beside each item."""
        return "cover" if Ref(port) in [e for _, e in self.ask.args] else None


@value
class MapValue(OverItems, Operation):
    """A list and an expression over an item of it, which asks no model."""

    verb: ClassVar[str] = "map"
    subject: Expr
    value: Expr
    parallel: int | None = None
    on_error: OnError = OnError()
    stop: Expr | None = None

    @property
    def decides(self) -> bool:
        """What a value does not hold of its item."""
        return True

    def facts(self, given: Given) -> Facts:
        """A value for each item."""
        items = list_facts(self.subject, given)
        made = given.of(self.value, whole_item(items))
        return self.of_each(items, made, made.type, given)

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """`map xs with …`."""
        return f"map {show(self.subject)} with {show(self.value)}"


@value
class Item(Operation):
    """The item for which the steps of a map are carried out, as they read it."""

    verb: ClassVar[str] = "item"
    kind: ClassVar[Kind] = "given"
    recorded: ClassVar[bool] = False
    subject: Expr

    def facts(self, given: Given) -> Facts:
        """Those of an item, all of which is there."""
        return whole_item(list_facts(self.subject, given))

    def bound(self, known: Known) -> Bound:
        """Nothing: it is there."""
        return Bound()

    def words(self) -> str:
        """Nothing that its type does not say."""
        return ""


@value
class MapBody(OverItems, Body, Operation):
    """A list, the steps that are carried out for each item of it, and what they give. `budget` is
    what each item may take, `callee` the recipe or pattern that the steps come from."""

    verb: ClassVar[str] = "map"
    kind: ClassVar[Kind] = "chooses"
    subject: Expr
    value: Expr
    callee: str = ""
    budget: Budget = Budget()
    parallel: int | None = None
    on_error: OnError = OnError()
    stop: Expr | None = None

    @property
    def repeats(self) -> bool:
        """Each item has the steps of its own."""
        return True

    @property
    def decides(self) -> bool:
        """What its steps do not show of an item."""
        return True

    @property
    def cut_from(self) -> Expr:
        """What its steps give."""
        return self.value

    def facts(self, given: Given) -> Facts:
        """What the steps give, for each item."""
        items, made = list_facts(self.subject, given), given.of(self.value)
        return self.of_each(items, made, made.type, given)

    def times(self, known: Known) -> tuple[Formula, Formula]:
        """Once an item; at least for those that differ, since what is equal is asked once."""
        least = known.distinct_of(self.subject)
        least = least if self.stop is None else minimum(least, 1)
        return known.of(self.subject).count, least

    def bound(self, known: Known) -> Bound:
        """count × what its steps take, of which each item may take no more than its budget."""
        one, limits = Body.bound(self, known), self.budget
        held = (limits.calls, limits.tokens, limits.usd)
        expected, worst = one.expected.within(*held), one.worst.within(*held)
        return replace(one, expected=expected, worst=worst).times(*self.times(known))

    def words(self) -> str:
        """`map xs with p`, or with the step that gives its value."""
        return f"map {show(self.subject)} with {self.callee or show(self.value)}"
