"""`rlm test`: the tests that recipes declare, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import exit_code_of, problem_of, say, words_of, writable, write
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import reader_of
from rlmlang.cli.steady import steady
from rlmlang.cli.width import show
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.schema.exits import FAILED, RECIPE

if TYPE_CHECKING:
    from rlmlang.testing.groups import Group
    from rlmlang.testing.tests import Tested


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=offering("recipe files"))
@click.option("-k", "pattern", default="", metavar="WORDS", help="Only tests with these words.")
@click.option(
    "--deps",
    is_flag=True,
    help="Test the packages that this project uses, as it has locked them; FILEs are their names.",
)
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
    deps: bool,
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
    rlm test --deps acme/legal
    rlm test --record last
    """
    steady()
    if record:
        _record(record, store)
        return
    from rlmlang.testing.groups import about
    from rlmlang.testing.tests import run_tests

    writable(junit)
    groups = about(_groups(files, deps=deps), pattern)
    done = [run_tests(g.tests, trust=trust, used=g.used) for g in groups]
    if junit:
        write(_junit(groups, done), junit)
    if not (any(done) or any(g.broken for g in groups) or allow_none):
        raise _no_tests(files, deps=deps)
    if as_values or junit != "-":
        _tell(groups, done, as_values=as_values, quiet=quiet)
    _count(groups, done, warned=fail_on_warning and any(map(_warned, groups)), quiet=quiet)


def _record(run: str, store: str) -> None:
    from rlmlang.testing.recording import record_test

    click.echo(f"wrote {record_test(reader_of(store), run)}", err=True)


def _junit(groups: list[Group], done: list[list[Tested]]) -> str:
    from rlmlang.testing.telling import junit

    broken = [[(path, words_of(x)) for path, x in g.broken] for g in groups]
    names = [g.package or "rlm test" for g in groups]
    return junit(list(zip(names, done, broken, strict=True)))


def _groups(files: tuple[str, ...], *, deps: bool) -> list[Group]:
    """The tests of files and folders, or of packages of these names."""
    from rlmlang.runtime.root import root_of
    from rlmlang.testing.groups import of_files, of_packages

    return of_packages(root_of(), files) if deps else [of_files(_files(files or (".",)))]


def _warned(group: Group) -> bool:
    """Draws the warnings of files that check; says whether there are some."""
    from rlmlang.runtime.checking import checked_with_code

    home = group.used.home if group.used is not None else ""
    found = [d for path in group.fine for d in checked_with_code(path, home=home).diagnostics]
    say(tuple(found))
    return bool(found)


def _no_tests(files: tuple[str, ...], *, deps: bool) -> CodedError:
    here = "the packages of this project" if deps else "the recipes below this folder"
    return failed(
        "no-tests",
        f"there is no test in {' '.join(files) or here}",
        reason="Nothing was tried, so nothing is known to hold.",
        hint="--allow-none, if that is known"
        if deps
        else 'write one: test "…" for RECIPE { … }; or rlm test --record last, or --allow-none',
    )


def _tell(groups: list[Group], done: list[list[Tested]], *, as_values: bool, quiet: bool) -> None:
    """Shows what came of each test, package by package; of those that passed nothing where it is to
    be `quiet`. As JSON, files that do not check are among them."""
    from rlmlang.testing.telling import lines_of
    from rlmlang.testing.tests import as_values as values_of

    if as_values:
        values = [values_of(x) for each in done for x in each]
        values += [
            {"package": g.package, "file": p, "passed": False, "problem": problem_of(x)}
            for g in groups
            for p, x in g.broken
        ]
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    for group, each in zip(groups, done, strict=True):
        shown = [one for one in each if not (quiet and one.passed)]
        if group.package and not quiet:
            nothing = "" if each or group.broken else "  no test"
            show([f"{group.package}{nothing}"])
        for one in shown:
            show(lines_of(one))


def _count(groups: list[Group], done: list[list[Tested]], *, warned: bool, quiet: bool) -> None:
    """Says how many passed, and draws what is wrong with files. Exits with the worst code where not
    all passed."""
    every = [x for each in done for x in each]
    codes = [exit_code_of(problem) for g in groups for _, problem in g.broken]
    passed = sum(1 for x in every if x.passed)
    if not quiet:
        more = f"; {_files_said(len(codes))} not check" if codes else ""
        click.echo(f"{passed} of {len(every)} tests passed{more}", err=True)
    codes += [RECIPE] if warned else []
    if codes or passed < len(every):
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
