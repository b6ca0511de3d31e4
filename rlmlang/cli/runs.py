"""`rlm runs`: the runs that are kept, and what they used."""

from __future__ import annotations

import glob
import json
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from rlmlang.cli.flags import Several, flags, offering
from rlmlang.cli.moments import Since
from rlmlang.cli.places import reader_of
from rlmlang.cli.width import show, table

if TYPE_CHECKING:
    from rlmlang.runtime.spending import KeptRun, Used, Wanted


HEADINGS = ("run", "state", "began", "calls", "answers", "cost")
AMOUNTS = ("calls", "answers", "tok_in", "tok_out", "usd")
COLUMNS = ("run", "state", "recipe", "path", "plan", "started", "ended", *AMOUNTS, "forked_from",
           "forked_at", "models", "store")  # fmt: skip
STATES = ("running", "finished", "parked", "failed", "killed")
BY = ("recipe", "model", "day", "batch", "package")


class Amounts(TypedDict):
    """What was used, as JSON values."""

    calls: int
    answers: int
    tok_in: int
    tok_out: int
    usd: float


class Row(Amounts):
    """A run as JSON values."""

    run: str
    state: str
    recipe: str
    path: str
    plan: str
    started: float
    ended: float | None
    forked_from: str
    forked_at: str
    models: list[str]
    store: str


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those of evals and tunings.")
@click.option("--since", type=Since(), default=None, metavar="TIME",
              help="Only those that began then or later: 7d, 12h, 2026-11-01.")  # fmt: skip
@click.option("--recipe", default="", metavar="NAME", help="Only those of a recipe.")
@click.option("--state", default="", type=click.Choice(("", *STATES)), metavar="STATE",
              help=f"Only those in a state: {', '.join(STATES)}.")  # fmt: skip
@click.option("--model", default="", metavar="NAME", shell_complete=offering("models"),
              help="Only those that asked a model, and of them what it was asked.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=None, metavar="COUNT",
              help="Only the last so many.")  # fmt: skip
@click.option("--by", type=click.Choice(BY), default=None,
              help="Add up what all runs used, those of evals and tunings too.")  # fmt: skip
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, for spreadsheets.")
@click.option("--store", "stores", multiple=True, type=Several(), metavar="PATH",
              envvar="RLM_STORE", shell_complete=offering("file"),
              help="A file that keeps runs, or a glob of several; may be repeated.")  # fmt: skip
@flags("runs")
def command(
    as_values: bool,
    as_csv: bool,
    everything: bool,
    stores: tuple[str, ...],
    since: float | None,
    recipe: str,
    state: str,
    model: str,
    limit: int | None,
    by: str | None,
) -> None:
    """List runs: how they ended, what they sent and cost. The newest comes last.

    `parked`, `failed` and `killed` runs are resumed by the same `rlm run` command.

    \b
    rlm runs --since 7d --state failed
    rlm runs --since 2026-11-01 --by model --csv
    rlm runs --store 'team/*/store.db' --by recipe
    """
    from rlmlang.runtime.spending import Wanted

    if as_values and as_csv:
        raise click.UsageError("--json or --csv: give one")
    wanted = Wanted(since or 0.0, recipe, state, model)
    runs = _runs(stores, packages=by == "package")
    if by is not None:
        chosen = sorted(filter(None, map(wanted.of, runs)), key=_began)
        _tell_groups(chosen[-limit:] if limit else chosen, by, as_values, as_csv)
        return
    found = _listed(runs, wanted, everything=everything)
    _tell(found[-limit:] if limit else found, as_values, as_csv)


def _runs(stores: tuple[str, ...], *, packages: bool) -> list[KeptRun]:
    """The runs of all stores that are named, else of the project's. Raises CodedError."""
    from rlmlang.runtime.spending import kept_runs

    places = {os.path.realpath(p): p for named in stores for p in _files(named)} or {"": ""}
    return [run for p in places.values() for run in kept_runs(reader_of(p), packages=packages)]


def _files(named: str) -> list[str]:
    """The file of that name, else those that a glob finds; the name itself where there are none."""
    if Path(named).exists():
        return [named]
    return sorted(glob.glob(named, recursive=True)) or [named]  # noqa: PTH207, a Path drops `./`


def _began(run: KeptRun) -> float:
    return run.row.started


