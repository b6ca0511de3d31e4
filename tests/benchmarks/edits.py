"""How much is asked again after an edit of a 50 MB log: pieces by content, and by size."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import rlmlang
from rlmlang.testing import ScriptedEngine

RECIPE = """rlm 1
prompt note(page: Slice) -> Text "What is odd here?"
recipe find(log: Text) -> Int {{
  budget {{ calls <= 100_000 tokens <= 900_000_000 }}
  let notes = map (split log by {how}) with note()
  return count(notes)
}}
"""
HOWS = {"stable": "stable(around: 4ktok)", "tokens": "tokens(max: 4ktok)"}


def share(folder: Path, lines: list[str], how: str) -> float:
    """The share of calls that are made, for these lines, with what is kept so far."""
    (folder / "log.txt").write_text("".join(lines))
    (folder / "r.rlm").write_text(RECIPE.format(how=HOWS[how]))
    engine = ScriptedEngine(lambda task: "nothing")
    outcome = rlmlang.run(
        str(folder / "r.rlm"),
        engine=engine,
        sources={"log": str(folder / "log.txt")},
        store=folder / f"{how}.db",
    )
    assert outcome.problem is None, outcome.problem
    return len(engine.requests) / outcome.result


def edited(lines: list[str], kind: str, places: int, part: float) -> list[str]:
    """The lines with so many places of so large a part inserted, deleted or rewritten."""
    chance, made = random.Random(f"{kind} {places}"), list(lines)
    size = int(len(lines) * part)
    for _ in range(places):
        at = chance.randrange(len(made) - size)
        new = [
            f"changed {chance.random()} entirely in this place of the log\n" for _ in range(size)
        ]
        made[at : at + (0 if kind == "insert" else size)] = [] if kind == "delete" else new
    return made


def table(megabytes: int = 50) -> list[tuple[str, str, str]]:
    """Rows of the benchmark."""
    chance = random.Random(7)
    lines: list[str] = []
    size = 0
    while size < megabytes * 1_000_000:
        lines.append(
            f"2026-01-01 {chance.random()} user{chance.randrange(999)} logged in from {chance.random()}\n"
        )
        size += len(lines[-1])
    out = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for how in HOWS:
            share(folder, lines, how)
        for places, part, most in ((1, 0.01, "≤ 2 %"), (10, 0.001, "≤ 3 %")):
            for kind in ("insert", "delete", "rewrite"):
                made = edited(lines, kind, places, part)
                found = {how: share(folder, made, how) for how in HOWS}
                what = f"{megabytes} MB log, {kind} {places} × {part:.1%}"
                words = f"{found['stable']:.2%} asked again with stable, {found['tokens']:.0%} with tokens"
                out.append((what, words, most))
    return out


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
