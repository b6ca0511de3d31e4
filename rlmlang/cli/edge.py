"""Where problems meet the terminal, and options that several commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.diagnostics.render import as_json, render, render_all
from rlmlang.schema.codes import RECIPE
from rlmlang.schema.sandboxes import choices

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Options

F = TypeVar("F", bound=Callable[..., object])


SECONDS = click.FloatRange(0, 1e7, min_open=True)
"""A time that something may take."""


def colour() -> bool:
    """Whether stderr takes colours: a terminal, and NO_COLOR is not set."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def say(diagnostics: tuple[Diagnostic, ...]) -> None:
    """Draws problems on stderr."""
    if diagnostics:
        click.echo(render_all(diagnostics, colour=colour()), err=True)


def exit_code_of(problem: Exception) -> int:
    """Draws what stopped a command; gives the exit code. Our own mistakes are told as such."""
    found: tuple[Diagnostic, ...] | None = getattr(problem, "diagnostics", None)
    if isinstance(problem, CodedError):
        click.echo(render(problem.diagnostic, colour=colour()), err=True)
        return problem.entry.exit_code
    if found is not None:
        say(found)
        return RECIPE
    if os.environ.get("RLM_DEBUG") and not isinstance(problem, RecursionError):
        raise problem
    internal = _internal(problem)
    click.echo(render(internal, colour=colour()), err=True)
    return internal.entry.exit_code


def tell(problem: Exception, arguments: Sequence[str]) -> int:
    """Draws what stopped a command before it had anything to give; where it was asked for JSON,
    stdout has the problem. Gives the exit code."""
    code = exit_code_of(problem)
    if _json_wanted(arguments):
        first = next(d for d in _diagnostics(problem) if d.severity == "error")
        _problem(first)
    return code


def words_of(problem: Exception) -> str:
    """All that is wrong, as it is drawn."""
    return render_all(_diagnostics(problem))


def problem_of(problem: Exception) -> dict[str, object]:
    """The first error of what is wrong, as JSON values."""
    return as_json(next(d for d in _diagnostics(problem) if d.severity == "error"))


def writable(out: str | None) -> None:
    """Tries whether a result can be written where it goes, before anything is paid for. Raises
    CodedError (file-unwritable)."""
    if out is None or out == "-":
        return
    target = Path(out)
    part = target.with_name(target.name + ".part") if target.name else target
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with part.open("ab"):
            pass
        part.unlink()
    except (OSError, ValueError) as mistake:
        why = mistake.strerror if isinstance(mistake, OSError) else str(mistake)
        raise failed(
            "file-unwritable",
            f"{out} cannot be written: {why}",
            hint="name a file in a folder that is there and may be written",
        ) from None


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


def _diagnostics(problem: Exception) -> tuple[Diagnostic, ...]:
    if isinstance(problem, CodedError):
        return (problem.diagnostic,)
    found: tuple[Diagnostic, ...] | None = getattr(problem, "diagnostics", None)
    return found or (_internal(problem),)


def _internal(problem: Exception) -> Diagnostic:
    """A mistake of our own, or what is nested more deeply than can be walked."""
    if isinstance(problem, RecursionError):
        return Diagnostic(
            "too-deep",
            "the recipe holds an expression that is nested too deeply",
            hint="give parts of it names of their own, with `let`",
        )
    words = f"{type(problem).__name__}: {problem}"
    return Diagnostic(
        "internal",
        f"rlmlang made a mistake of its own: {words[:300]}",
        reason="This should not happen, whatever the recipe says.",
        hint="RLM_DEBUG=1 shows where; please report it with the recipe",
    )


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


def model_option(command: F) -> F:
    """Which real models fill those of a recipe."""
    return click.option(
        "--model",
        "models",
        multiple=True,
        metavar="[MODEL=]NAME",
        help="The model for all models of the recipe, or for one.",
    )(command)


