"""Kept runs as a program has them: all of a store, one by its name, and that of an outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.report.evidence import Answers
from rlmlang.resources import user_state
from rlmlang.runtime.files import recipe_in
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Changed, Fork, Options, Outcome, Prepared
from rlmlang.runtime.python_settings import NAMED, options_of
from rlmlang.runtime.shown import line_finder
from rlmlang.runtime.stored import reader_for, reader_of
from rlmlang.stores.address import address_of
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import RunRow
from rlmlang.stores.store import Store
from rlmlang.trajectory.events import Event
from rlmlang.trajectory.trajectory import Trajectory

if TYPE_CHECKING:
    from rlmlang.models.engines.call_context import Engine

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
    the eval or tuning that it was a part of; one that was `forked_from` another goes on from its
    point `forked_at`."""

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
    forked_from: str
    forked_at: str
    opening: Opening = field(repr=False, compare=False)

    @property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""
        return Trajectory(self.name, StoredRecord(self.opening, self.name))


def run_of(reader: StoreReader, row: RunRow, opening: Opening) -> Run:
    """A run of a store, with what it sent and cost."""
    calls, answers, usd = reader.totals(row)
    data = row.data
    return Run(
        name=row.name,
        state=reader.state(row),
        recipe=row.recipe,
        path=row.path,
        plan=row.plan,
        started=row.started,
        ended=row.ended,
        calls=calls,
        answers=answers,
        cost=usd,
        within=data.get("within", ""),
        forked_from=data.get("forked_from", ""),
        forked_at=data.get("forked_at", ""),
        opening=opening,
    )


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
    path = address_of(store) if store is not None else user_state() / "runs.db"
    return lambda: reader_for(path, own_only=False)


@dataclass(frozen=True, eq=False)
class KeptRun:
    """The run of an outcome, in the store that it was made with; `begin` makes another like it,
    `begin_here` in the running loop."""

    ready: Prepared
    store: Store
    engine: Engine | None
    begin: Callable[[Engine | None, Prepared, Store | None], Outcome]
    begin_here: Callable[[Engine | None, Prepared, Store | None], Awaitable[Outcome]]

    @property
    def run(self) -> str:
        """Its name."""
        return self.store.run.name

    @cached_property
    def trajectory(self) -> Trajectory:
        """All that happened in it."""
        return Trajectory(self.run, StoredRecord(self._open, self.run))

    @cached_property
    def evidence(self) -> Sequence[tuple[str, str]]:
        """Places whose answers went into its result, and what was said of each."""
        answers = Answers()
        for event in self.trajectory.events():
            answers.take(event)
        return answers.evidence(self.trajectory.answer, line_finder(self.ready.inputs))

    @property
    def seen_with(self) -> str:
        """How it is seen later; empty where no file keeps it."""
        return (
            f'rlmlang.trajectory_of("{self.run}", "{self.store.path}")' if self.store.path else ""
        )

    def fork(
        self, at: str, answer: str | None, recipe: str | Path | None, given: Changed
    ) -> Outcome:
        """A run that goes on from a point of this one. Raises BadRecipe and CodedError."""
        ready = self._ready(Fork(self.run, at, answer), recipe, given)
        return self.begin(self.engine, ready, self._beside())

    async def afork(
        self, at: str, answer: str | None, recipe: str | Path | None, given: Changed
    ) -> Outcome:
        """The same in the running loop. Raises BadRecipe and CodedError."""
        import anyio.to_thread

        fork = Fork(self.run, at, answer)
        ready = await anyio.to_thread.run_sync(lambda: self._ready(fork, recipe, given))
        return await self.begin_here(self.engine, ready, self._beside())

    def _ready(self, fork: Fork, recipe: str | Path | None, given: Changed) -> Prepared:
        """What goes on from a point, prepared."""
        what = self.ready.what if recipe is None else recipe_in(recipe)
        ready = prepare(what, self._options(fork, given), need_all=True)
        refuse(ready)
        return ready

    def _beside(self) -> Store | None:
        """The store of a run that no file keeps, for another."""
        return self.store.beside() if self.store.path is None else None

    def _options(self, fork: Fork, given: Changed) -> Options:
        """Those of this run, with what is changed."""
        was, now = self.ready.options, options_of(given)
        said = {name: getattr(now, name) for name in given if name not in NAMED}
        return replace(
            was,
            **said,
            models=now.models or was.models,
            engines={**was.engines, **now.engines},
            sets={**was.sets, **now.sets},
            fork=fork,
            fresh=now.fresh,
            retry_failed=False,
            only_kept=False,
        )

    def _open(self) -> StoreReader:
        return reader_of(self.store, self.ready.options)
