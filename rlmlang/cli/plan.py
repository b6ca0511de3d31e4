"""`rlm plan`: the price before paying."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import (
    binding_options,
    endpoint_option,
    options_from,
    say,
    trust_option,
    writable,
    write,
)
from rlmlang.schema.codes import BUDGET

if TYPE_CHECKING:
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime.prepared import Prepared


@click.command()
@click.argument("file")
@binding_options
@endpoint_option
@trust_option
@click.option("--untuned", is_flag=True, help="Leave a tuning beside the recipe aside.")
@click.option(
    "--rewrite/--no-rewrite",
    default=True,
    show_default=True,
    help="Leave out of the plan what changes nothing but the price.",
)
@click.option("--tune", "tuning", is_flag=True, help="The price of the file's tuning instead.")
@click.option("--json", "as_values", is_flag=True, help="The plan as JSON.")
@click.option("--out", metavar="PATH", help="Write it to a file.")
def command(
    file: str,
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    api_base: str,
    untuned: bool,
    rewrite: bool,
    tuning: bool,
    as_values: bool,
    out: str | None,
    trust: bool,
) -> None:
    """Show calls, tok, dollars and rounds: best, expected and worst, against the budget.

    Exits 75 when even the best case does not fit the budget.
    """
    from rlmlang.runtime.prepare import prepare

    writable(out)
    if tuning:
        from rlmlang.cli.tune import price

        options = options_from(
            "", sets, sources, models, api_base=api_base, untuned=True, trust=trust
        )
        price(file, "", options, as_values)
        return
    options = options_from(
        recipe,
        sets,
        sources,
        models,
        api_base=api_base,
        untuned=untuned,
        rewrite=rewrite,
        trust=trust,
    )
    _tell(prepare(file, options, need_all=False), as_values, out)


def _tell(ready: Prepared, as_values: bool, out: str | None) -> None:
    """Shows what is planned, with what must be said of it."""
    from rlmlang.runtime.trust import untrusted

    doubt = untrusted(ready.project, ready.options)
    say((*ready.warnings, *((replace(doubt, softened=True),) if doubt is not None else ())))
    if ready.tuned:
        click.echo(ready.tuned, err=True)
    if as_values:
        write(ready.plan.to_json(), out)
    else:
        draw(ready.plan, out)
    if ready.plan.verdict.word == "cannot fit":
        raise click.exceptions.Exit(BUDGET)


def draw(plan: Plan, out: str | None) -> None:
    """Shows a plan in the terminal, or writes what it shows to a file."""
    import io
    import shutil

    from rich.console import Console

    from rlmlang.cli.console import console
    from rlmlang.report.plan import print_plan

    if out is None:
        wide = max(100, shutil.get_terminal_size((120, 24)).columns)
        print_plan(plan, console("stdout", width=wide))
        return
    text = io.StringIO()
    print_plan(plan, Console(file=text, width=120, highlight=False))
    write(text.getvalue(), out)
