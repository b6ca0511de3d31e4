"""What kept runs have used: chosen, and added up by what they have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rlmlang.budget import Usage
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RunRow
from rlmlang.trajectory.events import RunStarted

NONE = "none"
"""The group of runs without a batch, or without packages."""


@dataclass(frozen=True)
class Used:
    """What calls used, and how many of them were answered."""

    usage: Usage = field(default_factory=Usage)
    answers: int = 0

    def __add__(self, other: Used) -> Used:
        return Used(self.usage + other.usage, self.answers + other.answers)


@dataclass(frozen=True)
class KeptRun:
    """A run of a store: its state, what it used of each model, and the packages that its recipe
    uses, each with its version."""

    store: StoreAddress
    row: RunRow
    state: str
    by_model: Mapping[str, Used]
    packages: tuple[str, ...] = ()

    @property
    def used(self) -> Used:
        """What it used of all models."""
        return added(self.by_model.values())

    @property
    def batch(self) -> str:
        """The batch of which it is an item; empty for none."""
        item = self.row.data.get("item")
        return str(item["batch"]) if item is not None else ""

    @property
    def round(self) -> tuple[str, str]:
        """The run of a batch that it is, or of which it is an item, in its store; names are empty
        for none."""
        item = self.row.data.get("item")
        own = self.row.name if "batch" in self.row.data else ""
        return str(self.store), item["round"] if item is not None else own


@dataclass(frozen=True)
class Wanted:
    """Which runs are wanted: those that began at `since` (seconds since 1970) or later, of the
    recipe, in the state, that asked the model; of that, only what was asked counts."""

    since: float = 0.0
    recipe: str = ""
    state: str = ""
    model: str = ""

    def of(self, run: KeptRun, recipe: str = "") -> KeptRun | None:
        """A run as far as it is wanted; `recipe` is that of its items, where it is a batch."""
        if run.row.started < self.since or self.recipe not in ("", run.row.recipe, recipe):
            return None
        if self.state not in ("", run.state) or (self.model and self.model not in run.by_model):
            return None
        kept = {m: u for m, u in run.by_model.items() if self.model in ("", m)}
        return KeptRun(run.store, run.row, run.state, kept, run.packages)


def kept_runs(reader: StoreReader, *, packages: bool = False) -> Iterator[KeptRun]:
    """All runs of a store one after another, the oldest first. Raises CodedError
    (store-damaged)."""
    return (
        KeptRun(
            reader.path,
            run,
            reader.state(run),
            _by_model(reader, run),
            _packages(reader, run) if packages else (),
        )
        for run in reader.each_run()
    )


def _by_model(reader: StoreReader, run: RunRow) -> dict[str, Used]:
    """What a run used of each model, by the name that it was given: where an endpoint is named,
    `small` is asked as `openai/small`."""
    given, found = set(run.data.get("models", {}).values()), dict[str, Used]()
    for model, used in reader.by_model(run).items():
        tail = model.partition("/")[2]
        name = tail if tail in given and model not in given else model
        found[name] = found.get(name, Used()) + Used(*used)
    return found


def _packages(reader: StoreReader, run: RunRow) -> tuple[str, ...]:
    started = reader.last(run, RunStarted)
    return tuple(sorted(started.packages)) if started is not None else ()


def added(used: Iterable[Used]) -> Used:
    """All of it together."""
    return sum(used, Used())


def _whole(name: Callable[[KeptRun], str]) -> Callable[[KeptRun], Iterator[tuple[str, Used]]]:
    """A run counts for one group alone."""
    return lambda run: iter([(name(run), run.used)])


def _day(run: KeptRun) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(run.row.started))


GROUPS: Mapping[str, Callable[[KeptRun], Iterator[tuple[str, Used]]]] = {
    "recipe": _whole(lambda run: run.row.recipe),
    "model": lambda run: iter(run.by_model.items()),
    "day": _whole(_day),
    "batch": lambda run: iter(() if "batch" in run.row.data else [(run.batch or NONE, run.used)]),
    "package": _whole(lambda run: ", ".join(run.packages) or NONE),
}
"""What runs are added up by, and what a run gives to each group; each call counts once."""


def grouped(runs: Iterable[KeptRun], by: str) -> dict[str, tuple[int, Used]]:
    """How many runs each group has, and what they used; groups in order of their names."""
    found: dict[str, tuple[int, Used]] = {}
    for run in runs:
        for name, used in GROUPS[by](run):
            count, before = found.get(name, (0, Used()))
            found[name] = count + 1, before + used
    return dict(sorted(found.items()))
