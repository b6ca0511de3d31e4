"""`rlm test`: the tests that recipes declare, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import (
    exit_code_of,
    problem_of,
    store_option,
    trust_option,
    words_of,
    writable,
    write,
)
from rlmlang.cli.steady import steady

if TYPE_CHECKING:
    from rlmlang.ir.suite import Test
    from rlmlang.testing.tests import Tested


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE…]")
@click.option("-k", "pattern", default="", metavar="WORDS", help="Only tests with these words.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--junit", metavar="PATH", help="Write JUnit XML to a file; - is stdout.")
@click.option(
    "--record", metavar="RUN", default="", help="Write a test from a kept run beside its recipe."
)
@store_option
@trust_option
def command(
    files: tuple[str, ...],
    pattern: str,
    as_json: bool,
    junit: str | None,
    record: str,
    store: str,
    trust: bool,
) -> None:
    """Run the tests of FILEs and folders; without any, of the recipes below this folder.

    Inputs are given, models are mocked: no network is reached, and nothing is paid.
    """
    steady()
    if record:
        from rlmlang.testing.recording import record_test

        click.echo(f"wrote {record_test(Path(store), record)}", err=True)
        return
    from rlmlang.testing.tests import chosen, run_tests, tests_in

    writable(junit)
    tests: list[Test] = []
    broken: list[tuple[str, Exception]] = []
    code = 0
    for path in _files(files):
        try:
            tests += tests_in(path)
        except Exception as problem:
            code = exit_code_of(problem)
            broken.append((path, problem))
    done = run_tests(chosen(tests, pattern), trust=trust)
    _tell(done, broken, junit, as_json)
    _count(done, code)


def _tell(
    done: list[Tested], broken: list[tuple[str, Exception]], junit: str | None, as_json: bool
) -> None:
    """What came of tests, and of files that cannot be tested."""
    from rlmlang.testing.telling import junit as as_junit
    from rlmlang.testing.telling import lines_of
    from rlmlang.testing.tests import as_values

    if junit:
        write(as_junit(done, [(path, words_of(x)) for path, x in broken]), junit)
    if as_json:
        values: list[object] = [as_values(x) for x in done]
        values += [{"file": path, "passed": False, "problem": problem_of(x)} for path, x in broken]
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
    elif junit != "-":
        for one in done:
            click.echo("\n".join(lines_of(one)))


def _count(done: list[Tested], code: int) -> None:
    """Says how many passed. Exits with a code where not all did."""
    passed = sum(1 for x in done if x.passed)
    click.echo(f"{passed} of {len(done)} tests passed", err=True)
    if code or passed < len(done):
        raise click.exceptions.Exit(code or 1)


def _files(given: tuple[str, ...]) -> list[str]:
    """Recipe files; of a folder, those that declare tests."""
    found: list[str] = []
    for path in given or (".",):
        if Path(path).is_dir():
            found += [str(p) for p in sorted(Path(path).rglob("*.rlm")) if _has_tests(p)]
        else:
            found.append(path)
    return found


def _has_tests(path: Path) -> bool:
    hidden = any(part.startswith(".") and part not in (".", "..") for part in path.parts)
    return not hidden and b'test "' in path.read_bytes()
