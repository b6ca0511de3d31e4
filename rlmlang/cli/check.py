"""`rlm check`: what is wrong with recipes."""

from __future__ import annotations

import json

import click

from rlmlang.cli.edge import say
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.render import as_json, summary
from rlmlang.schema.codes import RECIPE


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_values", is_flag=True, help="Problems as JSON on stdout.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing; only the exit code.")
@click.option("--fail-on-warning", is_flag=True, help="Exit with 65 where there are warnings.")
def command(files: tuple[str, ...], as_values: bool, quiet: bool, fail_on_warning: bool) -> None:
    """Find mistakes in recipes. Reads no source, calls no model."""
    from rlmlang.runtime import check

    found: list[Diagnostic] = []
    for file in files:
        try:
            found += check(file).diagnostics
        except CodedError as problem:
            if len(files) == 1 and not as_values:
                raise
            found.append(problem.diagnostic)
    if as_values:
        click.echo(json.dumps([as_json(d) for d in found], indent=2, ensure_ascii=False))
    elif not quiet:
        say(tuple(found))
        if not found:
            click.echo(f"{', '.join(files)}: {summary(found)}", err=True)
    if any(fail_on_warning or d.severity == "error" for d in found):
        raise click.exceptions.Exit(RECIPE)
