"""pytest collects `.rlm` tests: one item each, offline.

`rlm_files` in the ini file says which files, by patterns below the root; `*.rlm` if unset.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

MARK = b'test "'


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `rlm_files`."""
    parser.addini(
        "rlm_files", "Patterns of recipe files whose tests are collected.", "args", ["*.rlm"]
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RecipeFile | None:
    """A recipe file that declares tests."""
    if file_path.suffix != ".rlm":
        return None
    inside = (
        file_path.relative_to(parent.config.rootpath)
        if file_path.is_relative_to(parent.config.rootpath)
        else file_path
    )
    wanted = any(fnmatch(str(inside), p) for p in parent.config.getini("rlm_files"))
    if not wanted or MARK not in file_path.read_bytes():
        return None
    found: RecipeFile = RecipeFile.from_parent(parent, path=file_path)
    return found


class RecipeFile(pytest.File):
    """A recipe file."""

    def collect(self) -> Iterator[RecipeTest]:
        """Its tests. Raises a CollectError with the file's own problems."""
        from rlmlang.diagnostics.diagnostic import CodedError
        from rlmlang.diagnostics.render import render_all
        from rlmlang.runtime.prepared import BadRecipe
        from rlmlang.testing.tests import tests_in

        try:
            tests = tests_in(str(self.path), "")
        except (BadRecipe, CodedError) as problem:
            found = getattr(problem, "diagnostics", None) or (problem.diagnostic,)  # type: ignore[union-attr]
            raise self.CollectError(render_all(tuple(found), colour=False)) from None
        for test in tests:
            yield RecipeTest.from_parent(self, name=test.name, test=test)


class FailedTest(Exception):  # noqa: N818, what pytest shows of it is the point
    """A test that did not pass, in words."""


class RecipeTest(pytest.Item):
    """One test of a recipe."""

    def __init__(self, *, test: Any, **more: Any) -> None:
        super().__init__(**more)
        self.test = test

    def runtest(self) -> None:
        """Runs it."""
        from rlmlang.testing.telling import lines_of
        from rlmlang.testing.tests import run_tests

        (tested,) = run_tests([self.test])
        if not tested.passed:
            raise FailedTest("\n".join(lines_of(tested)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words of a failure, without a traceback."""
        if isinstance(excinfo.value, FailedTest):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, self.test.line - 1, f'{self.test.recipe}: "{self.test.name}"'
