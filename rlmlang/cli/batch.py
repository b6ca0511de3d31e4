"""`rlm batch`: a recipe over many inputs, one budget above all; the same command goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from rlmlang.cli.edge import options_from, pairs
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.cli.steady import steady


@click.command()
@click.argument("file", shell_complete=offering("recipe files"))
@click.argument("name", default="", shell_complete=offering("batches"))
@flags("batch")
@click.option("--each", multiple=True, metavar="NAME=GLOB",
              help="What a parameter goes over, where no batch is declared: a glob, lines:FILE or "
              "rows:FILE.")  # fmt: skip
@click.option("--zip", "zipped", is_flag=True, help="Several --each side by side.")
@click.option("--name", "called", default="", metavar="TEXT",
              help="What an item is called, such as '{page.stem}'.")  # fmt: skip
@click.option("--out", metavar="PATH", default="",
              help="An item's file, such as 'answers/{name}.json'.")  # fmt: skip
@click.option("--table", metavar="PATH", default="", help="One file for all answers; - is stdout.")
@click.option("--items", type=click.IntRange(1, 256), metavar="COUNT", help="Items at a time.")
@click.option("--select", multiple=True, metavar="WORD",
              help="failed, changed, missing, state:STATE, or a name with * in it.")  # fmt: skip
@click.option("--keep-going", is_flag=True, help="Go past items that fail.")
@click.option("--max-failures", metavar="N|%", default="",
              help="Begin nothing more after so many.")  # fmt: skip
@click.option("--plan", "planned", is_flag=True, help="The price of all items; run nothing.")
@click.option("--dry-run", is_flag=True, help="Say which items would be run, and why.")
def command(
    file: str,
    name: str,
    recipe: str,
    sets: tuple[str, ...],
    each: tuple[str, ...],
    zipped: bool,
    called: str,
    out: str,
    table: str,
    items: int | None,
    select: tuple[str, ...],
    keep_going: bool,
    max_failures: str,
    planned: bool,
    dry_run: bool,
    as_values: bool,
    quiet: bool,
    store: str,
    **more: Any,
) -> None:
    """Run a recipe over many inputs: the batch NAME that FILE declares, or what --each says.

    What is done is kept: the same command goes on, and runs what is new, failed or changed. Exits 1
    where an item failed, 75 where the budget did not last.

    \b
    rlm batch find.rlm nightly
    rlm batch find.rlm --each book='books/*.txt' --set question=Who? --out 'answers/{name}.json'
    rlm batch find.rlm nightly --plan
    """
    steady()
    from rlmlang.batch.choosing import Spelled, choose_batch, with_budget
    from rlmlang.batch.items import survey
    from rlmlang.batch.way import Way, failures_of, selection
    from rlmlang.cli.batch_task import Task

    if name and each:
        raise click.UsageError("--each spells a batch out: leave its name away")
    spelled = Spelled(pairs(each, "each"), recipe, called, out, zipped)
    batch, rest = with_budget(choose_batch(file, name, spelled), pairs(sets, "set"))
    batch = replace(batch, table=table or batch.table)
    found = survey(batch)
    set_to = tuple(f"{k}={v}" for k, v in rest.items())
    options = options_from("", set_to, more.pop("sources"), **more, **keeping(store, file))
    way = Way(
        options,
        items or batch.at_once,
        failures_of(max_failures, found.count, goes_on=keep_going or batch.goes_on),
        selection(select),
        options.fresh,
        dry_run,
    )
    task = Task(batch, way, found, as_values=as_values, quiet=quiet)
    if planned:
        task.plan()
    else:
        task.carry_out()
