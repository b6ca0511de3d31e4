"""`rlm tune`: better prompts and numbers, judged on examples that were not learnt from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlmlang.cli.edge import options_from, unwarned, write
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.cli.steady import steady
from rlmlang.cli.width import show

if TYPE_CHECKING:
    from rlmlang.ir.suite import Tune
    from rlmlang.runtime.prepared import Options
    from rlmlang.runtime.tuned import Tuning
    from rlmlang.tuning.api import TuningPlan


@click.command()
@click.argument("file", shell_complete=offering("recipe files"))
@click.argument("name", default="", shell_complete=offering("tunes"))
@flags("tune")
@click.option("--reflection", default="", metavar="NAME", help="The model that rewrites tasks.")
@click.option("--show", is_flag=True, help="Show what the last tuning changes, as a difference.")
@click.option("--apply", "apply_", is_flag=True, help="Write tuned tasks into the recipe.")
@click.option("--only", default="", metavar="PROMPT", help="With --apply: only this prompt's.")
def command(
    file: str,
    name: str,
    models: tuple[str, ...],
    reflection: str,
    at_once: int,
    dry_run: bool,
    show: bool,
    apply_: bool,
    only: str,
    as_values: bool,
    quiet: bool,
    store: str,
    no_store: bool,
    fail_on_warning: bool,
    **more: Any,
) -> None:
    """Run the tuning NAME of FILE, and write RECIPE.tuned.json beside it.

    `rlm plan` and `rlm run` use that file as long as the recipe is the one it was made for. The
    score is of examples that the optimizer never saw. Answers are kept: the same command resumes a
    tuning that was stopped.
    """
    steady()
    from rlmlang.runtime.tuned import path_of
    from rlmlang.testing.choosing import choose_tune

    if show or apply_:
        tune = choose_tune(file, name)
        target = path_of(tune.eval.path, tune.recipe)
        _show(tune, target) if show else _apply(tune, target, only)
        return
    unwarned(file, fail_on_warning, as_values=as_values)
    options = options_from("", (), (), models, **keeping(store, file, none=no_store), **more)
    if dry_run:
        price(file, name, options, as_values)
        return
    from rlmlang.tuning.api import plan_tuning

    _run(plan_tuning(file, name, options, at_once=at_once), reflection, as_values, quiet)


def price(file: str, name: str, options: Options, as_values: bool) -> None:
    """What a tuning may cost at most."""
    from dataclasses import asdict

    from rlmlang.tuning.api import plan_tuning
    from rlmlang.tuning.price import lines_of

    found = plan_tuning(file, name, options)
    values = {**asdict(found.price), "runs": found.price.runs}
    if as_values:
        click.echo(json.dumps(values, indent=2))
    else:
        show(lines_of(found.price, found.tune))


def _run(plan: TuningPlan, reflection: str, as_values: bool, quiet: bool) -> None:
    from rlmlang.cli.bars import Bar
    from rlmlang.tuning.api import run_tuning
    from rlmlang.tuning.price import lines_of as priced
    from rlmlang.tuning.result import lines_of

    if not quiet:
        click.echo("\n".join(priced(plan.price, plan.tune)), err=True)
    with Bar("", quiet=quiet) as bar:
        bar.total(plan.price.runs)
        values = run_tuning(plan, reflection, bar.stage)
    text = json.dumps(values, indent=2, ensure_ascii=False)
    if as_values:
        click.echo(text)
    else:
        show(lines_of(values))
    if not quiet:
        click.echo(f"wrote {plan.target}", err=True)


def _read(target: Path) -> Tuning:
    from rlmlang.diagnostics.diagnostic import failed
    from rlmlang.runtime.tuned import read_tuning

    if not target.is_file():
        raise failed("not-tuned", f"there is no {target}", hint="rlm tune makes it")
    return read_tuning(target)


def _show(tune: Tune, target: Path) -> None:
    from rlmlang.testing.choosing import recipe_of
    from rlmlang.tuning.result import differences, lines_of

    values = dict(_read(target).about)
    recipe = recipe_of(tune.eval.path, tune.recipe)
    show([*lines_of(values), "", *differences(values, recipe)])


def _apply(tune: Tune, target: Path, only: str) -> None:
    """Writes tasks into the recipe. The file they come from then belongs to another version; it is
    kept aside, for its score."""
    from rlmlang.runtime.files import read_source
    from rlmlang.testing.choosing import recipe_of
    from rlmlang.tuning.result import applied

    path, tuning = tune.eval.path, _read(target)
    text = applied(read_source(path), recipe_of(path, tune.recipe), tuning, only)
    write(text, path)
    aside = target.with_suffix(".applied.json")
    target.replace(aside)
    click.echo(f"wrote {path}; {target.name} is kept as {aside.name}", err=True)
