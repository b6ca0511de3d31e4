"""A bar for work that goes over examples."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from rlmlang.cli.console import console
from rlmlang.cli.lines import Lines

if TYPE_CHECKING:
    from rlmlang.testing.evals import Scored


class Bar:
    """How many of the examples are done, and their mean so far; without a terminal, in a line now
    and then."""

    def __init__(self, words: str, *, quiet: bool) -> None:
        drawn = console("stderr")
        self.bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=drawn,
            disable=quiet or not drawn.is_terminal,
        )
        self.task = self.bars.add_task(words, total=None, note="")
        self.sum, self.count = 0.0, 0
        self.lines = Lines(drawn, self.so_far, quiet=quiet)

    def so_far(self) -> str:
        """How many are done, in one line."""
        task = self.bars.tasks[0]
        of = f" of {task.total:,.0f}" if task.total is not None else ""
        return f"{task.description} {task.completed:,.0f}{of}  {task.fields['note']}".rstrip()

    def __enter__(self) -> Bar:
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
        self.bars.update(self.task, advance=1, note=f"score {self.sum / self.count:.3f}")
