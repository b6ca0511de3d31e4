"""`rlm runs`: the runs that are kept."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, TypedDict

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.places import reader_of
from rlmlang.cli.width import show, table

if TYPE_CHECKING:
    from rlmlang.stores.reader import StoreReader
    from rlmlang.stores.runs import RunRow


HEADINGS = ("run", "state", "began", "calls", "answers", "cost")


class Row(TypedDict):
    """A run as JSON values."""

    run: str
    state: str
    recipe: str
    path: str
    plan: str
    started: float
    ended: float | None
    calls: int
    answers: int
    usd: float
    forked_from: str
    forked_at: str


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those of evals and tunings.")
@flags("runs")
def command(as_values: bool, everything: bool, store: str) -> None:
    """List runs: how they ended, what they sent and cost. The newest comes last.

    `parked`, `failed` and `killed` runs are resumed by the same `rlm run` command.
    """
    reader = reader_of(store)
    runs = reader.runs()
    inside = _inside(runs)
    found = [
        _row(reader, run, inside.get(run.name, []))
        for run in runs
        if everything or "within" not in run.data
    ]
    if as_values:
        click.echo(json.dumps(found, indent=2))
        return
    show(table([HEADINGS, *map(_cells, found)], right=(3, 4, 5), spare=(2,)))
    for run in found:
        if run["forked_from"]:
            click.echo(f"{run['run']} goes on from {run['forked_from']} at {run['forked_at']}")


def _cells(run: Row) -> tuple[str, ...]:
    """A run as it is listed."""
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["started"]))
    numbers = (f"{run['calls']:,}", f"{run['answers']:,}", f"{run['usd']:,.4f}")
    return run["run"], run["state"], began, *numbers


def _inside(runs: list[RunRow]) -> dict[str, list[RunRow]]:
    """The runs of the items of batches, by the batch's run."""
    found: dict[str, list[RunRow]] = {}
    for run in runs:
        if (item := run.data.get("item")) is not None:
            found.setdefault(item["round"], []).append(run)
    return found


def _row(reader: StoreReader, run: RunRow, inside: list[RunRow]) -> Row:
    """A run with what it used; a batch has used what the runs of its items have."""
    totals = [reader.totals(one) for one in (run, *inside)]
    calls, kept = sum(t[0] for t in totals), sum(t[1] for t in totals)
    usd = sum(t[2] for t in totals)
    return {
        "run": run.name,
        "state": reader.state(run),
        "recipe": run.recipe,
        "path": run.path,
        "plan": run.plan,
        "started": run.started,
        "ended": run.ended,
        "calls": calls,
        "answers": kept,
        "usd": usd,
        "forked_from": run.data.get("forked_from", ""),
        "forked_at": run.data.get("forked_at", ""),
    }
