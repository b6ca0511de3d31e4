"""The skill for coding agents: written where they look, and true, command by command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.conftest import Rlm
from tests.tidy.test_guides import commands

BLOCK = re.compile(r"^ *```(\w+) ?(\S*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
REPORT = "It rained.\n\nAnn pays Bob ten crowns for the roof.\n\nMarta keeps the iron key.\n"


def test_the_skill_is_followed_literally(folder: Path, rlm: Rlm) -> None:
    assert rlm("new", "--agent").code == 0
    text = (folder / "skills/rlmlang/SKILL.md").read_text()
    front = dict(x.split(": ", 1) for x in text.split("---\n")[1].splitlines())
    assert front["name"] == "rlmlang", "agents want it to be that of its folder"
    assert 50 < len(front["description"]) <= 1024
    (folder / "report.txt").write_text(REPORT)
    said: dict[str, str] = {}
    for kind, name, block in BLOCK.findall(text):
        if name:
            (folder / name).write_text(block)
        elif kind == "sh":
            for line in commands(block):
                done = rlm(*shlex.split(line)[1:])
                assert done.code == 0, f"{line}\n{done.err}"
                said[line.strip()] = done.out + done.err
    assert rlm("fmt", "--check", "claims.rlm").code == 0
    (plan,) = (x for line, x in said.items() if line.startswith("rlm plan std/"))
    assert "worst" in plan and "proven" in plan
    (answer,) = (x for line, x in said.items() if line.endswith("budget.usd=1.00"))
    assert answer.startswith("Marta keeps the iron key.\n") and "evidence" in answer
    assert "finished" in said["rlm show"] and (folder / "claims.jsonl").exists()


def test_every_command_that_it_names_exists(folder: Path, rlm: Rlm) -> None:
    rlm("new", "--agent", "there")
    text = (folder / "there/rlmlang/SKILL.md").read_text()
    for word in sorted(set(re.findall(r"(?<!`)`rlm (\w+)", text))):
        assert rlm(word, "--help").code == 0, word
    for word in ("map", "75"):
        assert rlm("explain", word).code == 0
    done = rlm("new", "--agent", "there")
    assert (done.code, "error[file-exists]" in done.err) == (2, True)
    assert rlm("new", "--agent", "there", "--force").code == 0