def binding_options(command: F) -> F:
    """Options of everything that binds a recipe to inputs and models."""
    for option in (
        click.option("--recipe", default="", metavar="NAME", help="Which recipe of the file."),
        model_option,
        click.option(
            "--source",
            "sources",
            multiple=True,
            metavar="NAME=PATH",
            help="A file or folder for a parameter or source; - is stdin.",
        ),
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="NAME=VALUE",
            help="A value for a parameter, or budget.LIMIT=VALUE.",
        ),
    ):
        command = option(command)
    return command


def store_option(command: F) -> F:
    """Which store is written or read."""
    return click.option(
        "--store",
        default=".rlm/store.db",
        show_default=True,
        metavar="PATH",
        help="The file that keeps runs.",
    )(command)


def answer_options(command: F) -> F:
    """How many calls at a time, and where the answer goes in which form."""
    for option in (
        click.option("--quiet", "-q", is_flag=True, help="Only the result."),
        click.option("--out", metavar="PATH", help="Write the result to a file."),
        click.option(
            "--json", "as_values", is_flag=True, help="Result, receipt and usage as JSON."
        ),
        click.option("--parallel", type=click.IntRange(1, 4096), help="Calls at a time."),
    ):
        command = option(command)
    return command


def keeping_options(command: F) -> F:
    """What of earlier runs is used, and whether this one is kept."""
    for option in (
        click.option("--replay", is_flag=True, help="Only kept answers; send nothing."),
        click.option("--retry-failed", is_flag=True, help="Ask again where an answer was refused."),
        click.option("--fresh", is_flag=True, help="Begin anew, without answers of earlier runs."),
        click.option("--no-store", is_flag=True, help="Keep nothing, use nothing kept."),
    ):
        command = option(command)
    return store_option(command)


def endpoint_option(command: F) -> F:
    """Which endpoint answers for every model."""
    return click.option(
        "--api-base", default="", metavar="URL", help="An OpenAI-compatible endpoint."
    )(command)


def call_options(command: F) -> F:
    """How models are reached, and for how long."""
    for option in (
        click.option(
            "--max-wait",
            default=300.0,
            show_default=True,
            type=SECONDS,
            help="Seconds a provider may refuse or be silent until the run parks.",
        ),
        click.option(
            "--timeout",
            default=120.0,
            show_default=True,
            type=SECONDS,
            help="Seconds a call may take.",
        ),
        click.option(
            "--api-key-env",
            default="",
            metavar="NAME",
            help="The variable that holds the endpoint's key; else RLM_API_KEY.",
        ),
    ):
        command = option(command)
    return endpoint_option(trust_option(command))


def trust_option(command: F) -> F:
    """Whether the recipe's folder is trusted this once."""
    return click.option(
        "--trust",
        is_flag=True,
        help="Trust the recipe and its rlm.toml, this once; see `rlm trust`.",
    )(command)


def sandbox_options(command: F) -> F:
    """Where code that models write runs."""
    for option in (
        click.option(
            "--allow-unsafe",
            is_flag=True,
            help="Let it run where this machine cannot lock a process down.",
        ),
        click.option(
            "--sandbox",
            default="",
            metavar="TIERS",
            help=f"Where model-written code runs: {choices()}.",
        ),
    ):
        command = option(command)
    return command


def options_from(
    recipe: str,
    sets: tuple[str, ...],
    sources: tuple[str, ...],
    models: tuple[str, ...],
    **more: Any,
) -> Options:
    """The runtime's options from the command's."""
    from rlmlang.runtime.prepared import Options

    return Options(recipe, pairs(sets, "set"), pairs(sources, "source"), models, **more)


def write(text: str, out: str | None) -> None:
    """Writes a result to stdout, or to a file in one step. Raises a usage error."""
    ended = text if text.endswith("\n") else text + "\n"
    write_lines([ended], out)


def write_lines(lines: Iterable[str], out: str | None) -> None:
    """Writes lines that end in a line break, as `write` does, without holding them all."""
    if out is None or out == "-":
        for line in lines:
            click.echo(line, nl=False)
        return
    target = Path(out)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(lines)
        part.replace(target)
    except OSError as mistake:
        raise click.ClickException(f"{out} cannot be written: {mistake.strerror}") from None
