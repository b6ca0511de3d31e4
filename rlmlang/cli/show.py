"""`rlm show`: what happened in a run."""

from __future__ import annotations

import json
import sys

import click

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean


@click.command()
@click.argument("run", default="")
@click.argument("node", default="")
@click.option(
    "--all", "everything", is_flag=True, help="Every call, not only the first of each step."
)
@click.option("--list", "only_list", is_flag=True, help="List the runs that are kept.")
@click.option("--json", "as_values", is_flag=True, help="The events as JSON lines.")
def command(run: str, node: str, everything: bool, only_list: bool, as_values: bool) -> None:
    """Show the call tree of RUN (the last one by default), or the prompts and answers of NODE.

    RUN may be the beginning of a name; `last` is the last one.
    """
    from rich.console import Console

    from rlmlang.report.calls import known_nodes, node_view, run_view
    from rlmlang.stores.runs import FOLDER, names, read
    from rlmlang.trajectory.calls import fold
    from rlmlang.trajectory.events import to_json

    if only_list:
        click.echo("\n".join(names(FOLDER)))
        return
    events = list(read(FOLDER, "" if run == "last" else run))
    if as_values:
        click.echo("\n".join(json.dumps(to_json(e), ensure_ascii=False) for e in events))
        return
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    record = fold(events)
    view = node_view(record, node) if node else run_view(record, everything=everything)
    if view is None:
        raise failed("unknown-node", f"the run has no calls in `{node}`",
                     hint=did_you_mean(node, known_nodes(record)))  # fmt: skip
    console.print(view)
