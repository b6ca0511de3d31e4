"""`rlm stub`: a recipe's file as a typed Python module."""

from __future__ import annotations

from pathlib import Path

import click

from rlmlang.cli.edge import say
from rlmlang.cli.flags import offering
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.exits import RECIPE


@click.command()
@click.argument("file", metavar="FILE", shell_complete=offering("recipe files"))
@click.option("--out", "out", metavar="FILE", help="Write it there; stdout where it is not named.")
def command(file: str, out: str | None) -> None:
    """Write a Python module for a recipe's file: a data class for each record, an enum for each
    enum, a typed function for each recipe. It is to stand beside FILE."""
    from rlmlang.report.stub import stub
    from rlmlang.runtime import check
    from rlmlang.runtime.python_settings import Settings

    found = check(file)
    if any(d.severity == "error" for d in found.diagnostics):
        say(found.diagnostics)
        raise click.exceptions.Exit(RECIPE)
    text = stub(Path(file).name, found.recipes, Settings.__optional_keys__)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as mistake:
        raise failed("file-unwritable", f"{out}: {mistake.strerror}") from None
