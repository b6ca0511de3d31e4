"""The README is true: its recipe checks, its error is the error, its commands exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from rlmlang.cli.main import COMMANDS
from tests.conftest import ROOT, Rlm

README = (ROOT / "README.md").read_text()


def blocks(kind: str) -> list[str]:
    """The fenced blocks of a kind."""
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def test_the_first_recipe_is_laid_out_and_runs(folder: Path, rlm: Rlm) -> None:
    recipe = blocks("rlm")[0]
    (folder / "find.rlm").write_text(recipe)
    (folder / "book.txt").write_text("The key hangs behind the bell.\n")
    assert rlm("check", "find.rlm").code == 0
    done = rlm("run", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key")
    assert done.out == "The key hangs behind the bell.\n"


def test_every_recipe_and_project_file_that_is_shown_is_sound(book: Path, rlm: Rlm) -> None:
    for recipe in blocks("rlm"):
        (book / "shown.rlm").write_text(recipe)
        assert rlm("check", "shown.rlm").code == 0
        assert rlm("fmt", "--check", "shown.rlm").code == 0
    for project in blocks("toml"):
        (book / "rlm.toml").write_text(project)
        assert rlm("plan", "find.rlm").code == 0


def test_the_error_that_is_shown_is_the_error(folder: Path, rlm: Rlm) -> None:
    recipe = blocks("rlm")[0]
    (folder / "find.rlm").write_text(recipe.replace("with note(", "with notte("))
    shown = next(b for b in blocks("text") if b.startswith("error["))
    assert shown.strip() in rlm("check", "find.rlm").err


def test_the_commands_that_are_shown_exist(book: Path, rlm: Rlm) -> None:
    named = set(re.findall(r"^rlm ([a-z]+)", README, re.MULTILINE))
    assert named <= set(COMMANDS)
    (book / "find.rlm").unlink()
    session = next(b for b in blocks("sh") if b.startswith("rlm new"))
    import shlex

    for line in session.splitlines():
        assert rlm(*shlex.split(line)[1:]).code == 0, line


def test_the_project_file_that_is_shown_is_read(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text(blocks("toml")[0])
    assert "openai/gpt-5-mini" in rlm("plan", "find.rlm").out


def test_no_place_or_registry_is_named_in_the_project() -> None:
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    banned = ["pypi" + ".org", "python" + "hosted", "/work/" + "main"]
    for name in files.stdout.split():
        path = ROOT / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not [b for b in banned if b in text], name


@pytest.mark.skipif(shutil.which("git") is None, reason="needs a build")
def test_the_wheel_works_from_another_folder(tmp_path: Path) -> None:
    """Built, installed beside nothing of the checkout, and run from elsewhere."""
    import site

    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
                   cwd=ROOT, check=True, capture_output=True)  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    inside = next((tmp_path / "env").glob("lib/*/site-packages"))
    import zipfile

    zipfile.ZipFile(wheel).extractall(inside)
    assert (inside / "rlmlang" / "_data" / "grammar" / "rlm.lark").is_file()
    assert (inside / "rlmlang" / "py.typed").is_file()
    (inside / "rest.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    (tmp_path / "a.txt").write_text("The key hangs behind the bell.\n")
    found = subprocess.run(
        [str(python), "-m", "rlmlang", "run", "std/needle", "--recipe", "find", "--source",
         "haystack=a.txt", "--set", "question=where is the key"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (0, "The key hangs behind the bell.\n"), found.stderr
    where = subprocess.run([str(python), "-c", "import rlmlang; print(rlmlang.__file__)"], check=True,
                           cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
    assert str(inside) in where.stdout
