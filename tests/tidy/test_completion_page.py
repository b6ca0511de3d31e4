"""The page about `completion`: its blocks run, and a test stands behind each yes of its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlmlang.runtime.exploring import OWN
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "completion.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## Beside")[2].splitlines()
    if line.startswith("|")
][2:]
BOOK = "Marta Vey keeps the key of the archive. The ferry runs twice a day.\n"


def test_a_test_stands_behind_each_yes() -> None:
    assert len(ROWS) > 12
    for what, _, _, here, test in ROWS:
        path, _, name = test.strip("`").partition("::")
        assert (here == "yes") == bool(test), what
        if test:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE), test


def test_every_argument_is_told_of() -> None:
    assert [name for name in sorted(OWN) if f"`{name}" not in PAGE] == []


def test_its_blocks_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("book.txt").write_text(BOOK, encoding="utf-8")
    found: dict[str, object] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, found)  # noqa: S102, it is ours
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Marta Vey keeps the key of the archive. 1"
    assert said[1:] == [
        "turn 1 of 16",
        "ran True ",
        "used 1 calls",
        "Marta Vey keeps the key of the archive.",
    ]
