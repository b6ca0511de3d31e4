"""A process that helps with a batch which another one began."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from rlmlang.batch.items import survey
from rlmlang.batch.result import Totals
from rlmlang.batch.round import title_of
from rlmlang.batch.run import run_batch
from rlmlang.batch.turns import differs
from rlmlang.batch.way import OpenBatch, Way, Wish
from rlmlang.cli.batch_asked import Flags, read
from rlmlang.cli.batch_bar import BatchBar
from rlmlang.cli.edge import exit_code_of
from rlmlang.report.batch import counted
from rlmlang.stores.address import StoreAddress, may_hold
from rlmlang.stores.opening import open_store
from rlmlang.stores.queue.tables import open_queues


def open_batches(store: StoreAddress, name: str) -> list[OpenBatch]:
    """The batches that give out items, those of a name alone where one is given. Raises
    CodedError."""
    if not may_hold(store):  # a look makes no file
        return []
    opened = open_store(store)
    try:
        found = [OpenBatch(*one) for one in opened.journal.wait(open_queues)]
    finally:
        opened.close()
    return [b for b in found if not name or b.title == title_of(name)]


def help_with(
    batch: OpenBatch,
    store: StoreAddress,
    root: Path,
    *,
    items: int | None,
    lease: float,
    quiet: bool,
    flags: Flags,
) -> None:
    """Takes items of a batch until none is left. Raises CodedError (batch-differs) where the files
    here are others; exits with the code of what ended it before."""
    asked = read(batch.queue.listing.command, flags)
    _enter(root / asked.folder)
    made, options = asked.chosen({"store": store, "own_only": False}, items)
    found = survey(made)
    if (found.count, found.listing) != (batch.queue.listing.items, batch.queue.listing.names):
        raise differs()
    wish = Wish(keep_going=True)
    way = replace(Way.of(made, options, found.count, wish), helps=batch, lease=lease)
    with BatchBar(made.name, found.count, made.budget, quiet=quiet) as bar:
        totals = run_batch(made, way, bar.take, bar.heard, notice=bar.notice, signals=True)
    if not quiet:
        for line in _lines(totals, batch):
            click.echo(line, err=True)
    if totals.problem is not None and totals.problem.diagnostic.code != "items-failed":
        raise click.exceptions.Exit(exit_code_of(totals.problem))


def _enter(folder: Path) -> None:
    """Paths of the batch begin where it was begun. Raises CodedError (batch-differs)."""
    try:
        os.chdir(folder)
    except OSError:
        raise differs() from None


def _lines(totals: Totals, batch: OpenBatch) -> Iterator[str]:
    used = totals.usage
    yield f"helped with {totals.name} ({batch.run}): {counted(totals.counts()) or 'no item'}"
    yield f"  {used.calls:,} calls, {used.tokens_in:,} tok in, {used.tokens_out:,} out"
