"""Progress: what was spent of the budget, what failed, how fast it goes and how long it takes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from rlmlang.ir.calls import CallId
from rlmlang.ir.declarations import Budget
from rlmlang.report.tally import Rate, Tally, span
from rlmlang.trajectory.events import CallFailed, CallFinished, ItemSkipped, RunResumed
from tests.conftest import ROOT
from tests.servers import Reply, chat_server, completion

SEEN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def finished(attempt: int = 0, usd: float | None = 0.01, *, reused: bool = False) -> CallFinished:
    call = CallId("notes", "[1]", attempt)
    return CallFinished(
        node="notes", call=call, prompt="note", tokens_in=90, tokens_out=10, usd=usd, reused=reused
    )


def test_what_was_used_is_told_against_the_budget() -> None:
    clock = Clock()
    tally = Tally(Budget(calls=1_000, usd=2.0), 100, clock)
    assert tally.words() == ""
    for _ in range(12):
        clock.now += 0.5
        tally.take(finished())
    assert tally.words() == ("$0.12 of $2.00, 12 of 1,000 calls  44 s left  2.0 calls/s, 200 tok/s")
    tally.take(finished(1))
    tally.take(CallFailed(node="notes", call=CallId("notes", "[2]"), prompt="note"))
    tally.take(ItemSkipped(node="notes", call=CallId("notes", "[2]")))
    assert "  1 asked again, 1 failed, 1 skipped  " in tally.words()
    assert tally.words().startswith("14 of 1,000 calls"), "a call without a price"


def test_what_was_kept_costs_nothing_and_is_done() -> None:
    tally = Tally(Budget(), 10, Clock())
    tally.take(RunResumed(node="", run="r", kept=5, calls=7, usd=0.5))
    tally.take(finished(reused=True))
    assert (tally.words(), tally.done) == ("$0.50, 7 calls", 1)


def test_what_stands_still_gets_slower() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(4):
        clock.now += 1
        rate.add(50)
    assert rate.each_second() == (1.0, 50.0)
    clock.now += 4
    assert rate.each_second() == (0.5, 25.0)
    assert (rate.left(30), rate.left(0)) == ("60 s left", "")
    assert [span(x) for x in (0.2, 89, 91, 7_000, 9_000)] == [
        "1 s",
        "89 s",
        "2 min",
        "117 min",
        "2 h",
    ]


RECIPE = """rlm 1

prompt note(page: Slice) -> Text "What does the page say?"

recipe find(book: Text) -> [Text] {
  let notes_on_all_the_pages_of_the_book = map (split book by lines(per: 1)) with note()
  return notes_on_all_the_pages_of_the_book
}
"""


def in_terminal(wide: int, *args: str) -> tuple[list[str], str, int]:
    """The lines that a command draws in a terminal of so many columns, all of it, and its end."""
    pid, ours = pty.fork()
    if pid == 0:
        size = struct.pack("HHHH", 24, wide, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        given = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        given |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        os.execve(sys.executable, [sys.executable, "-m", "rlmlang", *args], given)
    text = "".join(_read(ours))
    _, status = os.waitpid(pid, 0)
    os.close(ours)
    lines = [SEEN.sub("", x) for part in text.split("\r") for x in part.split("\n")]
    return [x for x in lines if x.strip()], text, os.waitstatus_to_exitcode(status)


def _read(ours: int) -> Iterator[str]:
    try:
        while data := os.read(ours, 65_536):
            yield data.decode(errors="replace")
    except OSError:
        return  # the terminal's other end was closed


@pytest.mark.parametrize("wide", [60, 120])
@pytest.mark.parametrize("stopped", [False, True])
def test_in_a_terminal_it_fits_and_ends_clean(wide: int, stopped: bool, folder: Path) -> None:
    (folder / "find.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("".join(f"Line {i}.\n" for i in range(40)))
    asked: list[int] = []

    def answer(body: dict[str, object]) -> Reply:
        asked.append(1)
        if stopped and len(asked) == 8:
            os.kill(running(), signal.SIGINT)
        return completion("[[ ## result ## ]]\nIt says a line.")

    def running() -> int:
        """The process of the command: the one child of this one that is left."""
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
        return int(children.read_text().split()[-1])

    with chat_server(answer) as server:
        args = ("--source", "book=book.txt", "--model", "m", "--api-base", server.base)
        lines, text, code = in_terminal(
            wide, "run", "find.rlm", *args, "--no-store", "--parallel", "2"
        )
    assert code == (130 if stopped else 0), lines
    drawn = [x for x in lines if "━" in x or "calls/s" in x]
    assert drawn
    too_wide = [x for x in drawn if cell_len(x.rstrip()) >= wide]
    assert not too_wide
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h"), "the cursor is shown again"
    assert "receipt" in lines[-12:] or stopped
    assert "Traceback" not in text
