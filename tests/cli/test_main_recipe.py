"""The recipe of a file that runs where none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import rlmlang
from tests.conftest import Rlm

TWO = """rlm 1

recipe first(m: Int = 1) -> Int {
  return m
}

recipe second(n: Int = 2) -> Int {
  return n
}
"""
MAIN = TWO.replace("recipe second", "main recipe second")


@pytest.mark.parametrize("command", ["run", "plan", "graph"])
def test_the_main_recipe_needs_no_name(folder: Path, rlm: Rlm, command: str) -> None:
    (folder / "two.rlm").write_text(MAIN)
    assert rlm(command, "two.rlm").out == rlm(command, "two.rlm", "--recipe", "second").out
    assert rlm(command, "two.rlm").out != rlm(command, "two.rlm", "--recipe", "first").out
    assert rlm("check", "two.rlm").code == rlm("fmt", "--check", "two.rlm").code == 0
    assert rlmlang.run(folder / "two.rlm").result == 2


def test_without_a_main_one_the_error_names_all_and_both_ways_out(folder: Path, rlm: Rlm) -> None:
    (folder / "two.rlm").write_text(TWO)
    done = rlm("run", "two.rlm")
    assert (done.code, "no-recipe" in done.err) == (2, True)
    assert "--recipe first | second; or write `main recipe first(…)`" in done.err


def test_the_main_recipe_of_an_import_means_nothing(folder: Path, rlm: Rlm) -> None:
    (folder / "two.rlm").write_text(MAIN)
    (folder / "own.rlm").write_text(
        'rlm 1\n\nuse "./two.rlm" { second }\n\n' + TWO.split("\n\n")[1]
    )
    assert rlm("run", "own.rlm").out == "1\n"
    (folder / "none.rlm").write_text('rlm 1\n\nuse "./two.rlm" { second }\n')
    assert "no-recipe" in rlm("run", "none.rlm").err


def test_main_is_a_word_like_others(folder: Path, rlm: Rlm) -> None:
    (folder / "words.rlm").write_text(
        "rlm 1\n\nrecord R {\n  main: Int\n}\n\nmain recipe main(main: Int = 3) -> R {\n"
        "  return R(main: main)\n}\n"
    )
    assert rlm("fmt", "--check", "words.rlm").code == 0
    assert rlm("run", "words.rlm").out == '{\n  "main": 3\n}\n'


@pytest.mark.parametrize("word", ["pattern", "prompt", "record"])
def test_only_a_recipe_is_the_main_one(folder: Path, rlm: Rlm, word: str) -> None:
    (folder / "bad.rlm").write_text(f"rlm 1\n\nmain {word} p(x: Int) -> Int {{\n  return x\n}}\n")
    done = rlm("check", "bad.rlm")
    assert done.code == 65 and "`recipe`" in done.err
