"""`filter xs with p(…)`, `filter xs where …`: the items that a model or a condition lets pass."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.coverage import Kept, denied
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.places import above
from rlmlang.ir.recipe import Ask, Kind, Known, OnError, Operation
from rlmlang.ir.types import BOOL, TREE, Field, Type, fits, list_of, record
from rlmlang.ir.walk import show
from rlmlang.value import value
from rlmlang.verbs.given import answer_facts, item_facts, list_facts
from rlmlang.verbs.inference import unsound
from rlmlang.verbs.narrowing import narrowed
from rlmlang.verbs.prompt_calls import over_items


@value
class Filter(Operation):
    """With a prompt that answers true or false, or with a condition; `keep_rest` gives both halves,
    as a record `kept, rest`. Of a `tree` it judges the documents, and gives a tree again."""

    verb: ClassVar[str] = "filter"
    kind: ClassVar[Kind] = "asks"
    subject: Expr
    ask: Ask | None
    where: Expr | None
    keep_rest: bool = False
    parallel: int | None = None
    on_error: OnError = OnError()
    tree: bool = False

    @property
    def makes_items(self) -> bool:
        """Not where both halves are wanted, which are one record, and not of a tree."""
        return not self.keep_rest and not self.tree

    @property
    def halves(self) -> bool:
        """Whether both halves are wanted."""
        return self.keep_rest

    @property
    def asked(self) -> Ask | None:
        """The prompt, if it is not a condition."""
        return self.ask

    @property
    def streamed(self) -> Expr:
        """The list."""
        return self.subject

    @property
    def items(self) -> Expr | None:
        """The list, where a model judges it."""
        return self.subject if self.ask is not None else None

    @property
    def cut_from(self) -> Expr:
        """The list, some of whose items it gives."""
        return self.subject

    def facts(self, given: Given) -> Facts:
        """The items that pass; both halves are whole as long as every item was judged."""
        items = list_facts(self.subject, given)
        item = item_facts(items)
        said = answer_facts(self.ask, given, item) if self.ask is not None else None
        test = given.of(self.where, item) if self.where is not None else said
        if test is None or not fits(test.type, BOOL):
            raise unsound("what a filter goes by is no condition")
        judged = Kept("some", items.where) if self.on_error.skip else items.kept
        yes, no = judged.passing(self.condition), judged.passing(denied(self.condition))
        if not self.keep_rest:
            return replace(items.keeping(yes), type=self._half(items, holds=True))
        both = record(
            Field("kept", self._half(items, holds=True)),
            Field("rest", self._half(items, holds=False)),
        )
        placed = above(items.placed, "kept") | above(items.placed, "rest")
        fields = (("kept", yes), ("rest", no))
        return replace(items.keeping(judged), type=both, fields=fields, placed=placed)

    def _half(self, items: Facts, *, holds: bool) -> Type:
        """The type of the items that pass, or of those that do not."""
        if self.tree:
            return TREE
        item = items.type.item
        if self.where is not None:
            item = narrowed(item, self.where, holds=holds)
        return list_of(item)

    @property
    def condition(self) -> str:
        """What its items pass, as it is written."""
        if self.ask is None:
            return show(self.where) if self.where is not None else "true"
        return f"{self.ask.prompt.name}({', '.join(show(e) for _, e in self.ask.args)}) says yes"

    def bound(self, known: Known) -> Bound:
        """count × call; nothing for a condition."""
        if self.ask is None:
            return Bound()
        return over_items(self.subject, self.ask, known.distinct_of(self.subject), known)

    def words(self) -> str:
        """`filter xs with p`, `filter xs where …`."""
        how = f"with {self.ask.prompt.name}" if self.ask is not None else ""
        how = f"where {show(self.where)}" if self.where is not None else how
        return f"filter {show(self.subject)} {how}"
