"""A distribution that adds to the language: installed, checked, planned, run, explained, attacked."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from functools import partial
from pathlib import Path

import pytest

from rlmlang.testing.contracts import attack
from tests.conftest import ROOT

SAMPLE = ROOT / "tests" / "plugin"
RECIPE = """rlm 1

record Setting { section: Text, key: Text, value: Text }
source settings: [Setting] = ini("s.ini")

prompt note(page: Slice) -> Text "Say what the page is about."

recipe main(book: Text, settings: [Setting] = settings) -> Int {
  let pages = split book by sentences(max: 30tok)
  let notes = map pages with note()
  let hits = search book for "mill" by literal(top: 2, window: 20tok) { assume exact because "a test" }
  require count(settings) == 2
  return count(notes) + count(hits)
}
"""
PROGRAM = """
import rlmlang
from rlmlang.testing import Raw, ScriptedEngine

code = "```python\\nSUBMIT(result=book.count('mill'))\\n```"
engine = ScriptedEngine(lambda task: Raw(code))
run = rlmlang.run(
    "t.rlm", engine=engine, store=None, models=("scripted/root",), sources={"book": "book.txt"}
)
print(run.result if run.problem is None else repr(run.problem.diagnostic))
"""
Call = partial["subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def rlm(tmp_path_factory: pytest.TempPathFactory) -> Call:
    """`rlm` of a fresh environment that the sample is installed in, in a folder with a recipe."""
    folder = tmp_path_factory.mktemp("plugin")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=SAMPLE,
        check=True,
        capture_output=True,
    )
    venv.create(folder / "env", symlinks=True)
    packages = next((folder / "env").glob("lib/python*/site-packages"))
    zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(packages)
    seen = [str(ROOT), *(p for p in sys.path if p.endswith("site-packages"))]
    (packages / "seen.pth").write_text("\n".join(seen) + "\n")
    (folder / "r.rlm").write_text(RECIPE)
    (folder / "s.ini").write_text("[mill]\nstones = 2\nburned = 1851\n")
    (folder / "book.txt").write_text(
        "The mill burned. Nobody knows who set the fire. Two stones "
        "were saved. The miller sold them. He left the town.\n"
    )

    def call(*args: str, python: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "rlmlang", *args],
            cwd=folder,
            text=True,
            capture_output=True,
            check=False,
        )

    return partial(call, python=str(folder / "env" / "bin" / "python"))


def test_a_recipe_with_names_of_another_distribution_is_checked_planned_and_run(rlm: Call) -> None:
    assert rlm("check", "r.rlm").returncode == 0
    planned = rlm("plan", "r.rlm", "--source", "book=book.txt")
    assert "split book by sentences(max: 30, slack: 0.1)" in planned.stdout, planned.stderr
    ran = rlm("run", "r.rlm", "--source", "book=book.txt", "--model", "offline/reader")
    assert ran.stdout == "5\n", ran.stderr


def test_code_runs_in_a_sandbox_of_another_distribution(rlm: Call, tmp_path: Path) -> None:
    """Where a recipe names it, where the command does; a tier that nobody has is said in place."""
    recipe = """rlm 1
prompt mills(book: Text) -> Int { repl { iters <= 2  sandbox: guarded } task: "Count." }
recipe main(book: Text) -> Int { return mills(book) }
"""
    (tmp_path / "t.rlm").write_text(recipe)
    (tmp_path / "p.py").write_text(PROGRAM)
    (tmp_path / "book.txt").write_text("mill mill\n")
    python = rlm.keywords["python"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where the interpreter lies
    ran = subprocess.run(
        [python, "p.py"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "2\n", ran.stderr
    done = rlm("check", str(tmp_path / "t.rlm"))
    assert done.returncode == 0, done.stderr
    (tmp_path / "t.rlm").write_text(recipe.replace("guarded", "garded"))
    assert "unknown-sandbox" in rlm("check", str(tmp_path / "t.rlm")).stderr
    book = ("--source", "book=book.txt", "--model", "offline/reader")
    assert "guarded is no" not in rlm("plan", "r.rlm", *book, "--sandbox", "guarded").stderr
    assert "sandbox guarded" in rlm("doctor").stdout


def test_only_what_is_named_is_imported(folder: Path) -> None:
    """Neither other contracts, nor what carries one out, nor the list of what is installed."""
    (folder / "r.rlm").write_text(
        "rlm 1\nrecipe main(book: Text) -> [Slice] { return split book by tokens(max: 20tok) }\n"
    )
    code = "import sys; from rlmlang import runtime; assert runtime.check('r.rlm').ok; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = found.stdout.split()
    assert "rlmlang.schema.partitions.tokens" in loaded
    assert not {
        "rlmlang.schema.partitions.stable",
        "rlmlang.partitions.tokens",
        "importlib.metadata",
    } & set(loaded)


def test_what_another_distribution_adds_is_explained(rlm: Call) -> None:
    for name, words in (
        ("sentences", "whole sentences, packed up to the cap"),
        ("ini", "section, key, value"),
        ("literal", "as it is written"),
        ("guarded", "with less memory"),
    ):
        assert words in rlm("explain", name).stdout


def test_misspelt_and_broken_names_are_said_in_place(rlm: Call, tmp_path: Path) -> None:
    def said(how: str) -> str:
        (tmp_path / "r.rlm").write_text(RECIPE.replace("sentences(max: 30tok)", how))
        return rlm("check", str(tmp_path / "r.rlm")).stderr

    assert "`sentences`" in said("sentencs(max: 30tok)")
    assert "unknown-argument" in said("sentences(most: 30tok)")
    broken = said("gone(max: 30tok)")
    assert "plugin-broken" in broken
    assert "`gone` of rlmlang-sample" in broken
    assert "split book by gone" in broken


def test_a_broken_contract_ends_the_run(rlm: Call, tmp_path: Path) -> None:
    (tmp_path / "r.rlm").write_text(
        "rlm 1\nrecipe main(book: Text) -> [Slice] { return split book by torn(max: 20tok) }\n"
    )
    found = rlm("run", str(tmp_path / "r.rlm"), "--source", "book=book.txt")
    assert found.returncode == 1
    assert "contract-broken" in found.stderr


def test_its_contract_is_attacked_as_ours_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SAMPLE))
    from rlmlang_sample.contracts import SENTENCES, TORN

    attack(SENTENCES, 50)
    with pytest.raises(AssertionError, match="torn.*its cap is"):
        attack(TORN, 20)
