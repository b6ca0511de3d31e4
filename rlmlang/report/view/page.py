"""What a page shows, as values: a run, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rlmlang.budget import Usage
from rlmlang.plan.plan import Plan
from rlmlang.report.diff.difference import Difference
from rlmlang.report.view.columns import Columns
from rlmlang.trajectory.events import Event
from rlmlang.value import Json


@dataclass(frozen=True)
class Kept:
    """A run as it is kept: its events without texts, and what finds the request and the answer of a
    row. `plan` is None where none is kept; times are seconds of the wall clock."""

    name: str
    recipe: str
    state: str
    started: float
    ended: float | None
    usage: Usage
    plan: Plan | None
    events: Callable[[], Iterable[Event]]
    texts: Callable[[int], tuple[str, str]]
    item: str = ""


@dataclass(frozen=True)
class RunPage:
    """A run as it is shown. `head` is what is drawn at once; `tables` are its calls, their
    attempts, the byte ranges that they read and those of the coverage map; `blocks` are texts, each
    read when somebody looks at it."""

    name: str
    head: Mapping[str, Json]
    tables: Mapping[str, Columns]
    blocks: Mapping[str, Json]


@dataclass(frozen=True)
class Page:
    """A page: of one run, of two that are compared, or of a batch with the runs of its items.
    `items` has a row for each item of the batch."""

    title: str
    runs: tuple[RunPage, ...]
    change: Difference | None = None
    batch: Mapping[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the run, of two that of the later one."""
        return str(self.batch["run"]) if self.batch else self.runs[-1].name

    @property
    def over(self) -> bool:
        """Whether nothing of it goes on."""
        states = [self.batch["state"]] if self.batch else [run.head["state"] for run in self.runs]
        return "running" not in states
