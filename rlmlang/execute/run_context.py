"""What a run carries with it: the ledger, the record, the limits, the tools."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rlmlang.budget import Account, Usage
from rlmlang.context import Datum, Measure
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.allowance import Allowance
from rlmlang.execute.evaluate import RunCode
from rlmlang.execute.receipt import Receipt
from rlmlang.execute.streamed import Sink
from rlmlang.ir import recipe as r
from rlmlang.ir.calls import CallId
from rlmlang.ir.types import Type
from rlmlang.plan.plan import Plan
from rlmlang.protocols import Asker, Partition, Sandbox, Search, ToolHost
from rlmlang.trajectory.events import CallEvent, Event, parent_of, stamped

PARALLEL = 64


@dataclass(frozen=True)
class Tools:
    """Implementations from other rooms, put in by the composition root."""

    asker: Asker
    partition: Callable[[str, Mapping[str, object], int, int], Partition]
    search: Callable[[str, Mapping[str, object]], Search]
    code: RunCode
    measure: Measure
    sandbox: Callable[[r.Repl | None], Sandbox]
    conform: Callable[[Type, Sequence[Datum], Mapping[str, Datum]], Datum]
    pattern: Callable[[RunContext, str, Mapping[str, Datum]], Awaitable[Datum]]
    host: ToolHost


@dataclass
class RunContext:
    """One run. Every event, every reservation and every byte read goes through it. `depth` is that
    of the call inside which its steps are carried out, 0 for those of the recipe; `inside` are the
    numbers of the items for which they are carried out, from the outermost map on, and
    `deepest` is the depth that their budgets allow. `before` is what items with accounts of their
    own spent in an earlier part of the run, by the item's call, with the models. A `sink` takes the
    items of the result as they come; so many calls may wait `in_batches`."""

    plan: Plan
    run: str
    tools: Tools
    account: Account
    record: Callable[[Event], None]
    sequence: Callable[[], int]
    receipt: Receipt = field(default_factory=Receipt)
    inside: tuple[int, ...] = ()
    parallel: int = PARALLEL
    in_batches: int = 0
    depth: int = 0
    deepest: int | None = None
    before: Mapping[str, Sequence[tuple[str, Usage]]] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    notice: Callable[[CodedError, str], None] = lambda problem, of: None
    sink: Sink | None = None
    allowance: Allowance = field(init=False)

    def __post_init__(self) -> None:
        self.allowance = Allowance(self.plan)

    @property
    def at_once(self) -> int:
        """How many calls of a step may be asked at a time."""
        return max(self.parallel, self.in_batches)

    def for_item(self, number: int, account: Account, deepest: int | None) -> RunContext:
        """The run inside the steps of an item, which pays from an account of its own."""
        most = [d for d in (self.deepest, deepest) if d is not None]
        inside = (*self.inside, number)
        scope = replace(self, inside=inside, account=account, deepest=min(most, default=None))
        scope.allowance = self.allowance
        return scope

    def emit(self, event: Event) -> None:
        """Records an event of this run: says when it was, and where in the plan."""
        if isinstance(event, CallEvent):
            node = self.node(event.call.step)
            parent = parent_of(event.call, node)
        else:
            node, parent = event.node, self.plan.recipe.name
        self.record(stamped(event, self.run, self.sequence(), self.clock(), node, parent))

    def call(self, step: str, *path: str | int) -> CallId:
        """The call at a path of a step, or the step's own, for the item it is carried out for."""
        return CallId.of(step, *path, items=self.inside)

    def node(self, step: str) -> str:
        """The plan id of a step."""
        return f"{self.plan.recipe.name}.{step}"
