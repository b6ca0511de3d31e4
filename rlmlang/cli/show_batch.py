"""`rlm show` of a batch: its state in a few lines, and a line for each item that leads to it."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import write_lines
from rlmlang.cli.places import near
from rlmlang.cli.width import shortened, show, table
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean, nearest
from rlmlang.report.batch import counted
from rlmlang.runtime.batch_runs import BatchRun, ItemRun, batch_run, item_run, unanswered_first

if TYPE_CHECKING:
    from rlmlang.stores.reader import StoreReader
    from rlmlang.stores.runs import RunRow

SHOWN, LONGEST = 12, 60
HEADINGS = ("item", "state", "calls", "why", "run")


def show_batch(reader: StoreReader, row: RunRow, *, everything: bool, as_values: bool) -> None:
    """A screen of it, or of each item a line of JSON. Raises CodedError (store-damaged)."""
    found = batch_run(reader, row)
    if as_values:
        write_lines((f"{_json(x)}\n" for x in unanswered_first(reader, found)), None)
        return
    most = None if everything else SHOWN
    items = list(islice(unanswered_first(reader, found), most))
    show(_head(found))
    if items:
        show(table([HEADINGS, *map(_cells, items)], right=(2,), spare=(2, 3)))
    if more := len(found.numbers) - len(items):
        click.echo(f"… {more:,} more items (--all)")
    if items:
        click.echo(f"an item: rlm show {row.name} {shlex.quote(items[0].item)}")


def run_of_item(reader: StoreReader, row: RunRow, name: str) -> RunRow:
    """The run of an item of a batch. Raises CodedError (unknown-node)."""
    found = batch_run(reader, row)
    if name not in found.numbers:
        raise failed(
            "unknown-node",
            f"the batch has no item `{name}`",
            hint=did_you_mean(name, _few(name, found.numbers)),
        )
    return reader.choose(item_run(reader, found, name).run)


def _few(name: str, known: Iterable[str]) -> list[str]:
    """The name that is near one, else a few."""
    return [found] if (found := nearest(name, known)) else sorted(known)[:SHOWN]


def _head(found: BatchRun) -> Iterator[str]:
    row, used = found.row, found.usage
    yield f"{row.recipe}  {row.name}  {found.state}"
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.started))
    yield f"  {near(Path(row.path).absolute())}, began {began}"
    earlier = f" ({found.kept:,} of an earlier run)" if found.kept else ""
    yield f"  {len(found.numbers):,} items: {counted(found.states())}{earlier}"
    yield (
        f"  {used.calls:,} calls, {used.tokens_in:,} tok in, {used.tokens_out:,} out, "
        f"${float(used.usd):,.4f}"
    )


def _cells(item: ItemRun) -> tuple[str, ...]:
    why = " ".join(f"{item.code}: {item.message}".split()) if item.code else ""
    calls = f"{item.usage.calls:,}"
    return item.item, item.state, calls, shortened(why, LONGEST), item.run


def _json(item: ItemRun) -> str:
    values = {**vars(item), "usage": {**vars(item.usage), "usd": float(item.usage.usd)}}
    return json.dumps(values, ensure_ascii=False)
