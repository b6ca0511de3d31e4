"""`rlm run`: the answer on stdout, everything else on stderr."""

from __future__ import annotations

import gc
import json
from typing import Any

import click

from rlmlang.cli.edge import binding_options, exit_code_of, options_from, say, write


@click.command()
@click.argument("file")
@binding_options
@click.option("--api-base", default="", metavar="URL", help="An OpenAI-compatible endpoint.")
@click.option("--timeout", default=120.0, show_default=True, help="Seconds a call may take.")
@click.option("--parallel", type=click.IntRange(1, 4096), help="Calls at a time.")
@click.option("--json", "as_values", is_flag=True, help="Result, receipt and usage as JSON.")
@click.option("--out", metavar="PATH", help="Write the result to a file.")
@click.option("--quiet", "-q", is_flag=True, help="Only the result.")
@click.option("--no-record", is_flag=True, help="Keep no trajectory.")
def command(
    file: str, recipe: str, sets: tuple[str, ...], sources: tuple[str, ...],
    models: tuple[str, ...], api_base: str, timeout: float, parallel: int | None,
    as_values: bool, out: str | None, quiet: bool, no_record: bool,
) -> None:  # fmt: skip
    """Run a recipe: FILE is a path, or std/NAME of the standard library."""
    gc.enable()
    from rlmlang.runtime import execute
    from rlmlang.runtime.prepare import prepare

    options = options_from(recipe, sets, sources, models, api_base=api_base, timeout=timeout,
                           parallel=parallel, record=not no_record)  # fmt: skip
    ready = prepare(file, options, need_all=True)
    from rlmlang.cli.progress import Progress

    with Progress(ready.plan, quiet=quiet) as progress:
        if not quiet:
            say(ready.warnings)
        outcome = execute(ready, listener=progress.take)
    if outcome.problem is None:
        write(_result(outcome, ready, as_values), out)
    if not quiet:
        progress.receipt(outcome, notice_of(ready))
    if outcome.problem is not None:
        if as_values:
            write(_result(outcome, ready, as_values), out)
        raise click.exceptions.Exit(exit_code_of(outcome.problem))


def notice_of(ready: Any) -> str:
    """What must be said of an answer of the embedded reader, wherever it appears."""
    from rlmlang.modules.offline.reader import NAME, NOTICE

    return NOTICE if any(b.name == NAME for b in ready.binding.models.values()) else ""


def _result(outcome: Any, ready: Any, as_values: bool) -> str:
    from dataclasses import asdict

    from rlmlang.report.receipt import as_text
    from rlmlang.runtime.session import jsonable

    if not as_values:
        return as_text(jsonable(outcome.result))
    problem = outcome.problem.diagnostic if outcome.problem else None
    usd = float(outcome.usage.usd) if outcome.priced else None
    usage = {**vars(outcome.usage), "usd": usd}
    values = {
        "run": outcome.run, "recipe": ready.recipe.name, "plan": ready.plan.hash,
        "result": jsonable(outcome.result), "usage": usage, "seconds": round(outcome.seconds, 3),
        "receipt": [asdict(line) for line in outcome.receipt], "notice": notice_of(ready),
        "problem": {"code": problem.code, "message": problem.message} if problem else None,
    }  # fmt: skip
    return json.dumps(values, indent=2, ensure_ascii=False)
