"""`cross xs, ys by bm25(…)`: for each x the ys that fit it best."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.places import above
from rlmlang.ir.recipe import Kind, Known, Operation
from rlmlang.ir.sizes import field_overhead, inside_size, made_of
from rlmlang.ir.types import AnyType, PairType, list_of
from rlmlang.ir.walk import show, show_call
from rlmlang.schema.formula import ONE, ZERO, number
from rlmlang.value import value
from rlmlang.verbs.contracts import search_of
from rlmlang.verbs.given import as_documents, item_facts
from rlmlang.verbs.inference import unsound


@value
class Cross(Operation):
    """Two lists, and how items of the second are found for those of the first."""

    verb: ClassVar[str] = "cross"
    kind: ClassVar[Kind] = "cuts"
    left: Expr
    right: Expr
    method: str
    options: tuple[tuple[str, object], ...]

    def facts(self, given: Given) -> Facts:
        """At most `top` pairs for each item on the left."""
        left, right = as_documents(given.of(self.left)), as_documents(given.of(self.right))
        for side in (left, right):
            if not isinstance(side.type, AnyType) and not side.type.is_list:
                raise unsound(f"{side.type} is no list of items to be paired")
        most = search_of(self.method, given.find).most(dict(self.options))
        count = left.count * number(most)
        pair = PairType(left.type.item, right.type.item)
        sides = sum(map(inside_size, (item_facts(left), item_facts(right))), ZERO)
        item = sides + field_overhead(pair)
        made = Facts(list_of(pair), count * item, count, item, ONE, "some")
        placed = above(left.placed, "left") | above(right.placed, "right")
        return replace(made_of(made, (left, right)), placed=placed)

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def words(self) -> str:
        """`cross xs, ys by method(…)`."""
        how = show_call(self.method, self.options)
        return f"cross {show(self.left)}, {show(self.right)} by {how}"
