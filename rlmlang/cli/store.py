"""`rlm store`: looking after what keeps runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.moments import Age
from rlmlang.cli.places import reader_of, store_of
from rlmlang.cli.width import show
from rlmlang.schema.exits import FAILED


@click.group()
def command() -> None:
    """Look after the store: what is in it, whether it is whole, what may go."""


@command.command()
@flags("store ls")
def ls(store: str, as_values: bool) -> None:
    """Say what the store holds."""
    from rlmlang.stores.databases import database_of

    reader = reader_of(store)
    place = reader.path
    runs = reader.runs()
    totals = [reader.totals(r) for r in runs]
    values = {
        "path": str(place),
        "bytes": database_of(place).size(),
        "runs": len(runs),
        "calls": sum(t[0] for t in totals),
        "answers": sum(t[1] for t in totals),
        "usd": sum(t[2] for t in totals),
    }
    if as_values:
        click.echo(json.dumps(values, indent=2))
    else:
        size, runs_, calls, answers = (values[n] for n in ("bytes", "runs", "calls", "answers"))
        show(
            [
                f"{place}  {size:,} bytes",
                f"{runs_:,} runs, {calls:,} calls, {answers:,} answers, ${values['usd']:,.4f}",
            ]
        )


@command.command()
@flags("store verify")
def verify(store: str, as_values: bool) -> None:
    """Check every row against its seal, and a file with SQLite's own check."""
    from rlmlang.stores.maintenance import verify as check

    place = store_of(store)
    found = check(place)
    if as_values:
        click.echo(json.dumps({"whole": found.whole, "wrong": found.wrong}, indent=2))
    else:
        whole = ", ".join(f"{n:,} of {table}" for table, n in found.whole.items())
        show([f"{whole} are whole"])
        for words in found.wrong:
            show([f"wrong: {words}"])
        if found.wrong:
            verb = "salvage" if isinstance(place, Path) else "copy"
            click.echo(f"fix: rlm store {verb} {place} NEW_FILE brings over all whole rows")
    if found.wrong:
        raise click.exceptions.Exit(FAILED)


@command.command()
@flags("store adopt")
def adopt(store: str, as_values: bool) -> None:
    """Take all rows of a store as yours, whoever wrote them: one of an earlier version, of another
    machine, or of somebody whose answers you believe. Look at it first: rlm runs --store PATH."""
    from rlmlang.stores.maintenance import adopt as sign

    place = store_of(store)
    count = sign(place)
    if as_values:
        click.echo(json.dumps({"path": str(place), "rows": count}, indent=2))
    else:
        click.echo(f"{place}: {count:,} rows are yours")


@command.command()
@click.argument("damaged")
@click.argument("new_file")
@click.option("--own", is_flag=True, help="Only rows that you wrote.")
@flags("store salvage")
def salvage(damaged: str, new_file: str, own: bool, as_values: bool) -> None:
    """Bring all whole rows of the file DAMAGED into NEW_FILE. Of a server: rlm store copy."""
    from rlmlang.stores.address import address_of
    from rlmlang.stores.problems import file_of
    from rlmlang.stores.salvage import salvage as rescue

    files = [file_of(address_of(p), "rlm store copy does it") for p in (damaged, new_file)]
    found = rescue(*files, own_only=own)
    if as_values:
        click.echo(json.dumps({"path": new_file, "saved": found}, indent=2))
        return
    click.echo(f"{new_file}: " + ", ".join(f"{n:,} of {table}" for table, n in found.items()))
    click.echo(f"use it with --store {new_file}, or move it to {damaged}")


@command.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@flags("store copy")
def copy(source: str, target: str, as_values: bool) -> None:
    """Bring all whole rows of the store FROM into the empty store TO: each a file, or a server's
    postgresql://USER@HOST/DATABASE. Runs have the same names there, and go on there."""
    from rlmlang.stores.address import address_of
    from rlmlang.stores.copying import copy as bring

    place = address_of(target)
    found = bring(address_of(source), place)
    if as_values:
        values = {"path": str(place), "copied": found.rows, "left": found.left}
        click.echo(json.dumps(values, indent=2))
    else:
        show([f"{place}: " + ", ".join(f"{n:,} of {table}" for table, n in found.rows.items())])
        if found.left:
            show([f"{found.left:,} rows were left: they are not what was written"])
    if found.left:
        raise click.exceptions.Exit(FAILED)


@command.command()
@click.option(
    "--older",
    type=Age(),
    default="30d",
    show_default=True,
    metavar="TIME",
    help="Only runs that ended so long ago, such as 12h, 30d or 8w.",
)
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Keep so many of the last runs in any case.",
)
@flags("store gc")
def gc(store: str, older: float, keep: int, dry_run: bool, as_values: bool) -> None:
    """Remove old runs. What a later run has used again stays."""
    from rlmlang.stores.maintenance import collect, collectable

    if dry_run:
        _would_go([run.name for run in collectable(store_of(store), older, keep)], as_values)
        return
    gone, lost = collect(store_of(store), older, keep)
    if as_values:
        click.echo(json.dumps({"removed": gone, "bytes": max(0, lost)}, indent=2))
    else:
        click.echo(f"{gone:,} runs removed, {max(0, lost):,} bytes given back")


def _would_go(names: list[str], as_values: bool) -> None:
    """Says which runs would be removed."""
    if as_values:
        click.echo(json.dumps({"would_remove": names}, indent=2))
    else:
        show([*names, f"{len(names):,} runs would be removed"])
