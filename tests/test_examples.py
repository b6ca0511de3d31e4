"""Every story runs as its README says, and gives what it says it gives."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest

from tests.conftest import ROOT, Rlm

TEAM = "team"  # longer than a story: tests/batch/test_team.py
STORIES = sorted(
    name for p in (ROOT / "examples").glob("*/README.md") if (name := p.parent.name) != TEAM
)


@pytest.fixture
def story(folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a story's folder with its data made."""
    here = folder / request.param
    shutil.copytree(ROOT / "examples" / request.param, here, ignore=shutil.ignore_patterns(".rlm"))
    if (here / "make_data.py").exists():
        runpy.run_path(str(here / "make_data.py"), run_name="__main__")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(here)
    return here


def commands(readme: str) -> list[str]:
    """The commands of a README."""
    return re.findall(r"^    ((?:rlm|python) .*?)(?: +#.*)?$", readme, re.MULTILINE)


@pytest.mark.parametrize("story", STORIES, indirect=True)
def test_the_commands_of_the_readme_run(
    story: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["python"])
    library = sysconfig.get_path("stdlib")
    for line in commands((story / "README.md").read_text()):
        if line.startswith("python "):
            runpy.run_path(str(story / line.split()[1]), run_name="__main__")
            continue
        if line.startswith("rlm plan") and "$LIB" in line:
            line = line.replace("$LIB", "$LIB/json")  # the whole library takes half a minute
        first, _, then = line.replace("$LIB", library).partition(" && ")
        done = rlm(*shlex.split(first)[1:])
        assert done.code == 0, done.err
        if then.startswith("diff "):
            found, expected = (story / name for name in then.split()[1:])
            assert found.read_text() == expected.read_text()
        if done.out and first.startswith("rlm run"):
            result = next(story.glob("result.*"))
            assert done.out == result.read_text()


def test_the_recipes_are_laid_out_and_give_no_warning(rlm: Rlm) -> None:
    folders = [ROOT / "examples" / name for name in STORIES]
    recipes = [str(p) for folder in folders for p in folder.glob("[!.]*.rlm")]
    assert rlm("fmt", "--check", *recipes).code == 0
    done = rlm("check", *recipes)
    assert done.code == 0 and "warning" not in done.out + done.err, done.out


@pytest.mark.parametrize("story", ["recursion"], indirect=True)
def test_a_source_tree_is_surveyed_to_the_last_byte(story: Path, rlm: Rlm) -> None:
    tree = f"{sysconfig.get_path('stdlib')}/email"
    plan = json.loads(rlm("plan", "survey.rlm", "--source", f"code={tree}", "--json").out)
    done = rlm("run", "survey.rlm", "--source", f"code={tree}", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    (line,) = found["receipt"]
    size = sum(p.stat().st_size for p in Path(tree).rglob("*") if p.suffix in (".py", ".rst"))
    assert (line["promised"], line["read"], line["total"]) == ("exact", size, size)
    assert 1 < found["usage"]["calls"] <= plan["totals"]["worst"]["calls"]


@pytest.mark.parametrize("story", ["counting"], indirect=True)
def test_the_counted_table_is_exact(story: Path, rlm: Rlm) -> None:
    done = rlm("run", "counting.rlm", "--quiet")
    assert json.loads(done.out) == json.loads((story / "truth.json").read_text())


EXACT = {
    "logins": ("counted.json", "truth.json"),
    "docstrings": ("undocumented.csv", "truth.csv"),
    "incidents": ("records.jsonl", "truth.jsonl"),
    "tickets": ("table.json", "truth.json"),
}
"""What a run writes, and what plain Python found while the data was made."""


@pytest.mark.parametrize("story", EXACT, indirect=True)
def test_the_result_is_what_python_finds(story: Path, rlm: Rlm) -> None:
    (recipe,) = story.glob("*.rlm")
    assert recipe.stem == "tickets" or len(recipe.read_text().splitlines()) < 40
    written, truth = EXACT[recipe.stem]
    done = rlm("check", recipe.name, "--json")
    assert (done.code, json.loads(done.out)) == (0, []), done.err
    done = rlm("run", recipe.name, "--out", written)
    assert done.code == 0, done.err
    found, known = ((story / name).read_text() for name in (written, truth))
    assert found.strip() == known.strip()
    if recipe.stem == "incidents":
        assert "50 of 50 documents, 50 results" in done.err


@pytest.mark.parametrize("story", ["needle"], indirect=True)
def test_the_receipt_proves_what_was_read(story: Path, rlm: Rlm) -> None:
    question = "question=Where does the iron key of the archive hang?"
    done = rlm("run", "needle.rlm", "--recipe", "needle", "--set", question, "--json")
    (line,) = json.loads(done.out)["receipt"]
    size = (story / "book.txt").stat().st_size
    assert (line["promised"], line["read"], line["total"], line["repeated"]) == (
        "exact",
        size,
        size,
        0,
    )
    assert (
        json.loads(done.out)["notice"] == "offline/reader is a rule-based reader, no language model"
    )
    assert "evidence" in done.err
    done = rlm("run", "needle.rlm", "--recipe", "glance", "--set", question)
    assert "not exhaustive" in done.err


@pytest.mark.parametrize("story", ["dspy"], indirect=True)
def test_a_program_and_a_recipe_print_what_the_page_says(story: Path) -> None:
    """Both are made better on inboxes that GEPA never saw; what is printed is what was counted."""
    done = subprocess.run(
        [sys.executable, "compare.py"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (story / "README.md").read_text().partition("python compare.py\n\n")[2]
    assert done.stdout == textwrap.dedent(page)
    for name in ("plain.py", "urgent.rlm"):
        assert len((story / name).read_text().splitlines()) <= 20


def test_each_story_has_ten_lines() -> None:
    for name in STORIES:
        assert len((ROOT / "examples" / name / "README.md").read_text().splitlines()) <= 18


def test_the_standard_library_runs(folder: Path, rlm: Rlm) -> None:
    (folder / "a.txt").write_text("The tenant pays the rent on the first day. The roof is red.\n")
    (folder / "b.txt").write_text(
        "The owner pays for repairs. The tenant pays no rent in May 1901.\n"
    )
    (folder / "rows.jsonl").write_text(
        '{"id": 1, "user": "ann", "text": "a refund of the invoice"}\n'
    )
    runs = {
        "needle": (
            "--recipe",
            "find",
            "--source",
            "haystack=a.txt",
            "--set",
            "question=Who pays the rent?",
        ),
        "map_reduce": ("--source", "document=a.txt"),
        "classify_count": ("--source", "rows=rows.jsonl"),
        "extract": ("--source", "document=a.txt", "--set", "what=tenant rent"),
        "timeline": ("--source", "document=b.txt", "--set", "subject=tenant"),
        "compare": (
            "--source",
            "first=a.txt",
            "--source",
            "second=b.txt",
            "--set",
            "question=Who pays rent?",
        ),
    }
    for name, args in runs.items():
        done = rlm("run", f"std/{name}", *args)
        assert done.code == 0, done.err
        assert done.out.strip() not in ("", "[]", "null"), name
