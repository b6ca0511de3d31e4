"""The calls of a run as columns: who made them, what their attempts used, which bytes they saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rlmlang.report.view.columns import Columns
from rlmlang.report.view.coverage import ranges_of
from rlmlang.report.view.numbered import Numbered
from rlmlang.trajectory.calls import CallRecord, RunRecord, StepRecord
from rlmlang.trajectory.events import CallFailed, CallFinished
from rlmlang.value import Json

TICKS, NANO = 10_000, 10**9
"""Parts of a second in which times are counted, and of a dollar in which money is."""
STATES = ("answered", "nothing", "failed", "left out", "sent")
UNPRICED = -1


@dataclass(frozen=True)
class Group:
    """What calls belong to: a step, or a session of a model that writes code. `parent` is the
    number of the group that it is a part of; -1 for the run."""

    id: str
    kind: str
    parent: int
    verb: str = ""


@dataclass
class CallTable:
    """The calls of a run in order, and the attempts of all of them, with the texts that columns
    name by numbers."""

    groups: list[Group] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    of_group: list[int] = field(default_factory=list)
    names: Numbered = field(default_factory=Numbered)
    documents: Numbered = field(default_factory=Numbered)

    @property
    def attempts(self) -> Iterator[tuple[int, CallFinished | CallFailed]]:
        """Each attempt with the number of its call."""
        for number, call in enumerate(self.calls):
            for attempt in call.attempts:
                yield number, attempt


def call_table(run: RunRecord) -> CallTable:
    """The calls of a run, those of a step and of a session together."""
    table = CallTable()
    steps = {node: number for number, node in enumerate(run.steps)}
    within = run.started.within if run.started is not None else {}
    for node, step in run.steps.items():
        parent = _around(node, within, steps)
        table.groups.append(Group(step.name, "step", parent, step.verb))
    for node, step in run.steps.items():
        _calls(table, step, steps[node])
    return table


def _around(node: str, within: Mapping[str, str], steps: Mapping[str, int]) -> int:
    """The nearest step that a node is a part of."""
    while (node := within.get(node, "")) and node not in steps:
        pass
    return steps.get(node, -1)


def _calls(table: CallTable, step: StepRecord, group: int) -> None:
    """The calls of a step, in its sessions those of each together."""
    sessions: dict[str, int] = {}
    for call in step.calls.values():
        above, chain = call.id.above, list[str]()
        while above is not None:
            chain.append(str(above))
            above = above.above
        parent = group
        for id in reversed(chain):
            if id not in sessions:
                sessions[id] = len(table.groups)
                table.groups.append(Group(id, "session", parent))
            parent = sessions[id]
        table.calls.append(call)
        table.of_group.append(parent)


def call_columns(table: CallTable, began: float, empty: Iterable[int]) -> Columns:
    """A row for each call. An item's call is named by its number, others by a text; `empty` are the
    numbers of the calls that were answered with nothing, as far as that is known."""
    nothing = frozenset(empty)
    rows, first = list[tuple[int, ...]](), 0
    for number, (call, group) in enumerate(zip(table.calls, table.of_group, strict=True)):
        index = call.id.index
        name = table.names(str(call.id)) if index is None else 0
        state = STATES.index("nothing") if number in nothing else STATES.index(state_of(call))
        at = round((call.began - began) * TICKS)
        prompt = table.names(call.prompt)
        rows.append((group, -1 if index is None else index, name, prompt, state, at, first))
        first += len(call.attempts)
    return Columns.of("group index name prompt state began first", rows)


def state_of(call: CallRecord) -> str:
    """What came of a call."""
    if call.skipped:
        return "left out"
    if not call.attempts:
        return "sent"
    return "failed" if isinstance(call.attempts[-1], CallFailed) else "answered"


def attempt_columns(table: CallTable, began: float) -> Columns:
    """A row for each attempt: when it ended, how long it took, what it used, the code of the
    problem, the model, whether the answer was kept from before, the repairs of reading it."""
    rows = (_attempt(table, table.calls[call], a, began) for call, a in table.attempts)
    return Columns.of("ended took tokens_in tokens_out usd code model reused repairs", rows)


def _attempt(
    table: CallTable, call: CallRecord, ended: CallFinished | CallFailed, began: float
) -> tuple[int, ...]:
    read = call.reads.get(ended.call.attempt)
    counted = ended.row and not ended.reused
    return (
        round((ended.at - began) * TICKS),
        round(ended.seconds * TICKS),
        ended.tokens_in if counted else 0,
        ended.tokens_out if counted else 0,
        UNPRICED if ended.usd is None else round(ended.usd * NANO) if counted else 0,
        table.names(ended.code if isinstance(ended, CallFailed) else ""),
        table.names(ended.model),
        int(ended.reused),
        table.names(", ".join(read.repairs) if read is not None else ""),
    )


def range_columns(table: CallTable) -> Columns:
    """A row for each byte range that a call saw."""
    rows = [
        (call, table.documents(str(part[0])), int(part[1]), int(part[2]))
        for call, part in ranges_of(table.calls)
    ]
    return Columns.of("call document start end", rows)


def groups_told(groups: Sequence[Group]) -> list[Json]:
    """The groups as JSON."""
    return [{"id": g.id, "kind": g.kind, "parent": g.parent, "verb": g.verb} for g in groups]
