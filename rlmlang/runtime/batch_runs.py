"""A batch that is kept: the last run of each of its items, and what they used together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rlmlang.budget import Usage
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import FINISHED, RunRow


@dataclass(frozen=True)
class ItemRun:
    """The last run of an item: its state, why it has no answer, what it used; one that was `kept`
    is of an earlier run of the batch."""

    item: str
    run: str
    state: str
    code: str
    message: str
    usage: Usage
    kept: bool


@dataclass(frozen=True)
class BatchRun:
    """A run of a batch: how many items it has in which state, how many of them of an earlier run
    of it, and what was charged to its budget. `numbers` are the rows of the items' last runs by the
    items' names."""

    row: RunRow
    state: str
    counts: Mapping[str, int]
    kept: int
    usage: Usage
    numbers: Mapping[str, int]

    def states(self) -> list[tuple[str, int]]:
        """How many are in which state, those that are finished first."""
        return sorted(self.counts.items(), key=lambda x: (x[0] != FINISHED, x[0]))


def batch_run(reader: StoreReader, row: RunRow) -> BatchRun:
    """A run of a batch as it stood at its end; of an item only numbers are held. Raises CodedError
    (store-damaged)."""
    began, found = {row.name: row.id}, dict[str, tuple[int, str, bool]]()
    usage = Usage()
    for run in reader.each_run():
        if run.data.get("batch") == row.data["batch"]:
            began[run.name] = run.id
        item = run.data.get("item")
        if item is None or began.get(item["round"], row.id + 1) > row.id:
            continue
        own = item["round"] == row.name
        usage += reader.usage(run) if own else Usage()
        found[item["name"]] = (run.id, reader.state(run), not own)
    return BatchRun(
        row,
        reader.state(row),
        Counter(state for _, state, _ in found.values()),
        sum(kept for _, _, kept in found.values()),
        usage,
        {name: number for name, (number, _, _) in found.items()},
    )


def item_run(reader: StoreReader, of: BatchRun, name: str) -> ItemRun:
    """The last run of an item. Raises CodedError (store-damaged)."""
    run = reader.run(of.numbers[name])
    ended = reader.ended(run)
    code, message = (ended.code, ended.message) if ended is not None else ("", "")
    kept = run.data["item"]["round"] != of.row.name
    state, used = reader.state(run), reader.usage(run)
    return ItemRun(name, run.name, state, code, message, used, kept)


def unanswered_first(reader: StoreReader, of: BatchRun) -> Iterator[ItemRun]:
    """The items one after another, those without an answer before the others."""
    answered = []
    for name in sorted(of.numbers):
        if reader.run(of.numbers[name]).state == FINISHED:
            answered.append(name)
        else:
            yield item_run(reader, of, name)
    yield from (item_run(reader, of, name) for name in answered)
