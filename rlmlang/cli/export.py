"""`rlm export`: a run's trajectory for other tools."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from rlmlang.cli.edge import store_option


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
    lines = (json.dumps(to_json(e), ensure_ascii=False)
             for e in reading.events(reading.choose(run)))  # fmt: skip
    if out is None or out == "-":
        for line in lines:
            click.echo(line)
        return
    part = Path(out + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        part.replace(out)
    except OSError as mistake:
        raise click.ClickException(f"{out} cannot be written: {mistake.strerror}") from None
    sys.stderr.write(f"{out}  {os.path.getsize(out):,} bytes\n")
