"""Runs of a store as a page: one, two that are compared, or a batch with the runs of its items."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.plan.plan import Plan
from rlmlang.report.view.page import Kept, Page
from rlmlang.report.view.run_page import Shown, is_priced, run_page
from rlmlang.runtime.batch_runs import BatchRun, batch_run, item_run
from rlmlang.runtime.diff import difference
from rlmlang.runtime.prepare import plan_of_run
from rlmlang.runtime.prepared import Options
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.redact import Redactor
from rlmlang.stores.runs import FINISHED, RunRow
from rlmlang.value import Json

INSIDE = 200
"""Runs of the items of a batch that a page holds itself; of others it says how to see them."""


def unchanged(text: str) -> str:
    """A text as it is kept: secrets were taken out before it was written."""
    return text


def for_others() -> Callable[[str], str]:
    """What takes the secrets of today's environment out once more, and the user's folder."""
    secrets, home = Redactor(os.environ), os.path.expanduser("~")
    return lambda text: secrets(text.replace(home, "~") if len(home) > 1 else text)


def view(reader: StoreReader, run: str, other: str, shown: Shown) -> Page:
    """The page of a run, or of two. Raises CodedError (unknown-run, store-damaged)."""
    row = reader.choose(run)
    if other:
        second = reader.choose(other)
        change = difference(row.name, second.name, Options(), lambda: reader)
        pages = tuple(run_page(kept_run(reader, r), shown) for r in (row, second))
        return Page(f"{row.name} → {second.name}", pages, change)
    if "batch" in row.data:
        return _batch(reader, batch_run(reader, row), shown)
    return Page(f"{row.recipe} · {row.name}", (run_page(kept_run(reader, row), shown),))


def kept_run(reader: StoreReader, row: RunRow) -> Kept:
    """A run of a store as a page is made of it."""
    item = row.data.get("item")
    return Kept(
        row.name,
        row.recipe,
        reader.state(row),
        row.started,
        row.ended,
        reader.usage(row),
        _plan(reader, row),
        partial(reader.events, row, texts=False),
        reader.texts,
        item["name"] if item is not None else "",
    )


def _plan(reader: StoreReader, row: RunRow) -> Plan | None:
    """The plan that ran; None where an earlier version kept none, or it is of another's plug-in."""
    try:
        return plan_of_run(reader, row.name)
    except CodedError:
        return None


def _batch(reader: StoreReader, batch: BatchRun, shown: Shown) -> Page:
    row, names = batch.row, list(batch.numbers)
    each = replace(shown, limit=shown.limit.of_each(min(len(names), INSIDE)))
    runs = (reader.run(batch.numbers[name]) for name in names[:INSIDE])
    pages = tuple(run_page(kept_run(reader, run), each) for run in runs)
    priced = all(is_priced(page) for page in pages)
    rows: list[Json] = [_item(reader, batch, name, shown, priced=priced) for name in names]
    about: dict[str, Json] = {"name": row.recipe.removeprefix("batch "), "run": row.name}
    seconds = (row.ended or time.time()) - row.started
    told = {**about, "state": batch.state, "started": row.started, "seconds": seconds}
    return Page(f"{row.recipe} · {row.name}", pages, batch={**told, "items": rows})


def _item(reader: StoreReader, batch: BatchRun, name: str, shown: Shown, *, priced: bool) -> Json:
    """An item as a row of the table."""
    found, run = item_run(reader, batch, name), reader.run(batch.numbers[name])
    usage, before = found.usage, found.kept and found.state == FINISHED
    return {
        "name": shown.redact(name),
        "run": found.run,
        "state": "kept" if before else found.state,
        "calls": usage.calls,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "usd": float(usage.usd) if priced else None,
        "seconds": max(0.0, (run.ended or run.started) - run.started),
        "problem": shown.redact(f"{found.code}: {found.message}" if found.code else ""),
    }
