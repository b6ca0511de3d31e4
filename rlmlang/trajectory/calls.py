"""Events folded into the call tree: a run, its steps, their calls, with cost at every node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.events import (
    CallEvent,
    CallFailed,
    CallFinished,
    CallRead,
    CallStarted,
    CellFinished,
    CodeCalled,
    Event,
    FilesLeftOut,
    ItemSkipped,
    Noticed,
    Paused,
    Range,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    ToolCalled,
    step_of,
)


@dataclass
class CallRecord:
    """One call with all its attempts, and what was unusual about those that were read; `sent` are
    the rows of requests that nothing has come of, `cell` is what came of the code of a turn, `lost`
    are the bytes of an item that was `skipped`."""

    id: CallId
    prompt: str
    sent: set[int] = field(default_factory=set)
    attempts: list[CallFinished | CallFailed] = field(default_factory=list)
    skipped: str = ""
    lost: Sequence[Range] = ()
    reads: dict[int, CallRead] = field(default_factory=dict)
    cell: CellFinished | None = None
    began: float = 0.0


@dataclass
class StepRecord:
    """A step with its calls in order, and the functions that code in it called."""

    node: str
    verb: str
    calls: dict[CallId, CallRecord] = field(default_factory=dict)
    codes: list[CodeCalled] = field(default_factory=list)
    tools: list[ToolCalled] = field(default_factory=list)
    finished: bool = False
    items: int = 0
    skipped: int = 0
    began: float = 0.0
    ended: float = 0.0

    def total(self, what: str) -> float:
        """The sum over all attempts of `tokens_in`, `tokens_out` or `usd`."""
        return sum(float(getattr(a, what) or 0) for c in self.calls.values() for a in c.attempts)

    @property
    def name(self) -> str:
        """The step's name in its recipe."""
        return step_of(self.node)

    @property
    def priced(self) -> bool:
        """Whether every request had a known price."""
        return all(a.usd is not None for c in self.calls.values() for a in c.attempts)

    @property
    def attempts(self) -> int:
        """How many requests were sent."""
        return sum(len(c.attempts) for c in self.calls.values())


@dataclass
class RunRecord:
    """A run as it is shown; `paused` are the times in which requests waited."""

    started: RunStarted | None = None
    finished: RunFinished | None = None
    left_out: dict[str, list[list[str]]] = field(default_factory=dict)
    steps: dict[str, StepRecord] = field(default_factory=dict)
    paused: list[Paused] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)


def fold(events: Iterable[Event]) -> RunRecord:
    """The call tree of a run; events may stop anywhere."""
    run = RunRecord()
    for event in events:
        match event:
            case RunStarted():
                run.started = event
            case FilesLeftOut():
                run.left_out[event.source] = event.files
            case RunFinished():
                run.finished = event
            case StepStarted():
                _step(run, event, event.verb)
            case StepFinished():
                step = _step(run, event, event.verb)
                step.finished, step.items, step.skipped = True, event.items, event.skipped
                step.ended = event.at
            case CallStarted():
                _call(run, event, event.prompt).sent.add(event.row)
            case CallFinished() | CallFailed():
                call = _call(run, event, event.prompt)
                call.sent.discard(event.row)
                call.attempts.append(event)
            case ToolCalled():
                step = run.steps.setdefault(event.node, StepRecord(event.node, ""))
                step.tools.append(event)
            case CallRead():
                _call(run, event).reads[event.call.attempt] = event
            case CodeCalled():
                _step(run, event).codes.append(event)
            case CellFinished():
                _call(run, event).cell = event
            case ItemSkipped():
                skipped = _call(run, event)
                skipped.skipped, skipped.lost = event.reason, event.ranges
            case Paused():
                run.paused.append(event)
            case Noticed():
                run.noticed.append(event)
    return run


def _step(run: RunRecord, event: Event, verb: str = "") -> StepRecord:
    step = run.steps.setdefault(event.node, StepRecord(event.node, verb, began=event.at))
    step.verb = step.verb or verb
    return step


def _call(run: RunRecord, event: CallEvent, prompt: str = "") -> CallRecord:
    first = event.call.again(0)
    return _step(run, event).calls.setdefault(first, CallRecord(first, prompt, began=event.at))
