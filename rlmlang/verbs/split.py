"""`split x by strategy`: pieces of a text, a tree or a list."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.recipe import Kind, Known, Operation, Partition
from rlmlang.ir.types import SLICE, Type, list_of
from rlmlang.ir.walk import show, show_call
from rlmlang.schema.formula import ONE, ZERO, Formula, ceil_div, number, symbol
from rlmlang.schema.partitions import STRATEGIES, Extent, around, worst_of
from rlmlang.value import value
from rlmlang.verbs.inference import unsound


@value
class Split(Operation):
    """A context, and how it is cut."""

    verb: ClassVar[str] = "split"
    kind: ClassVar[Kind] = "cuts"
    subject: Expr
    partition: Partition

    @property
    def makes_items(self) -> bool:
        """One by one."""
        return True

    def facts(self, given: Given) -> Facts:
        """Pieces, as the contract of the strategy promises them."""
        subject, how = given.of(self.subject), self.partition
        family = family_of(subject.type)
        if family not in STRATEGIES[how.strategy].of and subject.type.kind != "Any":
            raise unsound(f"{subject.type} cannot be split by {how.strategy}")
        rows, neighbours = family == "rows", how.before + how.after
        cap, pieces = _cut(how, subject, family, given.grain)
        coverage = STRATEGIES[how.strategy].coverage(how.options)
        whole = family == "text" and coverage == "exact" and not neighbours
        item = Type("Slice", (subject.type.item,)) if rows else SLICE
        per = how.options.get("per")
        inner = number(per) if isinstance(per, int) else subject.count
        return Facts(
            type=list_of(item),
            size=subject.size + pieces if whole else cap * pieces,
            count=pieces,
            item=cap,
            inner=inner if rows else ONE,
            coverage=worst_of((subject.coverage, coverage)),
            origins=subject.origins,
            told=subject.told,
        )

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def least(self, known: Known) -> Formula:
        """⌈n/cap⌉ pieces, where n is the real size of an input."""
        subject, options = self.subject, self.partition.options
        if not isinstance(subject, Ref) or subject.name not in known.binding.exact:
            return ZERO
        facts, most, per = known.of(subject), options.get("max"), options.get("per")
        if isinstance(per, int) and STRATEGIES[self.partition.strategy].of == ("rows",):
            return ceil_div(facts.count, per)
        if isinstance(most, int) and facts.type.textual:
            return ceil_div(facts.size, most)
        return ZERO

    def words(self) -> str:
        """`split x by strategy(…)`."""
        how = show_call(self.partition.strategy, self.partition.arguments)
        return f"split {show(self.subject)} by {how}"


def family_of(type_: Type) -> str:
    """What a partition sees in a type: text, rows or tree."""
    if type_.kind == "Tree":
        return "tree"
    return "rows" if type_.is_list else "text" if type_.textual else "other"


def _cut(how: Partition, subject: Facts, family: str, grain: int) -> tuple[Formula, Formula]:
    """The cap of a piece and the most pieces, from the contract of the strategy."""
    origin = next(iter(sorted(subject.origins)), "text")
    unit = "records" if how.strategy == "records" else "lines"
    extent = Extent(
        subject.size,
        subject.count if family == "rows" else symbol(f"{unit}({origin})"),
        subject.item if family == "rows" else symbol(f"longest({origin})"),
        subject.count if family == "tree" else number(0),
        grain,
    )
    cap = STRATEGIES[how.strategy].cap(how.options, extent) + around(how.before, how.after)
    return cap, STRATEGIES[how.strategy].pieces(how.options, extent)
