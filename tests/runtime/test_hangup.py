"""A terminal that is closed, and a polite kill: the run parks, and is resumed."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from rlmlang.cli.bars import Bar
from rlmlang.cli.progress import Progress
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from tests.conftest import Rlm
from tests.servers import chat_server, field

RECIPE = """rlm 1
prompt note(page: Slice) -> Text "Note."
recipe notes(book: Text) -> [Text] {
  let notes = map (split book by lines(per: 1)) with note() { parallel: 1 }
  return notes
}
"""
RUN = ("run", "r.rlm", "--source", "book=b.txt", "--model", "my/model")


class Held:
    """Answers, but for the third request, which waits until it is let go."""

    def __init__(self) -> None:
        self.asked, self.third, self.go = 0, threading.Event(), threading.Event()

    def __call__(self, body: Any) -> str:
        self.asked += 1
        if self.asked == 3:
            self.third.set()
            self.go.wait(30)
        return field(f"note {self.asked}")


@pytest.fixture
def lines(folder: Path) -> Path:
    """A recipe that asks ten times."""
    (folder / "r.rlm").write_text(RECIPE)
    (folder / "b.txt").write_text("".join(f"line {i}\n" for i in range(10)))
    return folder


def goes_on(rlm: Rlm, server: Any, held: Held) -> None:
    """The run is parked with the answers that it was given; the same command asks for the others."""
    (run,) = json.loads(rlm("runs", "--json").out)
    assert (run["state"], run["answers"]) == ("parked", held.asked)
    done = rlm(*RUN, "--api-base", server.base, "--json")
    assert json.loads(done.out)["resumed"] is True
    assert held.asked == 10


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_polite_kill_parks_the_run(lines: Path, rlm: Rlm, number: int) -> None:
    held = Held()
    with chat_server(held) as server:
        run = subprocess.Popen(
            [sys.executable, "-m", "rlmlang", *RUN, "--api-base", server.base],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert held.third.wait(30)
        run.send_signal(number)
        assert run.stderr is not None
        said = next(line for line in run.stderr if "stopping" in line)
        assert "1 call on the way may finish, within 120 s at most" in said
        held.go.set()
        err = run.communicate(timeout=30)[1]
        assert run.returncode == 130
        assert "error[interrupted]" in err
        assert held.asked == 3
        goes_on(rlm, server, held)


class Stderr(io.StringIO):
    """A standard error that is no terminal; `told` once a line says how far a run is."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        if "1 in flight" in self.getvalue():
            self.told.set()
        return written


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is(
    lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, err = Held(), Stderr()
    held.go = err.told
    monkeypatch.setattr(sys, "stderr", err)
    with chat_server(held) as server:
        options = Options(
            sources={"book": "b.txt"}, models=("my/model",), api_base=server.base, store=None
        )
        ready = prepare("r.rlm", options, need_all=True)
        with Progress(ready.plan, quiet=False, every=0.01) as progress:
            outcome = execute(ready, listener=progress.take)
    assert outcome.problem is None
    assert err.told.is_set()
    assert re.search(r"  0 min: notes.notes 2 of 11, 1 in flight  2 of 1,000 calls", err.getvalue())


def test_examples_are_counted_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Stderr()
    monkeypatch.setattr(sys, "stderr", err)
    bar = Bar("scoring", quiet=False)
    assert bar.so_far() == "scoring 0"
    bar.total(12)
    assert bar.so_far() == "scoring 0 of 12"


def test_a_terminal_that_is_closed_parks_the_run(lines: Path, rlm: Rlm) -> None:
    held = Held()
    with chat_server(held) as server:
        pid, terminal = pty.fork()
        if pid == 0:  # the terminal is this process's own
            os.execv(
                sys.executable, [sys.executable, "-m", "rlmlang", *RUN, "--api-base", server.base]
            )
        while not held.third.is_set():
            if select.select([terminal], [], [], 0.05)[0]:
                os.read(terminal, 4096)
        os.close(terminal)
        held.go.set()
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
        goes_on(rlm, server, held)
