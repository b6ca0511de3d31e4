"""`rlm eval`: a recipe over labelled examples."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlmlang.cli.edge import (
    call_options,
    exit_code_of,
    model_option,
    options_from,
    sandbox_options,
    say,
    store_option,
)
from rlmlang.cli.steady import steady

if TYPE_CHECKING:
    from rlmlang.cli.bars import Bar
    from rlmlang.diagnostics.diagnostic import Diagnostic
    from rlmlang.ir.suite import Eval
    from rlmlang.runtime.prepared import Options
    from rlmlang.testing.compare import Compared
    from rlmlang.testing.evals import Evaluated, EvalValues


@click.command()
@click.argument("file")
@click.argument("name", default="")
@model_option
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for a number or budget.LIMIT of the recipe.",
)
@call_options
@click.option("--limit", type=click.IntRange(1), help="Only the first so many examples.")
@click.option(
    "--at-once",
    default=4,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Examples at a time.",
)
@click.option("--parallel", type=click.IntRange(1, 4096), help="Calls of an example at a time.")
@click.option(
    "--compare",
    default="",
    metavar="RUN|GITREF",
    help="Show the difference to an earlier eval, or to a commit.",
)
@click.option(
    "--worst",
    default=5,
    show_default=True,
    type=click.IntRange(0),
    help="How many of the worst are shown.",
)
@click.option("--untuned", is_flag=True, help="Leave a tuning aside.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@sandbox_options
@store_option
@click.option("--no-store", is_flag=True, help="Keep nothing, use nothing kept.")
@click.option("--fresh", is_flag=True, help="Use no answers of earlier runs.")
def command(
    file: str,
    name: str,
    models: tuple[str, ...],
    sets: tuple[str, ...],
    limit: int | None,
    at_once: int,
    compare: str,
    worst: int,
    as_json: bool,
    quiet: bool,
    store: str,
    no_store: bool,
    **more: Any,
) -> None:
    """Run the eval NAME of FILE: every example, scored, with means and their intervals.

    The exit code is 1 when a `require` does not hold, or every example failed. Answers are kept: a
    second eval costs nothing, and one that was stopped is resumed.
    """
    steady()
    from rlmlang.cli.bars import Bar
    from rlmlang.testing.choosing import choose_eval
    from rlmlang.testing.evals import as_values

    made = choose_eval(file, name)
    made = replace(made, limit=limit or made.limit)
    options = options_from("", sets, (), models, store=None if no_store else Path(store), **more)
    if not quiet:
        say(_unpriced(made, options))
    with Bar(f"eval {made.name}", quiet=quiet or as_json) as bar:
        found, run = _evaluated(made, options, at_once, bar)
    if found.problem is not None:
        raise click.exceptions.Exit(exit_code_of(found.problem))
    values = as_values(found)
    compared = _compared(made, values, compare, options, at_once) if compare else None
    _tell(found, values, run, compared, worst, as_json)
    failed = bool(found.rows) and all(x.problem for x in found.rows)
    if failed or not all(ok for _, ok in found.required()):
        raise click.exceptions.Exit(1)


def _unpriced(made: Eval, options: Options) -> tuple[Diagnostic, ...]:
    """The note that dollars are not counted, where a model at hand has no price."""
    from rlmlang.runtime.prepare import prepare

    ready = prepare(made.path, replace(options, recipe=made.recipe), need_all=False)
    return tuple(w for w in ready.warnings if w.code == "price-unknown")


def _evaluated(made: Eval, options: Options, at_once: int, bar: Bar) -> tuple[Evaluated, str]:
    """The eval, kept where there is a store, and the name it is kept under."""
    from rlmlang.runtime.beginning import new_run
    from rlmlang.runtime.trust import require_of
    from rlmlang.testing.choosing import examples_of
    from rlmlang.testing.compare import keep
    from rlmlang.testing.evals import Way, account_of, as_values, run_eval

    require_of(made.path, (made,), options)
    examples = examples_of(made)
    bar.total(min(len(examples.rows), made.limit or len(examples.rows)))
    way = Way(
        made.path,
        made.recipe,
        options,
        account_of(f"eval {made.name}", made.budget),
        at_once=at_once,
        about={"within": f"eval {made.name}"},
    )
    found, run = run_eval(made, examples, way, bar.take, signals=True), new_run(f"eval-{made.name}")
    if found.problem is None:
        keep(options, made.name, made.path, as_values(found), run)
    return found, run


def _compared(
    made: Eval, values: EvalValues, name: str, options: Options, at_once: int
) -> Compared:
    """The difference to a kept eval, or to what a commit's recipe does over today's examples."""
    from rlmlang.cli.bars import Bar
    from rlmlang.runtime.trust import trusts
    from rlmlang.testing.compare import at_commit, at_that_time, compare, kept
    from rlmlang.testing.evals import as_values

    before = kept(options.store, name) if options.store is not None else None
    if before is None:
        options = replace(options, trust=trusts(made.path, options))  # it is the same folder's
        with at_commit(made.path, name) as path, Bar(f"eval at {name}", quiet=True) as bar:
            then = at_that_time(made, str(path))
            found, _ = _evaluated(then, options, at_once, bar)
            if found.problem is not None:
                raise found.problem
            before = as_values(found)
    return compare(before, values, name)


def _tell(
    found: Evaluated,
    values: EvalValues,
    run: str,
    compared: Compared | None,
    worst: int,
    as_json: bool,
) -> None:
    if as_json:
        beside = (
            {}
            if compared is None
            else {
                "compare": {
                    "before": compared.before,
                    "difference": vars(compared.difference),
                    "verdict": compared.words,
                    "changed": [list(x) for x in compared.changed],
                }
            }
        )
        shown = {**values, "run": run, **beside}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False, default=str))
        return
    from rlmlang.testing.scoreboard import compared_lines, lines_of

    click.echo("\n".join(lines_of(found, run, worst)))
    if compared is not None:
        click.echo("\n".join(compared_lines(compared)))
