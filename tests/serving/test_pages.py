"""The page of a run, served: to whoever knows its address, and drawn anew as the run goes on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.browser import Tab, chromium, tab
from tests.conftest import ROOT, Rlm
from tests.servers import Reply, chat_server, field

RLM = (sys.executable, "-m", "rlmlang")
FIRST = 3
RECIPE = """rlm 1

prompt note(page: Slice) -> Text max 60tok "Say."

recipe notes(book: Text) -> [Text] {
  let pages = split book by lines(per: 1)
  return map pages with note() { parallel: 1 }
}
"""


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs beside the test."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        (*RLM, *words),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


@contextmanager
def served(*words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A page that is served, by its address."""
    with process("view", "--serve", "0", *words) as run:
        assert run.stderr is not None
        line = run.stderr.readline()
        assert line.endswith("(Ctrl-C ends it)\n"), line + run.stderr.read()
        yield line.split()[0], run


def asked(book: Path, rlm: Rlm) -> None:
    """A run that is over."""
    given = ("--set", "question=Where does the key hang?", "--source", "book=book.txt")
    assert rlm("run", "find.rlm", *given).code == 0


def test_a_page_is_for_those_who_know_its_address(book: Path, rlm: Rlm) -> None:
    asked(book, rlm)
    with served() as (address, run):
        host, token = address.rsplit("/", 2)[:2]
        assert host.startswith("http://127.0.0.1:") and len(token) >= 32
        for wrong in ("/", "/data", f"/{token[:-1]}x/", f"/{token}/other"):
            with pytest.raises(HTTPError) as refused:
                urlopen(host + wrong)
            assert refused.value.code == 404
        with urlopen(address) as page:
            assert "connect-src 'self'" in page.read().decode().replace("&#39;", "'")
        with urlopen(f"{address}data") as first:
            told = json.load(first)
        assert told["over"] and "The key hangs behind" in told["blocks"]["run-0-head"]
        with urlopen(f"{address}data?seen={told['seen']}") as second:
            assert json.load(second) == {"seen": told["seen"], "over": True}
        run.send_signal(signal.SIGINT)
        assert run.wait(20) == 0


def test_what_cannot_be_served_is_told(book: Path, rlm: Rlm) -> None:
    assert "unknown-run" in rlm("view", "--serve", "0").err
    asked(book, rlm)
    assert rlm("view", "--serve", "0", "--out", "x.html").code == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = rlm("view", "--serve", str(taken.getsockname()[1]))
    assert told.code == 2 and "cannot be listened at" in told.err


@pytest.mark.skipif(chromium() is None, reason="no Chromium here")
def test_a_run_is_followed_while_it_goes_on(folder: Path) -> None:
    (folder / "notes.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text("".join(f"line {n}\n" for n in range(FIRST + 2)))
    reached, go_on = threading.Event(), threading.Event()

    def answer(body: dict[str, object]) -> Reply:
        if f"line {FIRST}" in json.dumps(body):
            reached.set()
            go_on.wait()
        return field("bees")

    async def look(address: str) -> None:
        async with tab() as page:
            await page.show(address)
            await state(page, "running")
            await page.until(
                f"document.getElementById('calls')?.textContent.includes('{FIRST + 1} calls')"
            )
            go_on.set()
            await state(page, "finished")
            await page.until(
                f"document.getElementById('calls')?.textContent.includes('{FIRST + 2} calls')"
            )
            assert page.wrong == []
            assert {a.partition("?")[0] for a in page.asked if not a.startswith("data:")} == {
                address, f"{address}data",
            }  # fmt: skip

    with chat_server(answer) as server:
        model = ("--api-base", server.base, "--model", "m", "--set", "budget.usd=0")
        try:
            with process("run", "notes.rlm", "--source", "book=book.txt", *model) as run:
                assert reached.wait(60), run.stderr and run.stderr.read()
                with served() as (address, _):
                    asyncio.run(look(address))
        finally:
            go_on.set()


async def state(page: Tab, word: str) -> None:
    """Waits until the run is told to be in a state."""
    await page.until(f"document.querySelector('.state').textContent === '{word}'")
