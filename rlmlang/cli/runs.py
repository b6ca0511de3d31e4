"""`rlm runs`: the runs that are kept."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, TypedDict

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.places import store_of

if TYPE_CHECKING:
    from rlmlang.stores.reader import StoreReader
    from rlmlang.stores.runs import RunRow


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


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those of evals and tunings.")
@flags("runs")
def command(as_values: bool, everything: bool, store: str) -> None:
    """List runs: how they ended, what they sent and cost. The newest comes last.

    `parked`, `failed` and `killed` runs are resumed by the same `rlm run` command.
    """
    from rlmlang.stores.reader import StoreReader

    reader = StoreReader(store_of(store))
    found = [_row(reader, run) for run in reader.runs() if everything or "within" not in run.data]
    if as_values:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"{'run':<40} {'state':<9} {'began':<17} {'calls':>9} {'answers':>9} {'cost':>10}")
    for run in found:
        began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["started"]))
        click.echo(
            f"{run['run']:<40} {run['state']:<9} {began:<17} {run['calls']:>9,} "
            f"{run['answers']:>9,} {run['usd']:>10,.4f}"
        )


def _row(reader: StoreReader, run: RunRow) -> Row:
    calls, kept, usd = reader.totals(run)
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
    }