def _listed(runs: list[KeptRun], wanted: Wanted, *, everything: bool) -> list[Row]:
    """The runs that are wanted as they are listed; a batch has used what the runs of its items
    have."""
    from rlmlang.runtime.spending import added

    inside: dict[tuple[str, str], list[KeptRun]] = {}
    for run in runs:
        if (item := run.row.data.get("item")) is not None:
            inside.setdefault((str(run.store), item["round"]), []).append(run)
    found = []
    for run in sorted(runs, key=_began):
        below = inside.get((str(run.store), run.row.name), [])
        if (everything or "within" not in run.row.data) and (kept := _with(run, below, wanted)):
            found.append(_row(kept, added(kept.by_model.values())))
    return found


def _with(run: KeptRun, below: Iterable[KeptRun], wanted: Wanted) -> KeptRun | None:
    """A run with what the runs below it used, as far as it is wanted."""
    from dataclasses import replace

    from rlmlang.runtime.spending import Used

    by_model = dict(run.by_model)
    for each in below:
        for model, used in each.by_model.items():
            by_model[model] = by_model.get(model, Used()) + used
    return wanted.of(replace(run, by_model=by_model))


def _row(run: KeptRun, used: Used) -> Row:
    row = run.row
    return {
        "run": row.name,
        "state": run.state,
        "recipe": row.recipe,
        "path": row.path,
        "plan": row.plan,
        "started": row.started,
        "ended": row.ended,
        **_amounts(used),
        "forked_from": row.data.get("forked_from", ""),
        "forked_at": row.data.get("forked_at", ""),
        "models": sorted(run.by_model),
        "store": str(run.store),
    }


def _amounts(used: Used) -> Amounts:
    usage = used.usage
    return {
        "calls": usage.calls,
        "answers": used.answers,
        "tok_in": usage.tokens_in,
        "tok_out": usage.tokens_out,
        "usd": float(usage.usd),
    }


def _tell(found: list[Row], as_values: bool, as_csv: bool) -> None:
    if as_values:
        click.echo(json.dumps(found, indent=2))
    elif as_csv:
        _csv([COLUMNS, *map(_of_row, found)])
    else:
        show(table([HEADINGS, *map(_cells, found)], right=(3, 4, 5), spare=(2,)))
        for run in found:
            if run["forked_from"]:
                click.echo(f"{run['run']} goes on from {run['forked_from']} at {run['forked_at']}")


def _of_row(run: Row) -> list[str]:
    """A run as the cells of a table."""
    cells = {**run, "models": ", ".join(run["models"]), "ended": run["ended"] or ""}
    return [str(cells[name]) for name in COLUMNS]


def _cells(run: Row) -> tuple[str, ...]:
    """A run as it is listed."""
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run["started"]))
    numbers = (f"{run['calls']:,}", f"{run['answers']:,}", f"{run['usd']:,.4f}")
    return run["run"], run["state"], began, *numbers


def _tell_groups(runs: Iterable[KeptRun], by: str, as_values: bool, as_csv: bool) -> None:
    """What runs used, a line a group; for people also all of it together."""
    from rlmlang.runtime.spending import added, grouped

    found = grouped(runs, by)
    rows = [{by: name, "runs": count, **_amounts(u)} for name, (count, u) in found.items()]
    if as_values:
        click.echo(json.dumps(rows, indent=2))
        return
    if as_csv:
        _csv([[by, "runs", *AMOUNTS], *(list(map(str, r.values())) for r in rows)])
        return
    lines = [(name, f"{count:,}", *_numbers(used)) for name, (count, used) in found.items()]
    total = ("in all", "", *_numbers(added(used for _, used in found.values())))
    heading = (by, "runs", "calls", "answers", "tok in", "tok out", "cost")
    show(table([heading, *lines, total], right=range(1, 7), spare=(3, 1)))


def _numbers(used: Used) -> tuple[str, ...]:
    found = _amounts(used)
    counts = (found["calls"], found["answers"], found["tok_in"], found["tok_out"])
    return (*(f"{n:,}" for n in counts), f"{found['usd']:,.4f}")


def _csv(rows: Sequence[Sequence[str]]) -> None:
    """Writes a table, of which no spreadsheet runs a cell as a formula."""
    import csv
    import sys

    from rlmlang.report.formats.csv import guarded

    csv.writer(sys.stdout).writerows([list(map(guarded, row)) for row in rows])
