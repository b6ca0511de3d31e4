"""`rlm batch`: a recipe over many inputs, one budget above all; the same command goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from rlmlang.cli.batch_options import spelled_out, wished
from rlmlang.cli.edge import unwarned
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.cli.steady import steady

if TYPE_CHECKING:
    from rlmlang.batch.choosing import Spelled
    from rlmlang.batch.way import Wish


@click.command()
@click.argument("file", shell_complete=offering("recipe files"))
@click.argument("name", default="", shell_complete=offering("batches"))
@flags("batch")
@spelled_out
@click.option("--table", metavar="PATH", default="", help="One file for all answers; - is stdout.")
@wished
@click.option("--plan", "planned", is_flag=True, help="The price of all items; run nothing.")
def command(
    file: str,
    name: str,
    spelled: Spelled,
    wish: Wish,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    table: str,
    items: int | None,
    lease: float,
    planned: bool,
    as_values: bool,
    quiet: bool,
    store: str,
    fail_on_warning: bool,
    **more: str | float | bool | None,
) -> None:
    """Run a recipe over many inputs: the batch NAME that FILE declares, or what --each says.

    What is done is kept: the same command goes on, and runs what is new, failed or changed. Exits 1
    where an item failed, 75 where the budget did not last.

    \b
    rlm batch find.rlm nightly --plan
    rlm batch find.rlm --each book='books/*.txt' --out 'answers/{name}.json'
    """
    steady()
    from rlmlang.cli.batch_asked import Asked
    from rlmlang.cli.batch_task import Task

    unwarned(file, fail_on_warning, as_values=as_values)
    asked = Asked(file, name, spelled, sets, sources, models, more)
    batch, options = asked.chosen(keeping(store, file), items)
    batch = replace(batch, table=table or batch.table)
    task = Task(batch, options, wish, asked, lease=lease, as_values=as_values, quiet=quiet)
    if planned:
        task.plan()
    else:
        task.carry_out()
