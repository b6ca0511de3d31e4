"""Runs of a store as a page: one, two that are compared, or a batch with the runs of its items."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.plan.plan import Plan
from rlmlang.report.view.page import Kept, Page
from rlmlang.report.view.run_page import Shown, run_page
from rlmlang.runtime.diff import difference
from rlmlang.runtime.prepare import plan_of_run
from rlmlang.runtime.prepared import Options
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.redact import Redactor
from rlmlang.stores.runs import RunRow
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
    items = list(_items(reader, row))
    if row.recipe.startswith("batch ") or items:
        return _batch(reader, row, items, shown)
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


def _items(reader: StoreReader, row: RunRow) -> Iterator[RunRow]:
    """The last run of each item of a batch until the end of its round, those of earlier rounds too:
    an answer that was kept is the item's answer."""
    last: dict[str, RunRow] = {}
    for run in reader.each_run():
        item = run.data.get("item")
        if item is None or run.started > (row.ended or time.time()):
            continue
        known_as = item["batch"].encode("utf-8", "surrogatepass")
        if hashlib.sha256(known_as).digest() == row.identity:
            last[item["name"]] = run
    yield from last.values()


def _batch(reader: StoreReader, row: RunRow, items: list[RunRow], shown: Shown) -> Page:
    share = shown.limit.of_each(min(len(items), INSIDE))
    each = replace(shown, limit=share)
    pages = tuple(run_page(kept_run(reader, run), each) for run in items[:INSIDE])
    rows: list[Json] = [_item(reader, row, run, shown) for run in items]
    about: dict[str, Json] = {"name": row.recipe.removeprefix("batch "), "run": row.name}
    state, seconds = reader.state(row), (row.ended or time.time()) - row.started
    told = {**about, "state": state, "started": row.started, "seconds": seconds, "items": rows}
    return Page(f"{row.recipe} · {row.name}", pages, batch=told)


def _item(reader: StoreReader, row: RunRow, run: RunRow, shown: Shown) -> Json:
    """An item as a row of the table."""
    item, usage, ended = run.data.get("item"), reader.usage(run), reader.ended(run)
    problem = "" if ended is None or not ended.code else f"{ended.code}: {ended.message}"
    before = item is not None and item["round"] != row.name
    return {
        "name": shown.redact(item["name"] if item is not None else run.name),
        "run": run.name,
        "state": "kept" if before and reader.state(run) == "finished" else reader.state(run),
        "calls": usage.calls,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "usd": float(usage.usd),
        "seconds": max(0.0, (run.ended or run.started) - run.started),
        "problem": shown.redact(problem),
    }
