"""`rlm batch` from its first item to its last: answers, budget, failures, and going on."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Rlm
from tests.servers import Reply, Server, chat_server, field

RECIPE = """rlm 1
prompt says(page: Text) -> Text max 60tok {
  task: "What does the page say?"
  retry <= 0
}
recipe one(page: Text) -> Text {
  return says(page)
}
batch all for one {
  each page in glob("pages/*.txt")
  output: "out/{name}.json"
  table: "all.csv"
  budget { calls <= 100 }
}
"""
PAGE = re.compile(r"This is page (\d+)")


def page_of(body: dict[str, Any]) -> int:
    """The number of the page that a request shows."""
    found = PAGE.search(json.dumps(body))
    assert found is not None
    return int(found[1])


def answer(body: dict[str, Any]) -> Reply:
    """A page's number; the model declines pages that say so."""
    return (400, {"error": "no"}) if "refuse" in json.dumps(body) else field(f"p{page_of(body)}")


@pytest.fixture
def server() -> Iterator[Server]:
    with chat_server(answer) as found:
        yield found


def pages(folder: Path, count: int, text: str = RECIPE) -> None:
    (folder / "pages").mkdir(exist_ok=True)
    for number in range(count):
        (folder / "pages" / f"{number:03}.txt").write_text(f"This is page {number}.")
    (folder / "one.rlm").write_text(text)


def asking(server: Server) -> list[str]:
    return ["--model", "m", "--api-base", server.base]


def answers(folder: Path) -> dict[str, str]:
    return {p.stem: json.loads(p.read_text()) for p in (folder / "out").glob("*.json")}


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "all.csv").read_text().splitlines()))


def test_every_item_has_its_answer_once(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 20)
    first = rlm("batch", "one.rlm", *asking(server))
    assert (first.code, len(server.requests)) == (0, 20), first.err
    assert answers(folder) == {f"{n:03}": f"p{n}" for n in range(20)}
    rows = rows_of(folder)
    assert rows == [{"item": f"{n:03}", "value": f"p{n}", "problem": ""} for n in range(20)]
    again = rlm("batch", "one.rlm", *asking(server))
    assert (again.code, len(server.requests)) == (0, 20)
    assert "20 kept" in again.err
    assert not list(folder.rglob("*.part"))


def test_what_changed_is_run_again_and_says_why(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 4)
    rlm("batch", "one.rlm", *asking(server))
    (folder / "pages/001.txt").write_text("This is page 71.")
    os.utime(folder / "pages/002.txt", (1, 1))
    (folder / "pages/009.txt").write_text("This is page 9.")
    dry = rlm("batch", "one.rlm", *asking(server), "--dry-run")
    assert dry.out == "001  changed: `page`\n009  no answer yet\n"
    assert len(server.requests) == 4
    rlm("batch", "one.rlm", *asking(server))
    assert sorted(page_of(b) for b in server.requests[4:]) == [9, 71]
    assert answers(folder)["001"] == "p71"
    text = RECIPE.replace("What does", "Now what does")
    (folder / "one.rlm").write_text(text)
    dry = rlm("batch", "one.rlm", *asking(server), "--dry-run", "--json")
    assert {x["why"] for x in json.loads(dry.out)} == {"changed: recipe"}
    other = rlm("batch", "one.rlm", "--model", "n", "--api-base", server.base, "--dry-run")
    assert "000  changed: recipe, models" in other.out


def test_a_moved_file_is_the_same_item(folder: Path, rlm: Rlm, server: Server) -> None:
    text = RECIPE.replace("pages/*.txt", "*/*.txt").replace("budget", 'name: "{page.stem}"\nbudget')
    pages(folder, 3, text)
    rlm("batch", "one.rlm", *asking(server))
    (folder / "pages").rename(folder / "moved")
    assert "3 kept" in rlm("batch", "one.rlm", *asking(server)).err


