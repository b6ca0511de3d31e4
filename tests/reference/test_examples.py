"""The examples of the reference are laid out, check, and print what they say they print."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.reference.examples import COMMAND, PRINTED, read
from rlmlang.runtime.files import load_import
from tests.conftest import ROOT, Rlm

HOME = ROOT / "grammar" / "examples"
FILES = sorted(HOME.rglob("*.rlm"))
NAMES = [str(p.relative_to(HOME).with_suffix("")) for p in FILES]
TRIED = [n for n in NAMES if COMMAND in (HOME / f"{n}.rlm").read_text()]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_checks_and_is_laid_out(name: str) -> None:
    path = HOME / f"{name}.rlm"
    source = SourceFile(str(path), path.read_text())
    found = compiler.check(source, load_import).diagnostics
    assert not found, render_all(found)
    assert compiler.format(source)[0] == source.text


@pytest.mark.parametrize("name", TRIED)
def test_an_example_prints_what_it_says(
    name: str, folder: Path, rlm: Rlm, request: pytest.FixtureRequest
) -> None:
    shutil.copytree(HOME / "data", folder, dirs_exist_ok=True)
    path = HOME / f"{name}.rlm"
    shown = read(path.read_text(), name)
    (folder / path.name).write_text(shown.text + "\n")
    done = rlm(*shlex.split(shown.command)[1:])
    assert done.code == 0, done.err
    printed = re.sub(r" +\([\d.]+ s\)", "", done.out).strip()
    if request.config.getoption("--update"):
        kept = [x for x in path.read_text().splitlines() if not x.startswith(PRINTED)]
        lines = [f"{PRINTED} {x}".rstrip() for x in printed.splitlines()]
        path.write_text("\n".join([*kept, *lines]) + "\n")
    assert printed == read(path.read_text(), name).output
