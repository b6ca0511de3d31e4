"""`rlm show`: what happened in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import answer_options, write, write_lines
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from rlmlang.stores.reader import StoreReader

UNBROKEN = 1 << 16  # columns of what nobody looks at: a tree cuts longer lines


@click.command()
@click.argument("run", default="", shell_complete=offering("runs"))
@click.argument("node", default="")
@click.option(
    "--all", "everything", is_flag=True, help="Every call, not only the first of each step."
)
@click.option("--plan", "planned", is_flag=True, help="The plan that ran, as `rlm plan` shows it.")
@click.option("--answer", is_flag=True, help="The run's result alone, as `rlm run` writes it.")
@answer_options
@flags("show")
def command(
    run: str,
    node: str,
    everything: bool,
    planned: bool,
    as_values: bool,
    answer: bool,
    out: str | None,
    form: str,
    store: str,
) -> None:
    """Show the call tree of RUN (the last one by default), or the prompts and answers of NODE. Of
    a batch its items, or the run of the item that NODE names.

    RUN may be the beginning of a name; `last` is the last one. --json gives the
    events, of a batch the items, as JSON lines; with --plan the plan.

    \b
    rlm show
    rlm show last notes[3]
    """
    if (form or out) and not answer:
        raise click.UsageError("--format and --out are for the result: add --answer")
    reader = reader_of(store)
    row = reader.choose(run)
    run = row.name
    if "batch" in row.data:
        from rlmlang.cli.show_batch import run_of_item, show_batch

        if node:
            run, node = run_of_item(reader, row, node), ""
        elif not (answer or planned):
            show_batch(reader, row, everything=everything, as_values=as_values)
            return
    if answer:
        _answer(reader, run, form, out)
    elif planned:
        _plan(reader, run, as_values)
    else:
        _tree(reader, run, node, everything, as_values)


def _tree(reader: StoreReader, run: str, node: str, everything: bool, as_values: bool) -> None:
    from rlmlang.cli.console import console
    from rlmlang.report.calls import known_nodes, node_view, run_view
    from rlmlang.report.export.jsonl import JSONL
    from rlmlang.trajectory.calls import fold

    events = reader.events(reader.choose(run))
    if as_values:
        write_lines(JSONL.write(events), None)
        return
    record = fold(events)
    view = node_view(record, node) if node else run_view(record, everything=everything)
    if view is None:
        known = known_nodes(record)
        raise failed(
            "unknown-node",
            f"the run has no calls in `{node}`",
            reason=f"`{node}` asked no model and called no code." if node in known else "",
            hint=did_you_mean(node, [name for name in known if name != node]),
        )
    console("stdout", soft_wrap=True, width=UNBROKEN).print(view)


def _plan(reader: StoreReader, run: str, as_values: bool) -> None:
    from rlmlang.cli.plan import draw
    from rlmlang.runtime.prepare import plan_of_run

    plan = plan_of_run(reader, run)
    write(plan.to_json(), None) if as_values else draw(plan, None)


def _answer(reader: StoreReader, run: str, form: str, out: str | None) -> None:
    """Writes the result that is kept of a run."""
    from rlmlang.cli.delivery import Delivery, form_of
    from rlmlang.runtime.answers import kept_answer

    wanted = form_of(form, out)
    found = kept_answer(reader, run)
    delivery = Delivery(wanted, found.type, found.recipe, out)
    try:
        delivery.finish(found.result, found.run, kept=True)
    finally:
        delivery.target.drop()
