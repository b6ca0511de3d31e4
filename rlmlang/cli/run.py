"""`rlm run`: the answer on stdout, everything else on stderr."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rlmlang.cli.edge import answer_options, exit_code_of, fail_on, options_from, say
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping, seen_with
from rlmlang.cli.steady import steady

if TYPE_CHECKING:
    from rlmlang.budget import Usage
    from rlmlang.cli.delivery import Delivery
    from rlmlang.report.formats.format import Format
    from rlmlang.runtime.prepared import Options, Outcome, Prepared


@click.command()
@click.argument("file", default="", shell_complete=offering("plans"))
@answer_options
@flags("run")
@click.option(
    "--why-miss",
    metavar="STEP",
    default="",
    help="Send nothing; say why calls of STEP have no kept answer.",
)
@click.option(
    "--from",
    "forked",
    metavar="RUN",
    default="",
    help="Go on from a point of RUN, which --at names; pay for what follows alone.",
    shell_complete=offering("runs"),
)
@click.option("--at", metavar="NODE[ITEM]", default="", help="The point: a step, call or turn.")
@click.option(
    "--answer",
    metavar="TEXT",
    default=None,
    help="What is answered there, in the place of the model; @FILE for a file's text.",
)
def command(
    file: str,
    as_values: bool,
    out: str | None,
    form: str,
    quiet: bool,
    no_store: bool,
    store: str,
    why_miss: str,
    replay: bool,
    fail_on_warning: bool,
    forked: str,
    at: str,
    answer: str | None,
    **more: Any,
) -> None:
    """Run a recipe: FILE is a path, or std/NAME of the standard library.

    A run that was stopped is resumed: what is answered is kept, and never paid twice.
    With --from RUN its file, inputs and models are those of RUN, where none are given.

    \b
    rlm run find.rlm --source book=book.txt --set question="Who keeps the key?"
    rlm run find.rlm --model openai/gpt-5-mini --set budget.calls=500 --json
    rlm run --from last --at notes[3] --answer "Nothing."
    """
    from rlmlang.runtime.prepare import prepare

    wanted = asked_for(form, out, as_values)
    where = keeping(store, file, none=no_store)
    options = options_from(**where, only_kept=replay or bool(why_miss), **more)
    file, options = fork_of(file, options, forked, at, answer)
    ready = prepare(file, options, need_all=True)
    if fail_on_warning:
        fail_on(ready.warnings, as_values=as_values)
    if why_miss:
        explain(ready, why_miss)
        return
    deliver(ready, wanted, quiet=quiet, out=out)


def fork_of(
    file: str, options: Options, run: str, at: str, answer: str | None
) -> tuple[str, Options]:
    """The file and options of a run, which may go on from another. Raises CodedError (unknown-run)
    and a usage error."""
    from rlmlang.runtime.forking import given_as
    from rlmlang.runtime.from_files import text_or_file
    from rlmlang.runtime.prepared import Fork
    from rlmlang.runtime.stored import own_only_of, reader_for

    if not file and not run:
        raise click.UsageError("Missing argument 'FILE'.")
    if not (run or at or answer is not None):
        return file, options
    if not run or not at:
        raise click.UsageError("--from RUN and --at NODE are given together")
    if options.store is None:
        raise click.UsageError("--from goes on from a kept run: leave --no-store out")
    with closing(reader_for(options.store, own_only=own_only_of(options))) as reader:
        row = reader.choose(run)
    said = text_or_file(answer, "--answer") if answer is not None else None
    file = file or row.path
    return file, given_as(replace(options, fork=Fork(row.name, at, said)), row, file)


def asked_for(form: str, out: str | None, as_values: bool) -> Format | None:
    """The format of the result, None for all of a run as JSON. Raises CodedError (unknown-format)
    and a usage error."""
    from rlmlang.cli.delivery import form_of

    if as_values and form:
        raise click.UsageError("--json is all of a run as JSON, --format the result: give one")
    return None if as_values else form_of(form, out)


def deliver(ready: Prepared, form: Format | None, *, quiet: bool, out: str | None = None) -> None:
    """Runs what is prepared: the plan and progress, the result, the receipt, the exit code. Where
    the result goes is tried before anything is sent; without a form it is all of a run as JSON."""
    from rlmlang.cli.delivery import Delivery
    from rlmlang.report.formats.json import JSON

    delivery = Delivery(form or JSON, ready.recipe.result, ready.recipe.name, out)
    try:
        _carried_out(ready, form, delivery, quiet=quiet)
    finally:
        delivery.target.drop()  # which does nothing to what is kept


def _carried_out(ready: Prepared, form: Format | None, delivery: Delivery, *, quiet: bool) -> None:
    from rlmlang.cli.progress import Progress
    from rlmlang.runtime import execute
    from rlmlang.runtime.redaction import redactor_for

    with Progress(
        ready.plan, quiet=quiet, redact=redactor_for(ready.options), inputs=ready.inputs
    ) as progress:
        if not quiet:
            _begin(ready)
        from rlmlang.runtime.models_of_run import models_for

        models_for(ready)  # imports the most of what is loaded
        steady()
        sink = delivery.streaming(ready.plan) if form is not None else None
        outcome = execute(ready, listener=progress.take, signals=True, sink=sink)
    if form is None:
        delivery.tell(_all(outcome, ready))
    elif outcome.problem is None:
        delivery.finish(outcome.result, outcome.run, kept=ready.options.store is not None)
    elif said := delivery.stop():
        click.echo(said, err=True)
    if not quiet:
        progress.receipt(outcome, notice_of(ready), seen_with(ready.options.store))
    if outcome.problem is not None:
        raise click.exceptions.Exit(exit_code_of(outcome.problem))


def _begin(ready: Prepared) -> None:
    """What must be known before a run."""
    say(ready.warnings)
    for line in filter(None, (ready.tuned, ready.beside)):
        click.echo(line, err=True)
    if ready.effects:
        _planned_again(ready)


def _planned_again(ready: Prepared) -> None:
    """Says what the run does that the plan did not do, and shows the plan with it."""
    from rlmlang.cli.console import console
    from rlmlang.cli.width import PRINTED
    from rlmlang.report.plan import print_plan

    click.echo("this run: " + "; ".join(map(str, ready.effects)), err=True)
    if any(e.name for e in ready.effects):
        print_plan(ready.plan, console("stderr", width=PRINTED))


def explain(ready: Prepared, step: str) -> None:
    """Says why calls of a step have no kept answer."""
    from rlmlang.runtime.miss import why_miss

    for line in why_miss(ready, step):
        click.echo(line)


def notice_of(ready: Prepared) -> str:
    """What must be said of an answer of the embedded reader, wherever it appears."""
    from rlmlang.models.offline import NAME, NOTICE

    return NOTICE if any(b.name == NAME for b in ready.binding.models.values()) else ""


def _all(outcome: Outcome, ready: Prepared) -> str:
    """All of a run as JSON."""
    from rlmlang.diagnostics.render import as_json
    from rlmlang.execute.plain_values import jsonable
    from rlmlang.runtime.shown import left_out

    values = {
        "run": outcome.run,
        "recipe": ready.recipe.name,
        "plan": ready.plan.hash,
        "result": jsonable(outcome.result),
        "usage": _usage(outcome.usage, outcome.priced),
        "now": _usage(outcome.now, outcome.priced),
        "resumed": outcome.resumed,
        "reused": outcome.reused,
        "unanswered": outcome.unanswered,
        "seconds": round(outcome.seconds, 3),
        "left_out": left_out(ready.inputs),
        "receipt": [line.record for line in outcome.receipt],
        "notice": notice_of(ready),
        "notices": [{"code": n.code, "message": n.message} for n in outcome.notices],
        "problem": as_json(outcome.problem.diagnostic) if outcome.problem else None,
    }
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _usage(usage: Usage, priced: bool) -> dict[str, float | None]:
    return {**vars(usage), "usd": float(usage.usd) if priced else None}
