"""Bars in a terminal, each a line that fits it; and a bar for work that goes over examples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from rlmlang.cli.console import console
from rlmlang.cli.lines import Lines
from rlmlang.report.tally import Rate

if TYPE_CHECKING:
    from rlmlang.testing.evals import Scored

LONG, SHORT, WIDE = 28, 10, 90  # of a bar, in a terminal that is WIDE and in a narrower one


class Line(ProgressColumn):
    """All of a task in a line, cut with … where the terminal ends."""

    def __init__(self, drawn: Console) -> None:
        super().__init__()
        self.console = drawn

    def render(self, task: Task) -> Text:
        """Its name, a bar, its counts, its time, its note."""
        wide = self.console.width
        size = LONG if wide >= WIDE else SHORT
        full = round(size * min(1.0, task.completed / task.total)) if task.total else 0
        text = Text(f"  {task.description} ")
        if task.total is not None:  # of what nobody knows the length, there is no bar
            text.append("━" * full, "green").append("━" * (size - full), "dim")
        of = f"/{task.total:,.0f}" if task.total is not None else ""
        seconds = int(task.elapsed or 0)
        text.append(f" {task.completed:,.0f}{of} {seconds // 60}:{seconds % 60:02}")
        text.append(f"  {task.fields['note']}")
        text.truncate(wide - 1, overflow="ellipsis")
        return text


class Bars(Progress):
    """Bars that are gone when they stop; `below` gives a line that stands under them."""

    def __init__(self, drawn: Console, below: Callable[[], str], *, quiet: bool) -> None:
        self.below = below
        super().__init__(
            Line(drawn), console=drawn, transient=True, disable=quiet or not drawn.is_terminal
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """The tasks that go on, and the line."""
        yield self.make_tasks_table(self.tasks)
        if words := self.below():
            text = Text(f"  {words}")
            text.truncate(self.console.width - 1, overflow="ellipsis")
            yield text


class Drawing:
    """Bars on a terminal and lines elsewhere, while it is entered."""

    bars: Bars
    lines: Lines

    def __enter__(self) -> Self:
        self.bars.start()
        self.lines.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lines.stop()
        self.bars.stop()


class Bar(Drawing):
    """How many of the examples are done, and their mean so far; without a terminal, in a line now
    and then."""

    def __init__(
        self, words: str, *, quiet: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        drawn = console("stderr")
        self.sum, self.count, self.failed, self.usd = 0.0, 0, 0, 0.0
        self.rate = Rate(clock)
        self.bars = Bars(drawn, self._used, quiet=quiet)
        self.task = self.bars.add_task(words, total=None, note="")
        self.lines = Lines(drawn, self.so_far, quiet=quiet)

    def so_far(self) -> str:
        """How many are done, in one line."""
        task = self.bars.tasks[0]
        of = f" of {task.total:,.0f}" if task.total is not None else ""
        told = f"{task.description} {task.completed:,.0f}{of}  {task.fields['note']}".rstrip()
        return f"{told}  {used}" if (used := self._used()) else told

    def _used(self) -> str:
        """What the examples have used, how many failed, how fast it goes and how long it takes."""
        if not self.count:
            return ""
        task, (each, _) = self.bars.tasks[0], self.rate.each_second()
        pace = f"{each:,.1f} examples/s" if each else ""
        failed = f"{self.failed:,} failed" if self.failed else ""
        left = self.rate.left((task.total or 0) - task.completed)
        return "  ".join(x for x in (f"${self.usd:,.2f}", left, failed, pace) if x)

    def total(self, count: int) -> None:
        """How many there will be."""
        self.bars.update(self.task, total=count)

    def stage(self, words: str, scored: Scored | None) -> None:
        """A new stage, or an example of the one that goes on."""
        if scored is not None:
            self.take(scored)
            return
        self.sum, self.count = 0.0, 0
        self.bars.update(self.task, description=words)

    def take(self, scored: Scored) -> None:
        """One that is done."""
        self.sum, self.count = self.sum + scored.score, self.count + 1
        self.failed += bool(scored.problem)
        self.usd += float(scored.usage.usd)
        self.rate.add()
        self.bars.update(self.task, advance=1, note=f"score {self.sum / self.count:.3f}")
