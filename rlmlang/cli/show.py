"""`rlm show`: what happened in a run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from rlmlang.cli.edge import answer_options, write, write_lines
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.report.wanted_calls import Find, WantedCalls
    from rlmlang.stores.reader import StoreReader
    from rlmlang.stores.runs import RunRow
    from rlmlang.trajectory.calls import RunRecord

UNBROKEN = 1 << 16  # columns of what nobody looks at: a tree cuts longer lines


class Which(TypedDict):
    """Which calls are shown, as `WantedCalls` takes it."""

    step: str
    failed: bool
    repaired: bool
    nonempty: bool
    slowest: int | None
    dearest: int | None


@click.command()
@click.argument("run", default="", shell_complete=offering("runs"))
@click.argument("node", default="")
@click.option(
    "--all", "everything", is_flag=True, help="Every call, not only the first of each step."
)
@click.option("--step", default="", metavar="NAME", help="Only calls of a step, a line each.")
@click.option(
    "--grep",
    default="",
    metavar="PATTERN",
    help="Only calls in whose request, answer or refusal a regular expression is.",
)
@click.option("--failed", is_flag=True, help="Only calls that failed, or whose item was left out.")
@click.option("--repaired", is_flag=True, help="Only calls whose answers took repairs to read.")
@click.option("--nonempty", is_flag=True, help="Only calls that were answered with something.")
@click.option(
    "--slowest",
    type=click.IntRange(1),
    metavar="COUNT",
    help="Only the so many that took longest, that one first.",
)
@click.option(
    "--dearest",
    type=click.IntRange(1),
    metavar="COUNT",
    help="Only the so many that cost most, that one first.",
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
    grep: str,
    **which: Unpack[Which],
) -> None:
    """Show the call tree of RUN (the last one by default), or the prompts and answers of NODE: a
    step, a call, or a range of items. Of a batch its items, or the run of the item that NODE names.

    RUN may be the beginning of a name; `last` is the last one. --json gives events as JSON lines,
    of NODE or of chosen calls theirs, of a batch its items; with --plan the plan. Neighbours of
    which the same came share a line. What is longer than the terminal goes through PAGER.

    \b
    rlm show
    rlm show last notes[3..10]
    rlm show --failed --step notes
    rlm show --grep "iron key" --nonempty
    """
    if (form or out) and not answer:
        raise click.UsageError("--format and --out are for the result: add --answer")
    reader = reader_of(store)
    row, node = _run_of(reader, reader.choose(run), node)
    if answer:
        _answer(reader, row.name, form, out)
    elif planned:
        _plan(reader, row.name, as_values)
    else:
        wanted = _wanted(grep, which)
        _tell(reader, row, node, wanted, everything=everything, as_values=as_values)


def _run_of(reader: StoreReader, row: RunRow, node: str) -> tuple[RunRow, str]:
    """A run and what is looked for in it; of a batch the run of the item that is named."""
    if "batch" not in row.data or not node:
        return row, node
    from rlmlang.cli.show_batch import run_of_item

    return run_of_item(reader, row, node), ""


def _wanted(grep: str, which: Which) -> WantedCalls:
    from rlmlang.report.wanted_calls import WantedCalls

    return WantedCalls(find=finding(grep) if grep else None, **which)


def finding(pattern: str) -> Find:
    """Where a regular expression stands in a text. Raises CodedError (bad-pattern)."""
    from rlmlang.partitions.pattern import SECONDS, compile_pattern, slow_pattern

    compiled = compile_pattern(pattern)

    def find(text: str) -> tuple[int, int] | None:
        try:
            found = compiled.search(text, timeout=SECONDS)
        except TimeoutError:
            raise slow_pattern(pattern) from None
        return found.span() if found is not None else None

    return find


def _tell(
    reader: StoreReader,
    row: RunRow,
    node: str,
    wanted: WantedCalls,
    *,
    everything: bool,
    as_values: bool,
) -> None:
    if "batch" in row.data:
        from rlmlang.cli.show_batch import show_batch

        show_batch(reader, row, everything=everything, as_values=as_values)
        return
    from rich.console import Group

    from rlmlang.report.export.jsonl import json_lines
    from rlmlang.report.waiting_batches import waiting_lines
    from rlmlang.report.wanted_calls import calls_in, calls_of, events_of
    from rlmlang.trajectory.calls import fold

    if as_values and not node and wanted.all:
        write_lines(json_lines(reader.events(row)), None)
        return
    record = fold(reader.events(row))
    view = _view(record, node, wanted, everything=everything)
    if view is None or (wanted.step and not calls_in(record, wanted.step)):
        raise _unknown(record, node or wanted.step)
    if not (node or as_values) and (waiting := waiting_lines(reader.batches(row))):
        view = Group(view, *waiting)
    if as_values:
        chosen = wanted.among(calls_in(record, node) if node else calls_of(record))
        write_lines(json_lines(events_of(reader.events(row), chosen)), None)
    else:
        paged(view)


def _view(
    record: RunRecord, node: str, wanted: WantedCalls, *, everything: bool
) -> RenderableType | None:
    """What is asked for of a run; None where it has nothing of that name."""
    from rlmlang.report.calls import node_view, run_view
    from rlmlang.report.wanted_calls import wanted_view

    if node:
        return node_view(record, node, wanted)
    if wanted.all:
        return run_view(record, everything=everything)
    return wanted_view(record, wanted)


def _unknown(record: RunRecord, node: str) -> CodedError:
    """The problem of a name below which a run has no calls."""
    from rlmlang.report.calls import known_nodes

    known = known_nodes(record)
    return failed(
        "unknown-node",
        f"the run has no calls in `{node}`",
        reason=f"`{node}` asked no model and called no code." if node in known else "",
        hint=did_you_mean(node, [name for name in known if name != node]),
    )


def paged(view: RenderableType) -> None:
    """Draws something; what is longer than the terminal, with the user's pager."""
    from rlmlang.cli.console import console

    drawn = console("stdout", soft_wrap=True, width=UNBROKEN)
    if not (drawn.is_terminal and sys.stdin.isatty()):
        drawn.print(view)
        return
    with drawn.capture() as captured:
        drawn.print(view)
    text, rows = captured.get(), os.get_terminal_size(sys.stdout.fileno()).lines
    if 0 < rows <= text.count("\n"):  # a terminal of no rows is one that nobody looks at
        click.echo_via_pager(text)
    else:
        drawn.print(view)


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
