"""`rlm plan`: the price before paying."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import options_from, say, writable, write
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import told
from rlmlang.cli.width import PRINTED
from rlmlang.schema.exits import BUDGET, RECIPE

if TYPE_CHECKING:
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime.prepared import Options, Prepared


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=offering("plans")
)
@flags("plan")
@click.option("--tune", "tuning", is_flag=True, help="The price of the file's tuning instead.")
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    files: tuple[str, ...],
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    tuning: bool,
    as_values: bool,
    out: str | None,
    fail_on_warning: bool,
    **more: str | bool,
) -> None:
    """Show calls, tok, dollars and rounds: best, expected and worst, against the budget. Of several
    files, or all below a folder, a line for each recipe.

    Exits 75 when even the best case does not fit the budget.

    \b
    rlm plan find.rlm --source book=book.txt
    rlm plan find.rlm --json --out plan.json
    rlm plan recipes
    """
    from rlmlang.runtime.prepare import prepare

    writable(out)
    options = options_from("" if tuning else recipe, sets, sources, models, **more)
    several = len(files) > 1 or Path(files[0]).is_dir()
    if fail_on_warning and (several or tuning):
        raise click.UsageError("--fail-on-warning is for the plan of one file")
    if several:
        _tell_all(files, options, out, as_values=as_values)
    elif tuning:
        from rlmlang.cli.tune import price

        price(files[0], "", replace(options, untuned=True), as_values)
    else:
        _tell(prepare(files[0], options, need_all=False), as_values, out, fail_on_warning)


def _tell_all(
    files: tuple[str, ...], options: Options, out: str | None, *, as_values: bool
) -> None:
    """Shows a line for each recipe, and exits with the worst code."""
    from rlmlang.cli.plans import plan_all
    from rlmlang.runtime.recipe_files import recipe_files

    if code := plan_all(recipe_files(files), options, out, as_values=as_values):
        raise click.exceptions.Exit(code)


def _tell(ready: Prepared, as_values: bool, out: str | None, strict: bool) -> None:
    """Shows what is planned, with what must be said of it; where it is `strict`, warnings fail."""
    from rlmlang.runtime.trust import untrusted

    doubt = untrusted(ready.project, ready.options)
    say((*ready.warnings, *((replace(doubt, softened=True),) if doubt is not None else ())))
    for line in filter(None, (ready.tuned, ready.beside)):
        click.echo(line, err=True)
    for line in told(ready.project):
        click.echo(line, err=True)
    if as_values:
        write(ready.plan.to_json(), out)
    else:
        draw(ready.plan, out)
    if ready.plan.verdict.word == "cannot fit":
        raise click.exceptions.Exit(BUDGET)
    if strict and ready.warnings:
        raise click.exceptions.Exit(RECIPE)


def draw(plan: Plan, out: str | None) -> None:
    """Shows a plan in the terminal, or writes what it shows to a file."""
    import io

    from rich.console import Console

    from rlmlang.cli.console import console
    from rlmlang.report.plan import print_plan

    if out is None:
        print_plan(plan, console("stdout", width=PRINTED))
        return
    text = io.StringIO()
    print_plan(plan, Console(file=text, width=PRINTED, highlight=False))
    write(text.getvalue(), out)
