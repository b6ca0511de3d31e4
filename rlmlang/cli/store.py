"""`rlm store`: looking after the file that keeps runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rlmlang.cli.edge import store_option


@click.group()
def command() -> None:
    """Look after the store: what is in it, whether it is whole, what may go."""


@command.command()
@click.option("--json", "as_values", is_flag=True, help="As JSON.")
@store_option
def ls(store: str, as_values: bool) -> None:
    """Say what the store holds."""
    from rlmlang.stores.reader import StoreReader

    reader = StoreReader(Path(store))
    runs = reader.runs()
    totals = [reader.totals(r) for r in runs]
    values = {
        "path": store,
        "bytes": Path(store).stat().st_size,
        "runs": len(runs),
        "calls": sum(t[0] for t in totals),
        "answers": sum(t[1] for t in totals),
        "usd": sum(t[2] for t in totals),
    }
    if as_values:
        click.echo(json.dumps(values, indent=2))
    else:
        click.echo(
            f"{store}  {values['bytes']:,} bytes\n{values['runs']:,} runs, "
            f"{values['calls']:,} calls, {values['answers']:,} answers, "
            f"${values['usd']:,.4f}"
        )


@command.command()
@click.option("--json", "as_values", is_flag=True, help="As JSON.")
@store_option
def verify(store: str, as_values: bool) -> None:
    """Check every row against its seal, and the file with SQLite's own check."""
    from rlmlang.stores.maintenance import verify as check

    found = check(Path(store))
    if as_values:
        click.echo(json.dumps({"whole": found.whole, "wrong": found.wrong}, indent=2))
    else:
        click.echo(
            ", ".join(f"{n:,} of {table}" for table, n in found.whole.items()) + " are whole"
        )
        for words in found.wrong[:20]:
            click.echo(f"wrong: {words}")
        if found.wrong:
            click.echo(f"fix: rlm store salvage {store} NEW_FILE brings over all whole rows")
    if found.wrong:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("damaged")
@click.argument("new_file")
def salvage(damaged: str, new_file: str) -> None:
    """Bring all whole rows of the file DAMAGED into NEW_FILE."""
    from rlmlang.stores.salvage import salvage as rescue

    found = rescue(Path(damaged), Path(new_file))
    click.echo(f"{new_file}: " + ", ".join(f"{n:,} of {table}" for table, n in found.items()))
    click.echo(f"use it with --store {new_file}, or move it to {damaged}")


@command.command()
@click.option(
    "--days", type=click.FloatRange(0), default=30.0, show_default=True, help="Keep younger runs."
)
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Keep so many of the last runs in any case.",
)
@store_option
def gc(store: str, days: float, keep: int) -> None:
    """Remove old runs. What a later run has used again stays."""
    from rlmlang.stores.maintenance import collect

    gone, lost = collect(Path(store), days, keep)
    click.echo(f"{gone:,} runs removed, {max(0, lost):,} bytes given back")
