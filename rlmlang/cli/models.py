"""`rlm models`: what may stand behind --model."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option("--json", "as_values", is_flag=True, help="As JSON.")
def command(as_values: bool) -> None:
    """List the models with a known price, in dollars per million tok.

    Any other OpenAI-compatible model works too: give --api-base, and, unless it is of this machine
    or network, a price in rlm.toml.
    """
    from rich.table import Table

    from rlmlang.cli.console import console
    from rlmlang.runtime.project import load

    project = load(Path.cwd())
    contexts = project.contexts
    if as_values:
        values = {
            n: {"input": p.input, "output": p.output, "from": p.origin, "context": contexts.get(n)}
            for n, p in project.prices.items()
        }
        click.echo(json.dumps({"prices_from": project.prices_from, "models": values}, indent=2))
        return
    table = Table(
        box=None,
        pad_edge=False,
        header_style="dim",
        caption=f"prices of {project.prices_from}",
        caption_justify="left",
    )
    for name in ("model", "in", "out", "context", "price from"):
        table.add_column(name, justify="left" if name in ("model", "price from") else "right")
    for name, price in sorted(project.prices.items()):
        context = project.contexts.get(name)
        table.add_row(
            name,
            f"{price.input:g}",
            f"{price.output:g}",
            f"{context:,}" if context else "?",
            price.origin,
        )
    console("stdout").print(table)
