"""`split x by strategy`: pieces of a text, a tree or a list."""

from __future__ import annotations

from typing import ClassVar

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.places import Holds, is_piece
from rlmlang.ir.recipe import Kind, Known, Operation, Partition
from rlmlang.ir.types import SLICE, AnyType, BatchType, TreeType, Type, list_of
from rlmlang.ir.walk import show, show_call
from rlmlang.schema.formula import ONE, ZERO, Formula, Sizes, minimum, symbol
from rlmlang.schema.partitions import HEADER, Extent, Strategy, around, worst_of
from rlmlang.value import value
from rlmlang.verbs.contracts import strategy_of
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
        contract, family = strategy_of(how.strategy, given.find), family_of(subject.type)
        if family not in contract.of and not isinstance(subject.type, AnyType):
            raise unsound(f"{subject.type} cannot be split by {how.strategy}")
        extent = _extent(contract, subject, given.grain, given.sizes)
        rows, neighbours = family == "rows", how.before + how.after
        cap = contract.cap(how.options, extent) + around(how.before, how.after)
        pieces, coverage = contract.pieces(how.options, extent), contract.coverage(how.options)
        whole = family != "rows" and coverage == "exact" and not neighbours
        held = contract.rows(how.options, extent) if contract.rows is not None else extent.items
        return Facts(
            type=list_of(BatchType(subject.type.item) if rows else SLICE),
            size=_size(subject, family, pieces, cap * pieces) if whole else cap * pieces,
            count=pieces,
            item=cap,
            inner=held if rows else ONE,
            coverage=worst_of((subject.coverage, coverage)),
            origins=subject.origins,
            told=subject.told,
            where=subject.where,
            placed=subject.placed if rows else frozenset([""]),
            holds=self._holds(contract, subject),
        )

    def _holds(self, contract: Strategy, subject: Facts) -> Holds:
        """What a piece may hold several of, or a part of."""
        family, options = family_of(subject.type), self.partition.options
        if family == "rows":
            one = contract.rows is not None and options.get("per") == 1
            documents = is_piece(subject.type.item) or subject.told
            return subject.holds if one else "documents" if documents else "rows"
        if family == "tree":
            parts = contract.cuts(options)
            return "documents" if contract.several(options) else "parts" if parts else ""
        return ""

    def bound(self, known: Known) -> Bound:
        """Nothing: no model is asked."""
        return Bound()

    def least(self, known: Known) -> Formula:
        """The fewest pieces that an input of a real size can come to."""
        subject, how, binding = self.subject, self.partition, known.binding
        if not isinstance(subject, Ref) or subject.name not in binding.exact:
            return ZERO
        contract = strategy_of(how.strategy, known.find)
        extent = _extent(contract, known.of(subject), binding.grain, binding.sizes)
        return contract.fewest(how.options, extent)

    def words(self) -> str:
        """`split x by strategy(…)`."""
        how = show_call(self.partition.strategy, self.partition.arguments)
        return f"split {show(self.subject)} by {how}"


def family_of(type_: Type) -> str:
    """What a partition sees in a type: text, rows or tree."""
    if isinstance(type_, TreeType):
        return "tree"
    return "rows" if type_.is_list else "text" if type_.textual else "other"


def _size(subject: Facts, family: str, pieces: Formula, most: Formula) -> Formula:
    """All pieces of a text or tree, none of which shows a byte twice: each may be rounded up. Each
    file has a heading, and one more for each further piece that shows a part of it."""
    if family == "text":
        return subject.size + pieces
    return minimum(most, subject.size + pieces + (subject.count + pieces) * HEADER)


def _extent(contract: Strategy, subject: Facts, grain: int, sizes: Sizes) -> Extent:
    """What a contract is told of what it cuts, with real sizes where they are known."""
    family = family_of(subject.type)
    files = subject.count if family == "tree" else ZERO
    if family == "rows":
        return Extent(subject.size, subject.count, subject.item, files, grain)
    origin = min(subject.origins, default="text")
    units = symbol(contract.units, origin).bind(sizes)
    longest = symbol("longest", origin).bind(sizes)
    return Extent(subject.size, units, longest, files, grain)
