"""`rlm fmt`: the one layout."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from rlmlang.cli.edge import exit_code_of, say
from rlmlang.cli.flags import offering
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.schema.exits import FAILED, OK, RECIPE


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=offering("recipe files"))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 if it would.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--filled", is_flag=True, help="Write nothing; show the texts with names in braces.")
def command(files: tuple[str, ...], only_check: bool, diff: bool, filled: bool) -> None:
    """Lay recipes out: files, or all below folders. Without FILE, or with -, stdin is formatted to
    stdout."""
    from rlmlang.runtime.recipe_files import recipe_files

    changed, worst, paths = False, OK, recipe_files(files or ("-",))
    if filled:
        _show_filled(paths)
        return
    for name in paths:
        try:
            before = _read(name)
        except CodedError as problem:
            if len(paths) == 1:
                raise
            worst = max(worst, exit_code_of(problem))
            continue
        after = _formatted(name, before)
        if after is None:
            worst = max(worst, RECIPE)
            continue
        changed = changed or after != before
        _give(name, before, after, only_check=only_check, diff=diff)
    if worst or (changed and (only_check or diff)):
        raise click.exceptions.Exit(worst or FAILED)


def _show_filled(names: list[str]) -> None:
    """The texts that values are put into, a line each: braces that meant themselves are `\\{`."""
    from rlmlang.compiler import check
    from rlmlang.runtime.checking import importing

    broken = False
    for name in names:
        source = SourceFile("stdin" if name == "-" else name, _read(name))
        found = check(source, importing(source.path, trust=True))
        say(tuple(d for d in found.diagnostics if d.severity == "error"))
        broken = broken or not found.ok
        for span in found.filled:
            words = " ".join(span.source.text[span.start : span.end].split())
            click.echo(f"{span.place.path}:{span.place.line}:{span.place.column}: {words}")
    if broken:
        raise click.exceptions.Exit(RECIPE)


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    from rlmlang.runtime.files import read_source

    return read_source(name).text


def _formatted(name: str, text: str) -> str | None:
    from rlmlang.compiler import format as lay_out

    after, parsed = lay_out(SourceFile("stdin" if name == "-" else name, text))
    if not parsed.ok:
        say(parsed.diagnostics)
        return None
    return after


def _give(name: str, before: str, after: str, *, only_check: bool, diff: bool) -> None:
    if diff:
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
        )
        click.echo("".join(lines), nl=False)
    elif only_check:
        if before != after:
            click.echo(f"{name} would be laid out anew", err=True)
    elif name == "-":
        click.echo(after, nl=False)
    elif before != after:
        Path(name).write_text(after, encoding="utf-8")
        click.echo(f"laid out {name}", err=True)
