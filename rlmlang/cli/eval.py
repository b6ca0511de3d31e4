"""`rlm eval`: a recipe over labelled examples."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rlmlang.cli.edge import exit_code_of, options_from, say, unwarned
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.cli.steady import steady
from rlmlang.cli.width import show
from rlmlang.schema.exits import FAILED

if TYPE_CHECKING:
    from rlmlang.cli.bars import Bar
    from rlmlang.diagnostics.diagnostic import Diagnostic
    from rlmlang.ir.suite import Eval
    from rlmlang.runtime.prepared import Options
    from rlmlang.testing.compare import Compared
    from rlmlang.testing.evals import Evaluated, EvalValues


@click.command()
@click.argument("file", shell_complete=offering("recipe files"))
@click.argument("name", default="", shell_complete=offering("evals"))
@flags("eval")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many examples.")
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
def command(
    file: str,
    name: str,
    models: tuple[str, ...],
    sets: tuple[str, ...],
    limit: int | None,
    at_once: int,
    compare: str,
    worst: int,
    as_values: bool,
    quiet: bool,
    store: str,
    no_store: bool,
    fail_on_warning: bool,
    **more: Any,
) -> None:
    """Run the eval NAME of FILE: every example, scored, with means and their intervals.

    The exit code is 1 when a `require` does not hold, or every example failed. Answers are kept: a
    second eval costs nothing, and one that was stopped is resumed.
    """
    steady()
    from rlmlang.cli.bars import Bar
    from rlmlang.testing.choosing import choose_eval
    from rlmlang.testing.evals import as_values as values_of

    made = choose_eval(file, name)
    unwarned(file, fail_on_warning, as_values=as_values)
    made = replace(made, limit=limit or made.limit)
    options = options_from("", sets, (), models, **keeping(store, file, none=no_store), **more)
    if not quiet:
        say(_unpriced(made, options))
    with Bar(f"eval {made.name}", quiet=quiet or as_values) as bar:
        found, run = _evaluated(made, options, at_once, bar)
    if found.problem is not None:
        raise click.exceptions.Exit(exit_code_of(found.problem))
    values = values_of(found)
    compared = _compared(made, values, compare, options, at_once) if compare else None
    _tell(found, values, run, compared, worst, as_values)
    _end(found)


def _end(found: Evaluated) -> None:
    """Exits with 1 where something that is required does not hold, or every example failed."""
    tried = not found.rows or not all(x.problem for x in found.rows)
    if not (tried and all(ok for _, ok in found.required())):
        raise click.exceptions.Exit(FAILED)


def _unpriced(made: Eval, options: Options) -> tuple[Diagnostic, ...]:
    """The note that dollars are not counted, where a model at hand has no price."""
    from rlmlang.runtime.prepare import prepare

    ready = prepare(made.path, replace(options, recipe=made.recipe, home=made.base), need_all=False)
    return tuple(w for w in ready.warnings if w.code == "price-unknown")


def _evaluated(made: Eval, options: Options, at_once: int, bar: Bar) -> tuple[Evaluated, str]:
    """The eval, kept where there is a store, and the name it is kept under."""
    from rlmlang.runtime.beginning import new_run
    from rlmlang.runtime.trust import require_of
    from rlmlang.testing.choosing import examples_of
    from rlmlang.testing.compare import keep
    from rlmlang.testing.evals import Way, account_of, run_eval
    from rlmlang.testing.evals import as_values as values_of

    require_of(made.base, (made,), options)
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
        keep(options, made.name, made.path, values_of(found), run)
    return found, run


def _compared(
    made: Eval, values: EvalValues, name: str, options: Options, at_once: int
) -> Compared:
    """The difference to a kept eval, or to what a commit's recipe does over today's examples."""
    from rlmlang.cli.bars import Bar
    from rlmlang.runtime.trust import trusts
    from rlmlang.testing.compare import as_it_was, at_that_time, compare, kept
    from rlmlang.testing.evals import as_values as values_of

    before = kept(options, name)
    if before is None:
        options = replace(options, trust=trusts(made.path, options))  # it is the same folder's
        with as_it_was(made.path, name) as path, Bar(f"eval at {name}", quiet=True) as bar:
            then = at_that_time(made, str(path))
            found, _ = _evaluated(then, options, at_once, bar)
            if found.problem is not None:
                raise found.problem
            before = values_of(found)
    return compare(before, values, name)


def _tell(
    found: Evaluated,
    values: EvalValues,
    run: str,
    compared: Compared | None,
    worst: int,
    as_values: bool,
) -> None:
    if as_values:
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

    show(lines_of(found, run, worst))
    if compared is not None:
        show(compared_lines(compared))
