"""What the documents name is there: files and what stands in them, links, rooms, the version."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import rlmlang
from tests.conftest import ROOT

FOLDERS = ("rlmlang", "grammar", "stdlib", "tests", "examples", "docs", "editors", ".ci")
DOCUMENTS = sorted(
    p
    for where in (".", "rlmlang", "docs", "docs/guides", "examples/*")
    for p in ROOT.glob(f"{where}/*.md")
)
SOURCES = sorted((ROOT / "rlmlang").rglob("*.py"))
THERE = {p: f"/{p.relative_to(ROOT)}{'/' * p.is_dir()}" for folder in FOLDERS
         for p in (ROOT / folder, *(ROOT / folder).rglob("*"))}  # fmt: skip
THERE |= {p: f"/{p.name}" for p in ROOT.iterdir() if p.is_file()}
NAMED = re.compile(r"`([\w./-]+(?:\.(?:py|md|lark)|/))(?:::([\w.]+))?`")
OF_A_USER = ("file.py", ".rlm/")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def places(named: str) -> list[Path]:
    """The files or folders that a path may mean, from wherever it begins; words in capitals stand
    for any name."""
    pattern = "*/" + re.sub(r"\b[A-Z]{4,}(?=\.(?:py|rlm))", "*", named)
    return [path for path, known in THERE.items() if fnmatch(known, pattern)]


def stands_in(name: str, path: Path) -> bool:
    """Whether a file defines a name: a class, a function, a method of it, a value."""
    text = path.read_text(encoding="utf-8")
    return all(
        re.search(rf"^\s*(?:(?:async )?def|class) {part}\b|^{part}\b", text, re.MULTILINE)
        for part in name.split(".")
    )


def missing(path: Path, kinds: tuple[str, ...]) -> list[str]:
    """What a text names, of those kinds, and is not there."""
    named = {
        (n, i)
        for n, i in NAMED.findall(path.read_text(encoding="utf-8"))
        if n.endswith(kinds) and n not in OF_A_USER
    }
    return [
        f"{n}::{i}" if i else n
        for n, i in sorted(named)
        if not any(not i or stands_in(i, p) for p in places(n))
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(path: Path) -> None:
    assert missing(path, (".py", ".md", ".lark", "/")) == []


def test_every_file_that_a_docstring_names_exists() -> None:
    assert {str(p): found for p in SOURCES if (found := missing(p, (".py",)))} == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_table_of_rooms_is_that_of_the_contract() -> None:
    text = (ROOT / "rlmlang" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.partition("## The rooms\n")[2].partition("\n## ")[0]
    rows = [
        re.findall(r"`(\w+)`", line.split("|")[1])
        for line in table.splitlines()
        if line.startswith("| `")
    ]
    (contract,) = (c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "one-way")
    assert rows == [layer.split(" | ") for layer in contract["layers"]]


def test_the_version_is_the_same_everywhere() -> None:
    version = PROJECT["project"]["version"]
    heading = re.search(
        r"^## (\S+), (?:unreleased|\d{4}-\d\d-\d\d)$",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE,
    )
    assert (rlmlang.__version__, heading and heading[1]) == (version, version)
