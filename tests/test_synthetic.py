"""The decomposition itself loses nothing, and errors of leaves come out as arithmetic says."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def tasks() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "synthetic", ROOT / "examples" / "synthetic" / "tasks.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["synthetic"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["S-NIAH (tok)", "counting (rows)", "pairs (rows)", "4 hops (tok)"]
)
def test_a_leaf_that_is_always_right_scores_everything(tasks: ModuleType, name: str) -> None:
    task, sizes = tasks.TASKS[name]
    for size in sizes[:2]:
        assert tasks.score(task, size, 1.0, 2)[0] == 1.0


@pytest.mark.parametrize(
    "name", ["S-NIAH (tok)", "counting (rows)", "pairs (rows)", "4 hops (tok)"]
)
def test_errors_come_out_as_arithmetic_says(tasks: ModuleType, name: str) -> None:
    """60 trials: the measured share lies within four standard errors."""
    task, sizes = tasks.TASKS[name]
    measured, analytic = tasks.score(task, sizes[0] // 2, 0.9, 60, 5_000)
    error = (analytic * (1 - analytic) / 60) ** 0.5
    assert abs(measured - analytic) <= 4 * error
