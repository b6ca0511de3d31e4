"""Where problems meet the terminal, and options that several commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rlmlang.cli.aside import kept
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.diagnostics.raised import diagnostics_of, internal
from rlmlang.diagnostics.render import as_json, render, render_all
from rlmlang.schema.environment import DEBUG, NO_COLOR
from rlmlang.schema.exits import RECIPE

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Options

F = TypeVar("F", bound=Callable[..., object])


def colour() -> bool:
    """Whether stderr takes colours: a terminal, and NO_COLOR is not set."""
    return sys.stderr.isatty() and not os.environ.get(NO_COLOR)


def say(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Draws problems on stderr."""
    if diagnostics:
        click.echo(render_all(diagnostics, colour=colour()), err=True)


def fail_on(found: Iterable[Diagnostic], *, as_values: bool) -> None:
    """Draws the warnings among what was found, the first one as JSON on stdout where that was asked
    for. Exits with 65 where there are some."""
    warnings = tuple(d for d in found if d.severity == "warning")
    if not warnings:
        return
    say(warnings)
    if as_values:
        _problem(warnings[0])
    raise click.exceptions.Exit(RECIPE)


def unwarned(file: str, wanted: bool, *, as_values: bool) -> None:
    """The same of the warnings of a file, where that is wanted."""
    from rlmlang.runtime import check

    if wanted:
        fail_on(check(file).diagnostics, as_values=as_values)


def exit_code_of(problem: Exception) -> int:
    """Draws what stopped a command; gives the exit code. Our own mistakes are told as such."""
    found: tuple[Diagnostic, ...] | None = getattr(problem, "diagnostics", None)
    if isinstance(problem, CodedError):
        click.echo(render(problem.diagnostic, colour=colour()), err=True)
        return problem.entry.exit_code
    if found is not None:
        say(found)
        return RECIPE
    if os.environ.get(DEBUG) and not isinstance(problem, RecursionError):
        raise problem
    ours = internal(problem)
    click.echo(render(ours, colour=colour()), err=True)
    return ours.entry.exit_code


def tell(problem: Exception, arguments: Sequence[str]) -> int:
    """Draws what stopped a command before it had anything to give; where it was asked for JSON,
    stdout has the problem. Gives the exit code."""
    code = exit_code_of(problem)
    if _json_wanted(arguments):
        first = next(d for d in diagnostics_of(problem) if d.severity == "error")
        _problem(first)
    return code


def words_of(problem: Exception) -> str:
    """All that is wrong, as it is drawn."""
    return render_all(diagnostics_of(problem))


def problem_of(problem: Exception) -> dict[str, object]:
    """The first error of what is wrong, as JSON values."""
    return as_json(next(d for d in diagnostics_of(problem) if d.severity == "error"))


def writable(out: str | None) -> None:
    """Tries whether a result can be written where it goes, before anything is paid for. Raises
    CodedError (file-unwritable)."""
    from rlmlang.cli.target import Target

    if out is None or out == "-":
        return
    there = Path(out)
    if there.is_file() or there.is_dir() or not there.exists():  # no device, no pipe
        Target(out).drop()


def tell_usage(words: str, arguments: Sequence[str]) -> None:
    """A mistake of the command line as JSON on stdout, where it was asked for."""
    if _json_wanted(arguments):
        _problem(Diagnostic("wrong-usage", words, hint="--help lists what the command takes"))


def _problem(problem: Diagnostic) -> None:
    click.echo(json.dumps({"problem": as_json(problem)}, indent=2, ensure_ascii=False))


def _json_wanted(arguments: Sequence[str]) -> bool:
    return "--json" in arguments[: _end_of_options(arguments)]


def _end_of_options(arguments: Sequence[str]) -> int:
    return list(arguments).index("--") if "--" in arguments else len(arguments)


def pairs(values: tuple[str, ...], option: str) -> dict[str, str]:
    """`name=value` options as a dictionary. Raises a usage error."""
    found: dict[str, str] = {}
    for each in values:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{each}: write NAME=VALUE", param_hint=f"--{option}")
        if name in found:
            raise click.BadParameter(f"{name} is given twice", param_hint=f"--{option}")
        found[name] = value
    return found


OUT = click.option("--out", metavar="PATH", help="A file for the result; its ending says how.")
FORM = click.option(
    "--format",
    "form",
    default="",
    metavar="NAME",
    help="json, jsonl, csv, tsv, parquet, md, html or txt: rlm explain csv.",
)


def answer_options(command: F) -> F:
    """Where the answer goes, in which form."""
    return OUT(FORM(command))


def options_from(
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    **more: Any,
) -> Options:
    """The runtime's options from the command's. Raises CodedError for a file of `--set x=@file`
    that cannot be read."""
    from rlmlang.runtime.from_files import expanded
    from rlmlang.runtime.prepared import Options

    places = pairs(sources, "source")
    given = expanded(pairs(sets, "set"), places.values())
    return Options(recipe, given, places, models, profile=kept("profile"), **more)


def write(text: str, out: str | None) -> None:
    """Writes a text to stdout, or to a file in one step. Raises CodedError (file-unwritable)."""
    ended = text if text.endswith("\n") else text + "\n"
    write_lines([ended], out)


def write_lines(lines: Iterable[str], out: str | None) -> None:
    """Writes lines that end in a line break, as `write` does, without holding them all."""
    if out is None or out == "-":
        for line in lines:
            click.echo(line, nl=False)
        return
    from rlmlang.cli.target import Target

    target = Target(out)
    try:
        for line in lines:
            target.write(line.encode("utf-8", "backslashreplace"))
        target.keep()
    except BaseException:
        target.drop()
        raise