def test_one_that_fails_ends_it_unless_it_goes_on(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 12)
    (folder / "pages/003.txt").write_text("This is page 3, refuse it.")
    first = rlm("batch", "one.rlm", *asking(server), "--items", "1")
    assert first.code == 1
    assert "3 done, 1 failed, 8 not started" in first.err
    assert "items-failed" in first.err
    told = rlm("batch", "one.rlm", *asking(server), "--keep-going", "--json")
    found = json.loads(told.out)
    assert found["items"] == {"done": 8, "kept": 3, "failed": 1}
    assert [x["item"] for x in found["failed"]] == ["003"]
    assert found["problem"]["code"] == "items-failed"
    rows = {r["item"]: r for r in rows_of(folder)}
    assert (rows["003"]["value"], bool(rows["003"]["problem"])) == ("", True)
    (folder / "pages/003.txt").write_text("This is page 3.")
    last = rlm("batch", "one.rlm", *asking(server), "--select", "failed")
    assert (last.code, answers(folder)["003"]) == (0, "p3")


def test_some_may_fail(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 10)
    for number in (1, 2, 3):
        (folder / f"pages/00{number}.txt").write_text(f"This is page {number}, refuse it.")
    found = rlm("batch", "one.rlm", *asking(server), "--items", "1", "--max-failures", "20%")
    assert "1 done, 3 failed, 6 not started" in found.err
    for wrong in ("x", "-1", "1.5", "200%"):
        assert rlm("batch", "one.rlm", *asking(server), "--max-failures", wrong).code == 2


def test_the_budget_of_all_holds_and_what_it_cannot_hold_is_not_started(
    folder: Path, rlm: Rlm, server: Server
) -> None:
    pages(folder, 20)
    first = rlm("batch", "one.rlm", *asking(server), "--set", "batch.calls=7")
    assert (first.code, len(server.requests)) == (75, 7), first.err
    assert "13 items are not done" in first.err
    again = rlm("batch", "one.rlm", *asking(server), "--set", "batch.calls=12")
    assert (again.code, len(server.requests)) == (75, 12)
    assert len(answers(folder)) == 12
    done = rlm("batch", "one.rlm", *asking(server))
    assert (done.code, len(server.requests)) == (0, 20)


def test_a_name_selects(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 12)
    found = rlm("batch", "one.rlm", *asking(server), "--select", "01*", "--select", "004")
    assert sorted(page_of(b) for b in server.requests) == [4, 10, 11]
    assert "3 done, 9 not selected" in found.err
    assert rlm("batch", "one.rlm", *asking(server), "--select", "state:lost").code == 2
    for wrong in ("0O4", "9*"):
        done = rlm("batch", "one.rlm", *asking(server), "--select", "001", "--select", wrong)
        assert (done.code, f"--select {wrong}: no item has that name" in done.err) == (2, True)
    assert len(server.requests) == 3


def test_the_price_is_told_before(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 6)
    (folder / "pages/005.txt").write_text("This is page 4.")  # the same as another
    found = json.loads(rlm("batch", "one.rlm", *asking(server), "--plan", "--json").out)
    assert (found["items"], found["distinct"], found["verdict"]) == (6, 5, "proven")
    assert found["best"]["calls"] == found["worst"]["calls"] == 5
    told = rlm("batch", "one.rlm", *asking(server), "--plan", "--set", "batch.calls=4")
    assert (told.code, "cannot fit" in told.out) == (75, True)
    assert server.requests == []
    done = rlm("batch", "one.rlm", *asking(server), "--items", "3")
    assert (done.code, len(server.requests)) == (0, 5), done.err


