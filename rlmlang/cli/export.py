"""`rlm export`: a run's trajectory for other tools."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rlmlang.cli.edge import store_option, write_lines


@click.command()
@click.argument("run", default="")
@click.option("--format", "kind", type=click.Choice(["jsonl"]), default="jsonl", show_default=True,
              help="One event a line.")  # fmt: skip
@click.option("--out", metavar="PATH", help="A file instead of stdout.")
@store_option
def command(run: str, kind: str, out: str | None, store: str) -> None:
    """Write the events of RUN (the last one by default), with prompts and answers."""
    from rlmlang.stores.reading import Reading
    from rlmlang.trajectory.events import to_json

    reading = Reading(Path(store))
    events = reading.events(reading.choose(run))
    write_lines((json.dumps(to_json(e), ensure_ascii=False) + "\n" for e in events), out)
    if out is not None and out != "-":
        click.echo(f"{out}  {Path(out).stat().st_size:,} bytes", err=True)
