"""MLflow and OpenInference see one tree a run, named after its steps, with tokens and dollars, and
change nothing of what is sent."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

import rlmlang
from rlmlang.program.onlookers import RecipePredictor, is_own
from tests.conftest import ROOT
from tests.program.onlooking import MODEL, RECIPE, TICKETS, answers
from tests.program.rules import rule_lm
from tests.servers import chat_server

TOOLS = {"none": "dspy", "mlflow": "mlflow", "openinference": "openinference.instrumentation.dspy"}


def installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


@cache
def seen(tool: str, folder: Path) -> list[dict[str, Any]]:
    """What a tool saw of each way to call a recipe."""
    name, _, when = tool.partition(" ")
    if not installed(TOOLS[name]):
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.program.onlooking", name, when],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seen")


@pytest.mark.parametrize("tool", ["mlflow", "openinference", "openinference late"])
def test_a_run_is_one_tree_of_its_steps(tool: str, place: Path) -> None:
    for case in seen(tool, place):
        (trace,) = case["traces"]
        ((root, _, steps),) = trace["tree"]
        assert root.partition(".")[0] == "route"
        names = [name.partition(".")[0] for name, _, _ in steps]
        assert names == ["numbers"] * 6 + ["result"]
        assert {call for _, told, _ in steps if (call := told["call"])} >= {"numbers[0]", "result"}
        below = [[name.partition(".")[0] for name, _, _ in inner] for *_, inner in steps]
        assert all(set(names) == {"LM"} for names in below)
        assert sum(map(len, below)) == len(case["sent"]) == 8


@pytest.mark.parametrize("tool", ["mlflow", "openinference", "openinference late"])
def test_tokens_dollars_and_the_run_are_shown(tool: str, place: Path) -> None:
    for case in seen(tool, place):
        (trace,) = case["traces"]
        tokens = [trace["tokens"]["input_tokens"], trace["tokens"]["output_tokens"]]
        assert [*tokens, round(trace["dollars"], 9)] == case["used"]
        assert trace["run"] == case["run"]


@pytest.mark.parametrize("tool", ["mlflow", "openinference", "openinference late"])
def test_what_is_sent_is_the_same_unseen(tool: str, place: Path) -> None:
    unseen = seen("none", place)
    assert [case["sent"] for case in seen(tool, place)] == [case["sent"] for case in unseen]


def test_what_was_kept_unseen_is_used_where_somebody_looks_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with chat_server(answers()) as server:
        given: Any = {"model": MODEL, "api_base": server.base, "store": tmp_path / "runs.db"}
        rlmlang.run(RECIPE, values={"tickets": TICKETS[::4]}, **given)
        with dspy.context(callbacks=[BaseCallback()], track_usage=True):
            found = rlmlang.load(RECIPE, **given)(tickets=TICKETS[::4])
        assert (found.result, found.usage.calls, len(server.requests)) == ("7", 0, 3)


def test_each_step_has_a_class_of_its_name() -> None:
    route = rlmlang.load(RECIPE, model=rule_lm(lambda system, messages: "7"), store=None)
    assert type(route).__name__ == "route"
    copy = route.deepcopy()
    for name, predictor in copy.named_predictors():
        assert type(predictor).__name__ == name
        assert is_own(predictor) and isinstance(predictor, RecipePredictor)
    assert copy(tickets=["a"]).result == "7"
