"""What others wrote steers no terminal, and is in files and pipes what it is."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rlmlang.unicode import visible
from tests.conftest import ROOT, Rlm
from tests.servers import Server, chat_server, completion

HOSTILE = (
    "bees\x1b[2J\x1b[1;1H\x1b]8;;http://evil.example/\x07link\x1b]8;;\x07\x1b]52;c;cHduZWQ=\x07"
    "\x1bPq\x1b\\\x9b31m\u202eevil\u2066\rover\x08\x7f"
)
RECIPE = """rlm 1

prompt say(page: Text max 2000tok) -> {kind} {{
  task: "Answer about the page."
  retry <= 0
}}

recipe go(page: Text max 2000tok) -> {kind} {{
  budget {{ calls <= 20 }}

  return say(page)
}}
"""
RUN = ("run", "go.rlm", "--recipe", "go", "--set", "page=A page about bees.")
STEERING = (
    "\x1b]",
    "\x1b[2J",
    "\x1b[1;1H",
    "\x07",
    "\x9b",
    "\u202e",
    "\u2066",
    "\x1bP",
    "\x08",
    "\x7f",
)
Command = Callable[[Server], tuple[str, ...]]


def in_terminal(*args: str) -> str:
    """All that a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLUMNS": "200",
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        (sys.executable, "-m", "rlmlang", *args),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    found = b""
    try:
        while data := os.read(ours, 65_536):
            found += data
    except OSError:
        pass  # the terminal's other end was closed
    process.wait()
    os.close(ours)
    return found.decode(errors="replace")


def with_model(*args: str) -> Command:
    return lambda server: (*args, "--model", "my/model", "--api-base", server.base)


TOLD: dict[str, tuple[str, list[Command]]] = {
    "the result": ("Text", [with_model(*RUN)]),
    "the record": ("Text", [with_model(*RUN, "--quiet"), lambda s: ("show",)]),
    "a call": ("Text", [with_model(*RUN, "--quiet"), lambda s: ("show", "last", "result")]),
    "an error": ("Int", [with_model(*RUN)]),
    "a failed run": ("Int", [with_model(*RUN, "--quiet"), lambda s: ("show",)]),
    "a failed call": ("Int", [with_model(*RUN, "--quiet"), lambda s: ("show", "last", "result")]),
    "the runs": ("Text", [with_model(*RUN, "--quiet"), lambda s: ("runs",)]),
    "an answer": ("Text", [with_model("ask", "Which bees?", "--source", "page.txt")]),
}  # fmt: skip


@pytest.mark.parametrize("what", TOLD)
def test_no_answer_steers_a_terminal(what: str, folder: Path) -> None:
    kind, commands = TOLD[what]
    (folder / "go.rlm").write_text(RECIPE.format(kind=kind))
    (folder / "page.txt").write_text("A page about bees.\n")
    with chat_server(lambda body: completion(f"[[ ## result ## ]]\n{HOSTILE}")) as server:
        told = [in_terminal(*command(server)) for command in commands]
    for sequence in STEERING:
        assert not any(sequence in text for text in told), (sequence, told)
    if what not in ("the runs", "an answer"):
        assert re.search(r"\\(x|u00)1b\]8;;http", told[-1]), told


def test_a_pipe_gets_the_value_as_it_is(folder: Path, rlm: Rlm) -> None:
    (folder / "go.rlm").write_text(RECIPE.format(kind="Text"))
    with chat_server(lambda body: completion(f"[[ ## result ## ]]\n{HOSTILE}")) as server:
        more = ("--model", "my/model", "--api-base", server.base)
        assert json.loads(rlm(*RUN, "--json", *more).out)["result"] == HOSTILE
        assert rlm(*RUN, "--out", "said.txt", *more).code == 0
    assert (folder / "said.txt").read_bytes().decode() == HOSTILE + "\n"


def test_what_may_stand_in_text_stays() -> None:
    for text in ("a\tb\nc\r\nd", "é漢😀", "\u200d\u200f", "[31m"):
        assert visible(text) == text
    assert visible("\x1b[31m\r\u202e") == r"\u001b[31m\u000d\u202e"
