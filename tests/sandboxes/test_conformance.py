"""One suite for all tiers: what models write runs and means the same, what attacks try fails."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rlmlang.protocols import CellResult
from rlmlang.sandboxes.bridge import Caps
from rlmlang.schema.sandboxes import TIERS
from tests.sandboxes.contexts import make_context
from tests.sandboxes.sessions import CPYTHON, every, run

HERE = Path(__file__).parent
CELLS = sorted((HERE / "cells").glob("*.txt"))
ATTACKS = sorted((HERE / "attacks").glob("*.txt"))
UNABLE = {  # what Monty has no form for: it says so, and a fuller tier can take over
    "class_static_property", "dataclass_methods", "enum_labels", "inherited_errors", "walrus_loop",
}  # fmt: skip


@cache
def ran_in(tier: tuple[str, ...], path: Path) -> list[CellResult]:
    text = path.read_text()
    context = make_context(re.search(r"# context: (\w+)", text)[1])
    return run({"context": context}, *re.split(r"# %% turn.*\n", text)[1:], tier=tier)


def test_there_are_enough_of_both() -> None:
    assert len(CELLS) >= 60 and len(ATTACKS) >= 60


LEFT_RUNNING = re.compile(r"\[\d+ threads? (is|are) still running; [^\]]*\]\n")
"""What a cell is told of threads that it left."""


@pytest.mark.parametrize("tier", every("cpython"))
@pytest.mark.parametrize("path", CELLS, ids=lambda p: p.stem)
def test_what_models_write_runs_and_means_the_same(path: Path, tier: tuple[str, ...]) -> None:
    reference, found = ran_in(CPYTHON, path), ran_in(tier, path)
    assert not [r.error for r in reference if r.error]
    if not TIERS[tier[0]].whole and path.stem in UNABLE:
        assert "unsupported" in [r.kind for r in found]
        found = ran_in((*tier, *CPYTHON), path)
    assert not [r.error for r in found if r.error]
    assert [meaning(r) for r in found] == [meaning(r) for r in reference]


def meaning(ran: CellResult) -> Any:
    """What a cell said, or gave; what is printed before a SUBMIT no one reads."""
    return ran.value if ran.submitted else ran.output.replace("[moved to a fuller Python]\n", "")


@pytest.mark.parametrize("tier", every())
@pytest.mark.parametrize("path", ATTACKS, ids=lambda p: p.stem)
def test_attacks_fail(
    path: Path, tier: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "canary.txt").write_text("CANARY-SECRET")
    monkeypatch.setenv("HOST_API_KEY", "sk-canary-host-key")
    left = 30

    async def few(prompts: list[Any], contexts: list[Any], deep: bool) -> list[str]:
        nonlocal left
        left -= len(prompts)
        if left < 0:
            raise RuntimeError("no sub-calls are left")
        return ["an answer" for _ in prompts]

    code = path.read_text().replace("@CANARY@", str(tmp_path))
    caps = Caps(cpu=0.5, memory=128 << 20)
    ran = run({"context": "hello"}, code, "print(context)", query=few, caps=caps, tier=tier)
    said = ran[0].output + ran[0].error + str(ran[0].value)
    assert "CANARY-SECRET" not in said
    assert "sk-canary" not in said
    assert "PWNED" not in ran[0].output or (path.stem, *tier) in PRETENDED
    assert not (tmp_path / "canary_out.txt").exists()
    assert len(ran[0].output) < 30_000
    left_running = LEFT_RUNNING.sub("", ran[-1].output)
    assert ran[-1].submitted or left_running in ("hello\n", "") or path.stem in TAMPERING


TAMPERING = {"patch_builtins"}  # code may spoil its own session
# Pyodide answers as if: with an address that it made up, with memory that nothing can execute
PRETENDED = {("dns_lookup", "deno"), ("mmap_executable", "deno")}
