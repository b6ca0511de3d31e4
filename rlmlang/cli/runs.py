"""`rlm runs`: the runs that are kept, and what they used."""

from __future__ import annotations

import glob
import heapq
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from rlmlang.cli.flags import Several, flags, offering
from rlmlang.cli.moments import Since
from rlmlang.cli.places import near, reader_of
from rlmlang.cli.width import show, table
from rlmlang.stores.address import is_url

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


@dataclass
class Below:
    """What the runs of a batch's items used of each model, and their recipe."""

    recipe: str
    by_model: dict[str, Used] = field(default_factory=dict)

    def add(self, run: KeptRun) -> None:
        """One item more."""
        for model, used in run.by_model.items():
            known = self.by_model.get(model)
            self.by_model[model] = used if known is None else known + used

    def into(self, batch: KeptRun) -> KeptRun:
        """The batch with what its items used; it asks no model itself."""
        return replace(batch, by_model=self.by_model)


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
        rounds = dict[str, str]()
        chosen = filter(None, map(wanted.of, _noting(runs, rounds)))
        some = heapq.nlargest(limit, chosen, key=_began) if limit else chosen
        _tell_groups(some, by, rounds, as_values, as_csv)
        return
    found = _listed(runs, wanted, everything=everything)
    _tell(found[-limit:] if limit else found, as_values, as_csv)


def _runs(stores: tuple[str, ...], *, packages: bool) -> Iterator[KeptRun]:
    """The runs of all stores that are named, else of the project's, one after another: an item of
    a batch is one, and there may be many. Raises CodedError."""
    from rlmlang.runtime.spending import kept_runs

    places = {
        p if is_url(p) else os.path.realpath(p): p for named in stores for p in _files(named)
    } or {"": ""}
    readers = [reader_of(p) for p in places.values()]
    return (run for reader in readers for run in kept_runs(reader, packages=packages))


def _files(named: str) -> list[str]:
    """The file of that name, else those that a glob finds; the name itself where there are none."""
    if is_url(named) or Path(named).exists():
        return [named]
    return sorted(glob.glob(named, recursive=True)) or [named]  # noqa: PTH207, a Path drops `./`


def _began(run: KeptRun) -> float:
    return run.row.started


def _listed(runs: Iterable[KeptRun], wanted: Wanted, *, everything: bool) -> list[Row]:
    """The runs that are wanted as they are listed; a batch has used what the runs of its items
    have, and is of their recipe. Of items that are not listed only that is held."""
    from rlmlang.runtime.spending import added

    below: dict[tuple[str, str], Below] = {}
    held: list[KeptRun] = []
    for run in runs:
        if run.batch:
            below.setdefault(run.round, Below(run.row.recipe)).add(run)
        if everything or "within" not in run.row.data:
            held.append(run)
    found = []
    for run in sorted(held, key=_began):
        under = below.get(run.round) if "batch" in run.row.data else None
        if kept := wanted.of(under.into(run) if under else run, under.recipe if under else ""):
            found.append(_row(kept, added(kept.by_model.values())))
    return found


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


def _tell_groups(
    runs: Iterable[KeptRun],
    by: str,
    rounds: Mapping[str, str],
    as_values: bool,
    as_csv: bool,
) -> None:
    """What runs used, a line a group; for people also all of it together. A batch has the name of
    the run that `rlm show` shows, of the `rounds`."""
    from rlmlang.runtime.spending import added, grouped

    found = grouped(runs, by)
    extra = ("last_run",) if by == "batch" else ()
    rows = [
        {by: name, "runs": count, **_amounts(u), **{x: rounds.get(name, "") for x in extra}}
        for name, (count, u) in found.items()
    ]
    if as_values:
        click.echo(json.dumps(rows, indent=2))
        return
    if as_csv:
        head = [by, "runs", *AMOUNTS, *extra]
        _csv([head, *(list(map(str, r.values())) for r in rows)])
        return
    lines = [
        (_short(name, by), f"{count:,}", *_numbers(used), *(rounds.get(name, "") for _ in extra))
        for name, (count, used) in found.items()
    ]
    total = ("in all", "", *_numbers(added(u for _, u in found.values())), *("" for _ in extra))
    shown = (x.replace("_", " ") for x in extra)
    heading = (by, "runs", "calls", "answers", "tok in", "tok out", "cost", *shown)
    show(table([heading, *lines, total], right=range(1, 7), spare=(4, 5, 3, 1)))


def _noting(runs: Iterable[KeptRun], rounds: dict[str, str]) -> Iterator[KeptRun]:
    """The same runs; `rounds` gets the last run of each batch as they pass."""
    for run in runs:
        if "batch" in run.row.data:
            rounds[run.row.data["batch"]] = run.row.name
        yield run


def _short(name: str, by: str) -> str:
    """A batch by its file as it is seen from here, and its name."""
    path, blank, batch = name.rpartition(" ")
    return f"{near(Path(path))}{blank}{batch}" if by == "batch" and path else name


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
