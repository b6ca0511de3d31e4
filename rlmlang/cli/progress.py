"""Live progress on stderr when a terminal looks; plan, evidence and receipt in any case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from rich.progress import Task, TaskID

from rlmlang.cli.bars import Bars, Drawing
from rlmlang.cli.console import console
from rlmlang.cli.lines import EVERY, Lines
from rlmlang.context import Datum
from rlmlang.ir.calls import CallId
from rlmlang.plan.plan import Plan
from rlmlang.report.evidence import Answers
from rlmlang.report.plan import short
from rlmlang.report.receipt import evidence_view, receipt_view
from rlmlang.report.tally import Tally
from rlmlang.report.waiting_batches import changed_words
from rlmlang.trajectory.events import (
    BatchChanged,
    CallFailed,
    CallFinished,
    CallStarted,
    Event,
    ItemSkipped,
    Noticed,
    Paused,
    RunResumed,
    RunStarted,
    StepFinished,
    StepStarted,
)

NOTHING: Mapping[str, Datum] = {}

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Outcome


class Progress(Drawing):
    """Listens to a run's events. Without a terminal it says `every` so many seconds how far the run
    is. `redact` takes secrets out of what is quoted of answers; `inputs` hold the documents whose
    lines are named."""

    def __init__(
        self,
        plan: Plan,
        *,
        quiet: bool,
        redact: Callable[[str], str] = str,
        every: float = EVERY,
        inputs: Mapping[str, Datum] = NOTHING,
    ) -> None:
        self.plan, self.quiet, self.redact = plan, quiet, redact
        self.inputs = inputs
        self.console = console("stderr", soft_wrap=True)
        self.tally = Tally(plan.recipe.budget, plan.totals.expected.calls.value())
        self.bars = Bars(self.console, self.tally.words, quiet=quiet)
        self.tasks: dict[str, TaskID] = {}
        self.sessions: dict[str, tuple[int, int]] = {}  # turns and sub-calls of steps with code
        self.in_flight: dict[str, set[int]] = {}  # the requests of a step that are on their way
        self.answers = Answers()
        self.batches: dict[str, tuple[str, str]] = {}  # the states of batches, as they were told
        self.lines = Lines(self.console, self.so_far, quiet=quiet, every=every)

    def __enter__(self) -> Self:
        if not self.quiet:
            self.console.print(short(self.plan))
        return super().__enter__()

    def so_far(self) -> str:
        """How far the steps are that are going on, and what the run used, in one line; empty before
        the first."""
        steps = [s for s in map(self._step, list(self.tasks)) if s]
        return "  ".join(x for x in ("; ".join(steps), self.tally.words()) if x)

    def _step(self, node: str) -> str:
        task, waiting = self._task(node), len(self.in_flight.get(node, ()))
        if task.finished and not waiting:
            return ""
        of = f" of {task.total:,.0f}" if task.total is not None else ""
        return f"{node} {task.completed:,.0f}{of}, {waiting:,} in flight"

    def take(self, event: Event) -> None:
        """One event of the run."""
        self.tally.take(event)
        self.answers.take(event)
        match event:
            case StepStarted():
                self._begin(event)
            case CallStarted() if event.node in self.tasks:
                self._in_flight(event.node).add(event.row)
                self._note(event.node)
            case CallFinished():
                self._advance(event.node, event.call, event.row)
            case CallFailed() if event.node in self.tasks:
                self._in_flight(event.node).discard(event.row)
                self._note(event.node)
            case ItemSkipped():
                self._advance(event.node, event.call)
            case RunStarted() if event.beside and not self.quiet:
                self.console.print(f"{event.beside} is going on; its answers are shared")
            case RunResumed() if not self.quiet:
                self.console.print(resumed(event))
            case Paused() if event.seconds >= 2 and not self.quiet:
                self.console.print(
                    f"  {event.model} waits {event.seconds:.0f} s: {event.why}", style="yellow"
                )
            case BatchChanged() if not self.quiet and self._news(event):
                self.console.print(f"  {changed_words(event)}", markup=False)
            case Noticed() if not self.quiet:
                words = f"  {event.message} ({event.code})"
                self.console.print(words, style="yellow", markup=False)
            case StepFinished() if event.node in self.tasks:
                task = self._task(event.node)
                self.bars.update(
                    self.tasks[event.node],
                    total=max(1, task.completed),
                    completed=max(1, task.completed),
                    visible=False,
                )

    def _news(self, event: BatchChanged) -> bool:
        """Whether a batch is in another state than it was, whatever its counts."""
        before, now = self.batches.get(event.batch), (event.state, event.said)
        self.batches[event.batch] = now
        return before != now

    def _begin(self, event: StepStarted) -> None:
        node = self.plan.of_event(event.node)
        if node is None or not (node.prompt or node.parts):
            return
        calls = node.bound.expected.calls.value()
        self.tasks[event.node] = self.bars.add_task(node.id, total=calls or None, note=node.model)

    def _advance(self, node: str, call: CallId, row: int = 0) -> None:
        """One call more of a step; of code that a model writes, its turns and sub-calls."""
        if node not in self.tasks:
            return
        self.bars.advance(self.tasks[node])
        task = self._task(node)
        if task.total is not None and task.completed > task.total:
            found = self.plan.of_event(node)
            worst = found.bound.worst.calls.value() if found is not None else None
            self.bars.update(self.tasks[node], total=worst)
        turns, subs = self.sessions.get(node, (0, 0))
        if call.own or turns:
            self.sessions[node] = (turns + 1, subs) if call.own else (turns, subs + 1)
        self._in_flight(node).discard(row)
        self._note(node)

    def _in_flight(self, node: str) -> set[int]:
        return self.in_flight.setdefault(node, set())

    def _note(self, node: str) -> None:
        found = self.plan.of_event(node)
        note = spoken(found.model if found is not None else "", *self.sessions.get(node, (0, 0)))
        waiting = len(self._in_flight(node))
        self.bars.update(self.tasks[node], note=f"{note}  {waiting} in flight" if waiting else note)

    def _task(self, node: str) -> Task:
        return self.bars.tasks[list(self.tasks).index(node)]

    def receipt(self, outcome: Outcome, notice: str, seen_with: str) -> None:
        """Evidence and receipt at the end; `seen_with` is the command that shows the run."""
        from rlmlang.execute.plain_values import jsonable
        from rlmlang.runtime.shown import line_finder

        if outcome.problem is None:
            found = self.answers.evidence(jsonable(outcome.result), line_finder(self.inputs))
            if found or self.answers.more:
                shown = [(place, self.redact(said)) for place, said in found]
                self.console.print(evidence_view(shown, self.answers.more, seen_with))
        self.console.print(
            receipt_view(
                outcome.run,
                outcome.receipt,
                outcome.usage,
                outcome.seconds,
                notice,
                seen_with=seen_with,
                priced=outcome.priced,
                reused=outcome.reused,
                unanswered=outcome.unanswered,
                notices=[n.message for n in outcome.notices],
            )
        )


def spoken(model: str, turns: int, subs: int) -> str:
    """What is said beside the bar of a step: the model, and of code that it writes what it does."""
    if not turns:
        return model
    words = f"{turns} {'turn' if turns == 1 else 'turns'}"
    return f"{model}  {words}, {subs} {'sub-call' if subs == 1 else 'sub-calls'}"


def resumed(event: RunResumed) -> str:
    """What is said when a run is resumed."""
    return (
        f"resuming {event.run}: {event.kept:,} answers are kept, {event.calls:,} calls and "
        f"${event.usd:,.4f} of the budget are used"
    )
