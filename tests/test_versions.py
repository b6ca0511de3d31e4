"""The command that tries other Pythons knows what we say we run on, and says what is missing."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.versions import CORE, PYTHONS, main


def test_it_tries_every_python_that_the_project_names() -> None:
    page = (ROOT / "pyproject.toml").read_text()
    least = re.search(r'requires-python = ">=(3\.\d+)"', page)
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', page)
    assert least and named[0] == least[1]
    assert tuple(f"python{version}" for version in named) == PYTHONS
    assert [part for part in CORE if not (ROOT / part).exists()] == []


def test_a_python_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["python9.9"]) == 1
    assert "python9.9: not found" in capsys.readouterr().out
