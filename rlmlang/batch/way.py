"""How a batch is to be gone over: which items, how many at a time, when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from rlmlang.batch.history import Earlier
from rlmlang.batch.items import Item, items_of
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.suite import Batch
from rlmlang.models.engines.call_context import Engine
from rlmlang.runtime.checking import home_of
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.project import load
from rlmlang.runtime.root import root_of
from rlmlang.stores.queue.tables import Listing, Queue

LASTS = 30.0  # seconds of a lease, where a worker says nothing else
STATES = ("failed", "finished", "killed", "parked", "running")
WORDS = ("changed", "failed", "missing", *(f"state:{s}" for s in STATES))


@dataclass(frozen=True)
class Wish:
    """What is wanted of a batch, as it is written: which items, how many of them may fail, whether
    it goes on past all, whether it only says what it would do."""

    select: tuple[str, ...] = ()
    max_failures: str = ""
    keep_going: bool = False
    dry: bool = False


@dataclass(frozen=True)
class OpenBatch:
    """A batch that another process began: its run, what that is called, and its queue."""

    run: str
    title: str
    queue: Queue


@dataclass(frozen=True)
class Way:
    """The `options` of every item; how many `at_once`; after how many failures no item more is
    begun (None for never); which are `selected`, all where nothing is; `fresh` runs those anew
    that are done; an `engine` takes the place of models; a `dry` run only says what it would do;
    what the batch sets of the `settled` parameters does not count, since a profile sets them.
    Where several processes go over the items, `shared` is what this one says of them to the others,
    or `helps` the batch of another one; its `lease` is lost after so many seconds without a sign of
    life."""

    options: Options
    at_once: int
    failures: int | None = 0
    selected: tuple[str, ...] = ()
    fresh: bool = False
    dry: bool = False
    engine: Engine | None = field(default=None, compare=False)
    settled: frozenset[str] = frozenset()
    shared: Listing | None = None
    helps: OpenBatch | None = None
    lease: float = LASTS

    @classmethod
    def of(cls, batch: Batch, options: Options, items: int, wish: Wish) -> Way:
        """The way over so many items. Raises CodedError (wrong-input), also for a name that none
        has."""
        fails = failures_of(wish.max_failures, items, goes_on=wish.keep_going or batch.goes_on)
        selected = selection(wish.select)
        _require_names(selected, batch)
        options = replace(options, home=batch.base)
        profile = load(root_of(home_of(batch.path, batch.base)), options.profile).profile
        settled = profile.given(batch.recipe) & {name for name, _ in batch.sets}
        return cls(
            options, batch.at_once, fails, selected, options.fresh, wish.dry, settled=settled
        )

    def wants(self, item: Item, earlier: Earlier | None, changed: Callable[[], bool]) -> bool:
        """Whether an item is selected; `changed` says whether what it follows from is another than
        in its earlier run."""
        return not self.selected or any(_is(w, item, earlier, changed) for w in self.selected)

    def options_for(self, batch: Batch, item: Item) -> Options:
        """The options of an item's run: what the command, or a profile, sets counts for more than
        the batch."""
        own = self.options
        given = {*own.sets, *own.sources, *own.values, *self.settled}
        return replace(
            own,
            recipe=batch.recipe,
            sets={**item.sets, **own.sets},
            values={**{k: v for k, v in item.values.items() if k not in given}, **own.values},
            sources={**{k: v for k, v in item.sources.items() if k not in given}, **own.sources},
        )


def selection(words: tuple[str, ...]) -> tuple[str, ...]:
    """What `--select` says. Raises CodedError (wrong-input) for a state that there is none of."""
    for word in words:
        if word.startswith("state:") and word not in WORDS:
            raise failed(
                "wrong-input",
                f"--select {word}: a run is never in that state",
                hint=did_you_mean(word, WORDS),
            )
    return words


def _require_names(words: tuple[str, ...], batch: Batch) -> None:
    """Raises CodedError (wrong-input) for a name that no item has: a typo is no work done."""
    left = [w for w in words if w not in WORDS]
    for item in items_of(batch) if left else ():
        left = [w for w in left if not _named(w, item)]
        if not left:
            return
    if left:
        raise failed(
            "wrong-input",
            f"--select {left[0]}: no item has that name",
            hint="--dry-run without --select lists what is left to do, by name",
        )


def _named(word: str, item: Item) -> bool:
    return item.name == word or fnmatchcase(item.name, word)


def failures_of(said: str, items: int, *, goes_on: bool) -> int | None:
    """After how many failures no item more is begun: none, one where it does not go on, else what
    `--max-failures` says, as a number or a percentage of the items. Raises CodedError
    (wrong-input)."""
    if not said:
        return None if goes_on else 0
    number, percent, rest = said.partition("%")
    try:
        most = float(number)
    except ValueError:
        most = -1
    if most < 0 or rest or (percent and most > 100) or not (percent or most.is_integer()):
        raise failed("wrong-input", f"--max-failures {said}", hint="such as 5 or 2%")
    return int(items * most / 100) if percent else int(most)


def _is(word: str, item: Item, earlier: Earlier | None, changed: Callable[[], bool]) -> bool:
    match word:
        case "missing":
            return earlier is None
        case "failed":
            return earlier is not None and not earlier.finished
        case "changed":
            return earlier is not None and changed()
    if word.startswith("state:"):
        return earlier is not None and earlier.state == word.removeprefix("state:")
    return _named(word, item)
