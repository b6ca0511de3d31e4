"""`rlm test`: the tests that recipes declare, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from rlmlang.cli.edge import exit_code_of, problem_of, say, words_of, writable, write
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.cli.steady import steady
from rlmlang.cli.width import show
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.schema.exits import FAILED, RECIPE

if TYPE_CHECKING:
    from rlmlang.ir.suite import Test
    from rlmlang.testing.tests import Tested

Broken: TypeAlias = "tuple[str, Exception, int]"
"""A file that does not check, what is wrong with it, and the exit code that follows."""


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=offering("recipe files"))
@click.option("-k", "pattern", default="", metavar="WORDS", help="Only tests with these words.")
@click.option("--junit", metavar="PATH", help="Write JUnit XML to a file; - is stdout.")
@click.option(
    "--record",
    metavar="RUN",
    default="",
    help="Write a test from a kept run beside its recipe.",
    shell_complete=offering("runs"),
)
@click.option("--allow-none", is_flag=True, help="That there is no test is no failure.")
@flags("test")
def command(
    files: tuple[str, ...],
    pattern: str,
    junit: str | None,
    record: str,
    allow_none: bool,
    as_values: bool,
    quiet: bool,
    store: str,
    trust: bool,
    fail_on_warning: bool,
) -> None:
    """Run the tests of FILEs and folders; without any, of the recipes below this folder.

    Inputs are given, models are mocked: no network is reached, and nothing is paid. A file that
    does not check counts as a failure, and so does it that there is no test.

    \b
    rlm test recipes -k refund
    rlm test --record last
    """
    steady()
    if record:
        from rlmlang.testing.recording import record_test

        click.echo(f"wrote {record_test(reader_of(store), record)}", err=True)
        return
    from rlmlang.testing.telling import junit as as_junit
    from rlmlang.testing.tests import chosen, run_tests

    writable(junit)
    tests, broken, fine = _tests(_files(files or (".",)))
    done = run_tests(chosen(tests, pattern), trust=trust)
    if junit:
        write(as_junit(done, [(path, words_of(x)) for path, x, _ in broken]), junit)
    if not (done or broken or allow_none):
        raise _no_tests(files)
    if as_values or junit != "-":
        _tell(done, broken, as_values=as_values, quiet=quiet)
    _count(done, broken, warned=fail_on_warning and _warned(fine), quiet=quiet)


def _warned(paths: list[str]) -> bool:
    """Draws the warnings of files that check; says whether there are some."""
    from rlmlang.runtime import check

    found = [d for path in paths for d in check(path).diagnostics]
    say(tuple(found))
    return bool(found)


def _tests(paths: list[str]) -> tuple[list[Test], list[Broken], list[str]]:
    """The tests of files, the files that do not check, and those that do."""
    from rlmlang.testing.tests import tests_in

    tests: list[Test] = []
    broken: list[Broken] = []
    fine: list[str] = []
    for path in paths:
        try:
            tests += tests_in(path)
            fine.append(path)
        except Exception as problem:
            broken.append((path, problem, exit_code_of(problem)))
    return tests, broken, fine


def _no_tests(files: tuple[str, ...]) -> CodedError:
    where = " ".join(files) or "the recipes below this folder"
    return failed(
        "no-tests",
        f"there is no test in {where}",
        reason="Nothing was tried, so nothing is known to hold.",
        hint='write one: test "…" for RECIPE { … }; or rlm test --record last, or --allow-none',
    )


def _tell(done: list[Tested], broken: list[Broken], *, as_values: bool, quiet: bool) -> None:
    """Shows what came of each test; of those that passed nothing where it is to be `quiet`. As
    JSON, files that do not check are among them."""
    from rlmlang.testing.telling import lines_of
    from rlmlang.testing.tests import as_values as values_of

    if as_values:
        values = [values_of(x) for x in done]
        values += [{"file": p, "passed": False, "problem": problem_of(x)} for p, x, _ in broken]
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    for one in done:
        if not (quiet and one.passed):
            show(lines_of(one))


def _count(done: list[Tested], broken: list[Broken], *, warned: bool, quiet: bool) -> None:
    """Says how many passed. Exits with the worst code where not all did."""
    passed = sum(1 for x in done if x.passed)
    if not quiet:
        more = f"; {_files_said(len(broken))} not check" if broken else ""
        click.echo(f"{passed} of {len(done)} tests passed{more}", err=True)
    codes = [*(code for _, _, code in broken), *([RECIPE] if warned else [])]
    if codes or passed < len(done):
        raise click.exceptions.Exit(max(codes, default=FAILED))


def _files_said(count: int) -> str:
    return "1 file does" if count == 1 else f"{count:,} files do"


def _files(given: tuple[str, ...]) -> list[str]:
    """Recipe files; of a folder, those that declare tests."""
    from rlmlang.runtime.recipe_files import recipe_files

    found = recipe_files(given, some=False)
    return [path for path in found if path in given or _has_tests(path)]


def _has_tests(path: str) -> bool:
    """Whether the word stands there; true of what cannot be read, so that its reader says why."""
    try:
        return b'test "' in Path(path).read_bytes()
    except OSError:
        return True
