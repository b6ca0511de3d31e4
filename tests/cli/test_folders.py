"""Folders in the place of files: all recipes below them, and the worst of what came of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import SIMPLE, Rlm

TESTED = (
    'rlm 1\nrecipe go(n: Int = 1) -> Int { return n }\ntest "one" for go { expect result == 1 }\n'
)
BROKEN = "rlm 1\nrecipe go(x: Text) -> Text { return y }\n"
SHARED = 'rlm 1\nprompt note(page: Slice) -> Text "What is said?"\n'


@pytest.fixture
def recipes(folder: Path) -> Path:
    """A folder of recipes in folders, some of which are nobody's business."""
    for name, text in {
        "b/find.rlm": SIMPLE,
        "a.rlm": TESTED,
        "b/shared.rlm": SHARED,
        "b/notes.txt": "no recipe",
        ".venv/bad.rlm": BROKEN,
        "node_modules/bad.rlm": BROKEN,
        ".hidden/go.rlm": TESTED,
    }.items():
        path = folder / "recipes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "recipes"


NAMES = ["recipes/.hidden/go.rlm", "recipes/a.rlm", "recipes/b/find.rlm", "recipes/b/shared.rlm"]


def test_check_says_per_file_and_ends_with_the_worst(recipes: Path, rlm: Rlm) -> None:
    done = rlm("check", "recipes")
    assert done.err.splitlines() == [*(f"{n}: no problems" for n in NAMES), "4 files: no problems"]
    assert done.code == 0
    assert rlm("check", "recipes", "recipes/a.rlm", "recipes/./b").err.count("a.rlm") == 1
    (recipes / "bad.rlm").write_text(BROKEN)
    (recipes / "wrong.rlm").write_bytes(b"rlm 1\n\xff")
    done = rlm("check", "recipes")
    assert done.code == 65
    assert "5 files" not in done.err and "6 files: 2 errors" in done.err
    assert [d["code"] for d in json.loads(rlm("check", "recipes", "--json").out)] == [
        "unknown-name",
        "recipe-unreadable",
    ]
    assert rlm("check", "recipes", "--quiet").err == ""
    assert rlm("check", "nowhere.rlm", "recipes/a.rlm").code == 2


def test_fmt_lays_out_all_below(recipes: Path, rlm: Rlm) -> None:
    assert rlm("fmt", "--check", "recipes").code == 1
    assert rlm("fmt", "recipes").code == 0
    assert rlm("fmt", "--check", "recipes").code == 0
    assert (recipes / ".venv" / "bad.rlm").read_text() == BROKEN
    (recipes / "bad.rlm").write_text("rlm 1\nhello\n")
    (recipes / "worse.rlm").write_text("rlm 1\nconst  a=1\n")
    assert rlm("fmt", "recipes").code == 65
    assert (recipes / "worse.rlm").read_text() == "rlm 1\nconst a = 1\n"


def test_plan_has_a_line_for_each_recipe(recipes: Path, rlm: Rlm) -> None:
    done = rlm("plan", "recipes")
    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "recipe calls worst usd budget"
    assert lines[2:] == [
        "recipes/a.rlm go 0 0 0.00 proven",
        "recipes/b/find.rlm find formula formula 0.00 unknown",
    ]
    (recipes / "bad.rlm").write_text(BROKEN)
    done = rlm("plan", "recipes/bad.rlm", "recipes/a.rlm", "--json")
    bad, good = json.loads(done.out)
    assert (done.code, bad["plan"], good["problems"]) == (65, None, [])
    assert bad["problems"][0]["code"] == "unknown-name"
    assert good["plan"]["recipe"] == "go"
    assert rlm("plan", "recipes/b", "--set", "budget.calls=1").code == 0
    assert "error" in rlm("plan", "recipes/b", "--set", "budget.coins=1").out


def test_a_folder_without_recipes_is_an_error(folder: Path, rlm: Rlm) -> None:
    (folder / "empty").mkdir()
    for command in ("check", "fmt", "plan"):
        done = rlm(command, "empty")
        assert (done.code, "[folder-without-recipes]" in done.err) == (2, True)


def test_no_test_is_a_failure(recipes: Path, rlm: Rlm) -> None:
    done = rlm("test", "recipes")
    assert (done.code, done.out.count("ok "), "2 of 2 tests" in done.err) == (0, 2, True)
    assert rlm("test", "recipes", "--quiet").out == ""
    for args in (("recipes/b",), ("recipes/b/find.rlm",)):
        done = rlm("test", *args)
        assert (done.code, "[no-tests]" in done.err) == (1, True)
        assert rlm("test", *args, "--allow-none").code == 0
    assert json.loads(rlm("test", "recipes/b", "--json").out)["problem"]["code"] == "no-tests"


def test_a_file_that_does_not_check_is_a_failure(recipes: Path, rlm: Rlm) -> None:
    (recipes / "bad.rlm").write_text(BROKEN + 'test "x" for go { expect calls == 0 }\n')
    done = rlm("test", "recipes")
    assert (done.code, "2 of 2 tests passed; 1 file does not check" in done.err) == (65, True)
    assert rlm("test", "recipes/bad.rlm", "--allow-none").code == 65
