"""`rlm work`: helps with the batches of a store, on any machine that has the project's files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from rlmlang.cli.flags import flags
from rlmlang.cli.steady import steady

LOOK = 1.0  # seconds between looks for batches


@click.command()
@click.option("--batch", "name", default="", metavar="NAME", help="Only batches of this name.")
@click.option(
    "--wait",
    type=click.FloatRange(0, 1e7),
    default=0.0,
    metavar="SECONDS",
    help="Look for batches for so long after the last one.",
)
@flags("work")
def command(
    name: str,
    wait: float,
    items: int | None,
    lease: float,
    store: str,
    quiet: bool,
    **more: str | bool | None,
) -> None:
    """Take items of the batches that others have begun in a store, until all are done.

    Runs in the project's folder, with the same files as where `rlm batch` was called. Exits 0 where
    nothing is left to do, also where there was nothing.

    \b
    rlm work --store postgresql://runs@db.example.com/runs
    """
    steady()
    from rlmlang.cli.helping import help_with, open_batches
    from rlmlang.cli.places import store_of

    place, root, helped = store_of(store), Path.cwd(), set[str]()
    until = time.monotonic() + wait
    while True:
        found = [b for b in open_batches(place, name) if b.run not in helped]
        for one in found:
            os.chdir(root)
            help_with(one, place, root, items=items, lease=lease, quiet=quiet, flags=more)
            helped.add(one.run)
            until = time.monotonic() + wait
        if not found and time.monotonic() >= until:
            break
        time.sleep(min(LOOK, max(0.0, until - time.monotonic())))
    if not helped and not quiet:
        click.echo(f"no batch{f' called {name}' if name else ''} is open in {place}", err=True)
