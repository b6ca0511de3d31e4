"""`rlm export`: a run's trajectory for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from rlmlang import plugins
from rlmlang.cli.edge import writable, write_lines
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.report.export.export import Export
from rlmlang.report.export.table import EXPORTS


def _format(ctx: click.Context, option: click.Parameter, name: str) -> Export:
    """What writes a format."""
    found = EXPORTS.find(name, plugins.find)
    if found is None:
        known = ", ".join((*EXPORTS, *plugins.names(EXPORTS.group)))
        raise click.BadParameter(f"'{name}' is not one of {known}.", ctx, option)
    return found


@click.command()
@click.argument("run", default="", shell_complete=offering("runs"))
@click.option(
    "--format",
    "export",
    metavar=f"[{'|'.join(EXPORTS)}]",
    default="jsonl",
    show_default=True,
    callback=_format,
    help=" ".join(f"{x.name}: {x.doc}" for x in EXPORTS.values()),
)
@click.option("--out", metavar="PATH", help="A file instead of stdout.")
@flags("export")
def command(run: str, export: Export, out: str | None, store: str) -> None:
    """Write the events of RUN (the last one by default), with prompts and answers."""
    writable(out)
    reader = reader_of(store)
    write_lines(export.write(reader.events(reader.choose(run))), out)
    if out is not None and out != "-":
        click.echo(f"{out}  {Path(out).stat().st_size:,} bytes", err=True)
