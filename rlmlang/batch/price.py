"""What a batch may take, before anything is paid: the plans of its items in sum."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rlmlang.batch.items import Item, items_of
from rlmlang.batch.keys import parts_of_item
from rlmlang.batch.way import Way
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.ir.bounds import Bound
from rlmlang.ir.suite import Batch
from rlmlang.plan.verdict import Verdict, judge
from rlmlang.runtime.limits import refuse, refuse_within
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import BadRecipe
from rlmlang.schema.formula import Formula

SHOWN = 3


@dataclass
class Price:
    """The plans of the first `items` of a batch, `of` so many: how many of them differ, what these
    take together, the items that may cost most with their calls and dollars (None where a price is
    unknown), and those that cannot be run. Equal items are asked about once."""

    of: int
    items: int = 0
    distinct: int = 0
    totals: Bound = field(default_factory=Bound)
    verdict: Verdict = field(default_factory=lambda: Verdict(()))
    dearest: list[tuple[float, int, str]] = field(default_factory=list)
    unfit: list[tuple[str, Diagnostic]] = field(default_factory=list)
    unfit_count: int = 0

    def refuse(self, item: Item, problem: Diagnostic) -> None:
        """One that cannot be run; the first few are remembered."""
        self.unfit_count += 1
        if len(self.unfit) < SHOWN:
            self.unfit.append((item.name, problem))


def price_of(
    batch: Batch,
    way: Way,
    count: int,
    most: int | None = None,
    step: Callable[[], None] = lambda: None,
) -> Price:
    """The price of a batch of so many items, or of the first `most`. `step` is called for each.
    Raises CodedError for what is about all of them."""
    made, seen = Price(count), set[bytes]()
    for item in _first(items_of(batch), most):
        made.items += 1
        try:
            ready = prepare(batch.path, way.options_for(batch, item), need_all=True)
            refuse(ready)
            refuse_within(ready, batch.budget)
        except BadRecipe as bad:
            made.refuse(item, bad.diagnostics[0])
            continue
        except CodedError as problem:
            made.refuse(item, problem.diagnostic)
            continue
        key = hashlib.sha256(str(sorted(parts_of_item(ready).items())).encode()).digest()
        if key not in seen:
            seen.add(key)
            _add(made, item.name, ready.plan.totals)
        step()
    made.distinct = len(seen)
    made.verdict = judge(batch.budget, made.totals, "", {})
    return made


def _first(items: Iterable[Item], most: int | None) -> Iterable[Item]:
    for item in items:
        if most is not None and item.number > most:
            return
        yield item


def _add(made: Price, name: str, bound: Bound) -> None:
    made.totals += bound
    calls, usd = _number(bound.worst.calls), _number(bound.worst.usd)
    made.dearest = heapq.nlargest(SHOWN, [*made.dearest, (usd, int(calls), name)])


def _number(f: Formula | None) -> float:
    exact = f.exact() if f is not None else None
    return float(exact) if exact is not None else 0.0
