"""How a batch goes on: one bar for all items, a line for each in work, failures as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.progress import TaskID
from rich.text import Text

from rlmlang.batch.result import Ended, Totals
from rlmlang.cli.bars import Bars, Drawing
from rlmlang.cli.console import console
from rlmlang.cli.lines import Lines
from rlmlang.report.batch import counted
from rlmlang.report.tally import Rate
from rlmlang.trajectory.events import NOT_TAKEN, CallFailed, CallFinished, Event

if TYPE_CHECKING:
    from rlmlang.budget import Usage
    from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
    from rlmlang.ir.recipe import Budget


class BatchBar(Drawing):
    """Listens to a batch of so many items; without a terminal it says a line now and then."""

    def __init__(
        self,
        name: str,
        items: int,
        budget: Budget,
        *,
        quiet: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.console = console("stderr", soft_wrap=True)
        self.quiet, self.budget = quiet, budget
        self.totals, self.rate = Totals(name), Rate(clock)
        self.calls, self.usd, self.priced = 0, 0.0, True
        self.bars = Bars(self.console, self.spent, quiet=quiet)
        self.all = self.bars.add_task(name, total=items, note="")
        self.at_work: dict[str, TaskID] = {}
        self.lines = Lines(self.console, self.so_far, quiet=quiet)

    def heard(self, name: str, event: Event) -> None:
        """An event of an item in work."""
        if name not in self.at_work:
            self.at_work[name] = self.bars.add_task(f"  {name}", total=None, note="")
        never = isinstance(event, CallFailed) and event.code == NOT_TAKEN
        if isinstance(event, CallFinished | CallFailed) and not (event.reused or never):
            self._sent(event.usd)
            self.bars.advance(self.at_work[name])

    def begun(self, before: Usage) -> None:
        """What the budget was charged before."""
        self.calls, self.usd = before.calls, float(before.usd)

    def _sent(self, usd: float | None) -> None:
        self.calls += 1
        self.usd += usd or 0.0
        self.priced = self.priced and usd is not None

    def take(self, ended: Ended) -> None:
        """An item that has ended."""
        self.totals.take(ended)
        if ended.state in ("done", "failed"):
            self.rate.add()
        if (task := self.at_work.pop(ended.item.name, None)) is not None:
            self.bars.remove_task(task)
        elif ended.state in ("done", "failed"):  # in another process
            self.calls += ended.usage.calls
            self.usd += float(ended.usage.usd)
        self.bars.update(self.all, advance=1, note=counted(self.totals.counts()))
        if ended.state == "failed" and ended.problem is not None and not self.quiet:
            self._failure(ended.item.name, ended.problem)

    def _failure(self, name: str, problem: Diagnostic) -> None:
        """A line for an item that failed, cut where a terminal ends: `rlm show` has all of it."""
        line = Text(f"  {name}  {problem.code}: {' '.join(problem.message.split())}", "red")
        if self.console.is_terminal:
            line.truncate(self.console.width - 1, overflow="ellipsis")
        self.console.print(line)

    def step(self) -> None:
        """One more is done."""
        self.rate.add()
        self.bars.advance(self.all)

    def notice(self, problem: CodedError) -> None:
        """What concerns all items, and stops none."""
        if not self.quiet:
            found = problem.diagnostic
            self.console.print(f"  {found.message} ({found.code})", style="yellow", markup=False)

    def so_far(self) -> str:
        """How far it is, in one line."""
        task = self.bars.tasks[0]
        done = f"{task.completed:,.0f} of {task.total or 0:,.0f} items"
        told = counted(self.totals.counts())
        return "  ".join(x for x in (f"{done}: {told}" if told else done, self.spent()) if x)

    def spent(self) -> str:
        """What was spent against the limits there are, how fast it goes, how long it may take;
        empty before the first call."""
        if not self.calls:
            return ""
        most, task = self.budget, self.bars.tasks[0]
        calls = f"{self.calls:,}" + (f" of {most.calls:,}" if most.calls is not None else "")
        limit = f" of ${most.usd:,.2f}" if most.usd is not None else ""
        usd = f"${self.usd:,.4f}{limit}" if self.priced else "price unknown"
        each, _ = self.rate.each_second()
        pace = f"{each:,.1f} items/s" if each else ""
        left = self.rate.left((task.total or 0) - task.completed)
        return "  ".join(x for x in (f"{calls} calls", usd, pace, left) if x)
