"""`search x for query by bm25(…)`: a look-up without a model."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Kind, Known, Operation
from rlmlang.ir.types import SLICE, TEXT, AnyType, TreeType, Type, fits, list_of
from rlmlang.ir.walk import show, show_call
from rlmlang.schema.formula import number
from rlmlang.schema.partitions import HEADER
from rlmlang.value import value
from rlmlang.verbs.contracts import search_of
from rlmlang.verbs.inference import unsound


@value
class Search(Operation):
    """A context, what is looked for in it, and how."""

    verb: ClassVar[str] = "search"
    kind: ClassVar[Kind] = "cuts"
    subject: Expr
    query: Expr
    method: str
    options: tuple[tuple[str, object], ...]

    def facts(self, given: Given) -> Facts:
        """At most so many windows, or items where a list is searched: some of what there is."""
        subject, query = given.of(self.subject), given.of(self.query)
        if not searchable(subject.type) or not fits(query.type, TEXT):
            raise unsound(f"{subject.type} cannot be searched for {query.type}")
        contract, options = search_of(self.method, given.find), dict(self.options)
        count, rows = number(contract.most(options)), subject.type.is_list
        item = subject.item if rows else number(contract.size(options) + HEADER)
        return Facts(
            type=list_of(subject.type.item if rows else SLICE),
            size=count * item,
            count=count,
            item=item,
            coverage="some",
            origins=subject.origins,
            told=subject.told,
            where=subject.where,
            placed=subject.placed if rows else frozenset([""]),
            holds=subject.holds if rows else "",
        )

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """`search x by method(…)`."""
        return f"search {show(self.subject)} by {show_call(self.method, self.options)}"


def searchable(type_: Type) -> bool:
    """Whether something can be looked for in a value."""
    return isinstance(type_, AnyType | TreeType) or type_.textual or type_.is_list
