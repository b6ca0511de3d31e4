"""What of a run waits in batches of its providers': the batch's name, its state, its counts."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text

from rlmlang.trajectory.events import BatchChanged
from rlmlang.trajectory.provider_batch import ProviderBatch


def waiting_lines(found: Sequence[tuple[ProviderBatch, int]]) -> list[Text]:
    """A line for each batch, with how many calls of the run wait in it."""
    return [Text(f"  {_line(batch, calls)}", style="yellow") for batch, calls in found]


def _line(batch: ProviderBatch, calls: int) -> str:
    waits = "1 call waits" if calls == 1 else f"{calls:,} calls wait"
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(batch.made))
    words = batch.said or batch.state
    return f"{waits} in {batch.name or 'a batch without a name yet'} ({words}), made {made}"


def changed_words(event: BatchChanged) -> str:
    """What became of a batch, in a line."""
    name = event.batch or "a batch"
    if event.state == "lost":
        return f"{name} of {event.calls:,} calls was not made: {event.said or 'sent anew'}"
    done = f", {event.done:,} done" if event.done else ""
    failed = f", {event.failed:,} failed" if event.failed else ""
    return f"{name} of {event.calls:,} calls: {event.said or event.state}{done}{failed}"