def test_many_small_items_do_not_wait_for_a_large_one(
    folder: Path, rlm: Rlm, server: Server
) -> None:
    text = RECIPE.replace(
        "return says(page)",
        "let parts = split page by lines(per: 1)\nlet all = map parts with says()\n"
        "return join_text(all)",
    ).replace("prompt says(page: Text)", "prompt says(page: Slice)")
    pages(folder, 30, text.replace("calls <= 100", "calls <= 1000"))
    lines = [f"This is page {n}." for n in range(1000, 1500)]
    (folder / "pages/000.txt").write_text("\n".join(lines))
    done = rlm("batch", "one.rlm", *asking(server), "--items", "2", "--parallel", "2")
    assert done.code == 0, done.err
    asked = [page_of(b) for b in server.requests]
    last_small = max(n for n, page in enumerate(asked) if page < 1000)
    assert last_small < len(asked) - 50  # some of the large one is still to come


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")
def test_killed_again_and_again_nothing_is_lost_or_paid_twice(folder: Path) -> None:
    chance, items, at_once = random.Random(7), 60, 4
    pages(folder, items, RECIPE.replace("calls <= 100", f"calls <= {items + 6 * at_once}"))
    reached, limit = threading.Event(), [chance.randrange(5, 15)]

    def counted(body: dict[str, Any]) -> Reply:
        if len(server.requests) >= limit[0]:
            reached.set()
        return answer(body)

    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    with chat_server(counted) as server:
        command = [sys.executable, "-m", "rlmlang", "batch", "one.rlm", *asking(server)]
        command += ["--items", str(at_once), "--quiet"]
        for _ in range(5):
            with subprocess.Popen(command, env=path, cwd=folder) as process:
                assert reached.wait(60)
                process.send_signal(signal.SIGKILL)
            for file in (folder / "out").glob("*.json"):
                json.loads(file.read_text())
            limit[0] = len(server.requests) + chance.randrange(3, 9)
            reached.clear()
        limit[0] = 10**6
        done = subprocess.run(command, env=path, cwd=folder, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert answers(folder) == {f"{n:03}": f"p{n}" for n in range(items)}
    assert items <= len(server.requests) <= items + 5 * at_once


def test_one_process_at_a_time_goes_over_a_batch(folder: Path, rlm: Rlm) -> None:
    pages(folder, 3)
    begun, go_on = threading.Event(), threading.Event()

    def slow(body: dict[str, Any]) -> Reply:
        begun.set()
        go_on.wait(60)
        return answer(body)

    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    with chat_server(slow) as server:
        command = [sys.executable, "-m", "rlmlang", "batch", "one.rlm", *asking(server)]
        with subprocess.Popen(command, env=path, cwd=folder, stderr=subprocess.DEVNULL) as process:
            assert begun.wait(60)
            found = rlm("batch", "one.rlm", *asking(server))
            go_on.set()
            assert process.wait(60) == 0
    assert (found.code, "batch-running" in found.err) == (1, True)
    assert len(server.requests) == 3


def test_runs_lists_a_batch_with_what_its_items_used(
    folder: Path, rlm: Rlm, server: Server
) -> None:
    pages(folder, 3)
    rlm("batch", "one.rlm", *asking(server))
    found = json.loads(rlm("runs", "--json").out)
    assert [(r["recipe"], r["calls"], r["state"]) for r in found] == [("batch all", 3, "finished")]
    assert len(json.loads(rlm("runs", "--all", "--json").out)) == 4


TESTS = """
test "all pages" for all {
  expect items == 3
  expect "001" in names and "out/002.json" in outputs
  expect calls <= 3
}

test "too few" for all {
  expect items == 2
}
"""


def test_the_items_and_the_price_are_tested_in_the_language(folder: Path, rlm: Rlm) -> None:
    pages(folder, 3, RECIPE + TESTS)
    found = rlm("test", "one.rlm")
    assert found.code == 1
    assert 'ok   one: "all pages"' in found.out and 'FAIL one: "too few"' in found.out
    assert "items is 3" in found.out
    (folder / "pages/009.txt").mkdir()
    assert "items is 3" in rlm("test", "one.rlm").out
