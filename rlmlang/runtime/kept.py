"""Kept runs as a program has them: all of a store, one by its name, and that of an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rlmlang.resources import user_state
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.stored import own_only_of, reader_for
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.trajectory import Trajectory

Opening = Callable[[], StoreReader]


@dataclass(frozen=True, eq=False)
class StoredRecord:
    """A run's record in a store, which is opened when it is first read."""

    opening: Opening
    run: str

    def events(self, *, texts: bool) -> Iterator[Event]:
        """What happened, in order. Raises CodedError."""
        return self._reader.events(self._reader.choose(self.run), texts=texts)

    def texts(self, row: int) -> tuple[str, str]:
        """The request and the answer of a row. Raises CodedError."""
        return self._reader.texts(row)

    @cached_property
    def _reader(self) -> StoreReader:
        return self.opening()


@dataclass(frozen=True)
class Run:
    """A kept run: its `state` is running, finished, parked, failed or killed; all but the first two
    are gone on with by the same command. `calls` are the requests that it sent, of which
    `answers` brought one; `cost` is in dollars, times are seconds of the wall clock. `within` is
    the eval or tuning that it was a part of."""

    name: str
    state: str
    recipe: str
    path: str
    plan: str
    started: float
    ended: float | None
    calls: int
    answers: int
    cost: float
    within: str
    opening: Opening = field(repr=False, compare=False)

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""
        return Trajectory(self.name, StoredRecord(self.opening, self.name))


def run_of(reader: StoreReader, row: RunRow, opening: Opening) -> Run:
    """A run of a store, with what it sent and cost."""
    calls, answers, usd = reader.totals(row)
    within = row.data.get("within", "")
    return Run(
        row.name, reader.state(row), row.recipe, row.path, row.plan, row.started, row.ended,
        calls, answers, usd, within, opening,
    )  # fmt: skip


def runs(store: str | Path | None = None) -> tuple[Run, ...]:
    """The runs that a store keeps, the oldest first: that of `load` and `completion` unless another
    is named. Raises CodedError (unknown-run, store-damaged, store-too-new)."""
    opening = _opening(store)
    with closing(opening()) as reader:
        return tuple(run_of(reader, row, opening) for row in reader.runs())


def trajectory_of(run: str = "last", store: str | Path | None = None) -> Trajectory:
    """All that happened in a kept run, which the beginning of its name may name; the last one
    unless one is named. Raises CodedError (unknown-run, store-damaged, store-too-new)."""
    opening = _opening(store)
    with closing(opening()) as reader:
        name = reader.choose(run).name
    return Trajectory(name, StoredRecord(opening, name))


def _opening(store: str | Path | None) -> Opening:
    path = Path(store) if store is not None else user_state() / "runs.db"
    return lambda: reader_for(path, own_only=False)


@dataclass(frozen=True, eq=False)
class KeptRun:
    """The run of an outcome, in the store that it was made with."""

    ready: Prepared
    store: Store
    run: str

    @cached_property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""
        return Trajectory(self.run, StoredRecord(self._open, self.run))

    def _open(self) -> StoreReader:
        if self.store.path is None:
            return StoreReader(self.store.reader)
        return reader_for(self.store.path, own_only=own_only_of(self.ready.options))
