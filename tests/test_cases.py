"""Recipes with what they must give: `NAME.rlm` beside `NAME.out`, run with the embedded reader.

Lines `//! args …` at the top are the command line; `pytest --update` writes the outputs anew.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import Rlm

CASES = sorted((Path(__file__).parent / "cases" / "run").glob("*.rlm"))
DATA = Path(__file__).parent / "cases" / "data"


def arguments(path: Path) -> list[str]:
    """The command line of a case."""
    lines = [x for x in path.read_text().splitlines() if x.startswith("//! ")]
    return [a for line in lines for a in shlex.split(line[4:])]


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_recipe_gives_its_output(
    path: Path, folder: Path, rlm: Rlm, request: pytest.FixtureRequest
) -> None:
    for file in DATA.iterdir():
        shutil.copy(file, folder / file.name)
    shutil.copy(path, folder / path.name)
    done = rlm("run", path.name, *arguments(path))
    found = done.out + (done.err if done.code else "")
    expected = path.with_suffix(".out")
    if request.config.getoption("--update"):
        expected.write_text(found)
    assert found == expected.read_text(), done.err
