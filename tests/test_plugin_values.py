"""A function, a metric and a format of another distribution check, plan, run, score and write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

PLUGIN = ROOT / "tests" / "plugin"
RECIPE = """rlm 1

record Row { n: Int, name: Text max 5tok }
prompt greet(row: Row) -> Text max 20tok "Say its name."

recipe middle(rows: [Row]) -> Text {
  let said = map rows with greet()
  let half = median(rows, of: n)
  return if half == none then "nothing" else "the middle of " + text(count(said)) + " is " + text(half)
}
"""
EVAL = """
dataset d { path: "d.jsonl" want: want }
eval e for middle { over: d  score prefix weight 1 }
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def installed(folder: Path) -> Run:
    """The command line where the sample is installed, in a process of its own."""
    points = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]["entry-points"]
    info = folder / "site" / "rlmlang_sample-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rlmlang-sample\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items())
            for group, names in {
                **points,
                "rlmlang.functions": {
                    **points["rlmlang.functions"],
                    "odd": "rlmlang_sample.export:CSV",
                },
            }.items()
        )
    )
    (folder / "middle.rlm").write_text(RECIPE)
    (folder / "rows.jsonl").write_text(
        "".join(json.dumps({"n": n, "name": f"r{n}"}) + "\n" for n in (9, 1, 4))
    )

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(info.parent), str(PLUGIN), str(ROOT)))
        return subprocess.run(
            [sys.executable, "-m", "rlmlang", *args],
            cwd=folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            timeout=60,
            check=False,
        )

    return run


def test_what_another_distribution_adds_is_used(installed: Run, folder: Path) -> None:
    source = ("middle.rlm", "--source", "rows=rows.jsonl")
    assert "no problems" in (found := installed("check", "middle.rlm")).stderr + found.stdout
    assert "median(rows, of: n)" in installed("plan", *source, "--json").stdout
    assert installed("run", *source, "-q").stdout.strip() == "the middle of 3 is 4"
    lines = installed("export", "--format", "csv").stdout.splitlines()
    assert lines[0] == "call,tok" and [x.split(",")[0] for x in lines[1:]] == [
        "said[0]",
        "said[1]",
        "said[2]",
    ]
    (folder / "middle.rlm").write_text(RECIPE + EVAL)
    rows = [{"n": 4, "name": "r"}]
    (folder / "d.jsonl").write_text(json.dumps({"rows": rows, "want": "the middle is 4"}))
    scored = json.loads(installed("eval", "middle.rlm", "--json").stdout)
    assert scored["rows"][0]["scores"] == {"prefix": len("the middle ") / 15}
    assert scored["rows"][0]["reason"] == "only 'the middle ' is the same"


def test_what_is_not_installed_or_no_function_is_told(installed: Run, folder: Path) -> None:
    for name, words in (
        ("medain", "`median` is near"),
        ("odd", "`odd` of rlmlang.functions is no Function"),
    ):
        (folder / "middle.rlm").write_text(RECIPE.replace("median", name))
        found = installed("check", "middle.rlm")
        assert found.returncode in (1, 65) and words in found.stdout + found.stderr
    found = installed("export", "--format", "cvs")
    assert found.returncode == 2 and "markdown, csv." in found.stderr
