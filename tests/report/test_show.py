"""`rlm show`: equal neighbours in one line, calls chosen by what came of them, a pager."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.conftest import ROOT, Rlm

RECIPE = """rlm 1

prompt year(page: Slice) -> Int {
  task: "Which year?"
  check: result > 1000
  retry <= 0
}

recipe look(book: Text) -> [Int] {
  let pages = split book by lines(per: 1, max: 40tok)

  return map pages with year() { on_error: skip(at_most: 50%) }
}
"""


@pytest.fixture
def run(folder: Path, rlm: Rlm) -> Rlm:
    """A run of 300 pages, of which two name no year."""
    pages = [f"In {1800 + n // 100} it rained, says page {n}." for n in range(300)]
    pages[20], pages[217] = "It burned.", "The iron key hangs behind the bell."
    (folder / "look.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("\n".join(pages) + "\n")
    said = rlm("run", "look.rlm", "--source", "book=book.txt", "--set", "budget.calls=5000")
    assert said.code == 0, said.err
    return rlm


def lines(rlm: Rlm, *options: str) -> list[str]:
    """What it shows, without the costs at the ends of lines."""
    done = rlm("show", *options)
    assert done.code == 0, done.err
    return [line.partition("  $")[0] for line in done.out.splitlines()]


def test_300_calls_are_a_line_for_each_outcome(run: Rlm) -> None:
    found = lines(run, "--all")
    assert [x.strip("│├└─ ") for x in found if "result[" in x] == [
        "result[0..19]  1800  20 calls",
        "result[20]  check-failed: the answer fails the check result > 1000",
        "result[21..99]  1800  79 calls",
        "result[100..199]  1801  100 calls",
        "result[200..216]  1802  17 calls",
        "result[217]  check-failed: the answer fails the check result > 1000",
        "result[218..299]  1802  82 calls",
    ]
    whole = run("show").out
    assert "$0.0000" in whole and whole.rstrip().endswith("… 288 more lines (--answer)")
    narrow = run("show", "--failed").out.splitlines()
    assert all(len(x) < 120 for x in narrow)


def test_calls_are_chosen_by_what_came_of_them(run: Rlm) -> None:
    failed = "check-failed: the answer fails the check result > 1000"
    assert lines(run, "--failed") == ["2 of 300 calls", f"result[20]  {failed}", f"result[217]  {failed}"]  # fmt: skip
    assert lines(run, "--grep", "iron k.y")[1:] == [
        f"result[217]  {failed}",
        lines(run, "--grep", "iron k.y")[2],
    ]
    assert "The iron key hangs" in lines(run, "--grep", "iron k.y")[2]
    assert lines(run, "--nonempty")[0] == "298 of 300 calls"
    assert lines(run, "--repaired") == ["0 of 300 calls"]
    assert lines(run, "--failed", "--step", "result")[0] == "2 of 300 calls"
    events = [json.loads(x) for x in run("show", "--slowest", "5", "--json").out.splitlines()]
    slowest = {e["call"]: e["seconds"] for e in events if e["event"].startswith("call_f")}
    rest = [json.loads(x) for x in run("show", "--json").out.splitlines()]
    others = [e["seconds"] for e in rest if "seconds" in e and e["call"] not in slowest]
    assert len(slowest) == 5 and min(slowest.values()) >= max(others)
    assert len(lines(run, "--dearest", "3")) == 4


def test_a_range_of_items_is_shown_in_full(run: Rlm) -> None:
    shown = run("show", "last", "result[19..21]").out
    assert [n for n in range(300) if f"── result[{n}], try 1" in shown] == [19, 20, 21]
    assert "says page 19." in shown and "It burned." in shown
    assert "It burned." in run("show", "last", "result[19..21]", "--failed").out
    assert "says page 19." not in run("show", "last", "result[19..21]", "--failed").out
    for wrong in (("last", "result[400..500]"), ("--step", "resul")):
        done = run("show", *wrong)
        assert (done.code, "error[unknown-node]" in done.err) == (1, True)
    assert "error[bad-pattern]" in run("show", "--grep", "(").err


@pytest.mark.parametrize(("rows", "paged"), [(10, True), (60, False), (0, False)])
def test_what_is_longer_than_the_terminal_is_paged(run: Rlm, rows: int, paged: bool) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 90, 0, 0))
    environment = {
        **os.environ,
        "LINES": str(rows),
        "TERM": "xterm",
        "PYTHONPATH": str(ROOT),
        "PAGER": "wc -l",
    }
    command = (sys.executable, "-m", "rlmlang", "show")
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    found = b""
    try:
        while data := os.read(ours, 65_536):
            found += data
    except OSError:
        pass  # the terminal's other end was closed
    os.close(ours)
    assert process.wait() == 0
    assert (b"check-failed" not in found) == paged, found
