"""`rlm check`: what is wrong with recipes."""

from __future__ import annotations

import json

import click

from rlmlang.cli.edge import say
from rlmlang.cli.flags import flags, offering
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.render import as_json, summary
from rlmlang.schema.exits import OK, RECIPE


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    shell_complete=offering("recipe files"),
)
@flags("check")
def command(
    files: tuple[str, ...], as_values: bool, quiet: bool, fail_on_warning: bool, locked: bool
) -> None:
    """Find mistakes in recipes: files, or all below folders. Reads no source, calls no model."""
    from rlmlang.runtime.recipe_files import recipe_files

    paths, found, worst = recipe_files(files), list[Diagnostic](), OK
    for path in paths:
        here, code = _checked(path, alone=len(paths) == 1 and not as_values, locked=locked)
        found, worst = [*found, *here], max(worst, code)
        if not (quiet or as_values):
            _tell(path, here)
    if as_values:
        click.echo(json.dumps([as_json(d) for d in found], indent=2, ensure_ascii=False))
    elif not quiet and len(paths) > 1:
        click.echo(f"{len(paths):,} files: {summary(found)}", err=True)
    if fail_on_warning and found:
        worst = max(worst, RECIPE)
    if worst:
        raise click.exceptions.Exit(worst)


def _checked(path: str, *, alone: bool, locked: bool) -> tuple[tuple[Diagnostic, ...], int]:
    """What is wrong with a file, and the exit code that follows. Raises CodedError for one that is
    `alone` and cannot be read."""
    from rlmlang.runtime import check

    try:
        found = check(path, locked=locked).diagnostics
    except CodedError as problem:
        if alone:
            raise
        return (problem.diagnostic,), problem.entry.exit_code
    return found, RECIPE if any(d.severity == "error" for d in found) else OK


def _tell(path: str, found: tuple[Diagnostic, ...]) -> None:
    say(found)
    click.echo(f"{path}: {summary(found)}" if not found else "", err=True)
