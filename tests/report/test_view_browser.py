"""The page of a run in a browser: it asks nobody, breaks nowhere, and is gone through by keyboard."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.batch.test_run import RECIPE, asking, pages, server
from tests.browser import Tab, chromium, tab
from tests.conftest import Rlm
from tests.report.test_view import hostile, shown
from tests.servers import Server

__all__ = ["server"]
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here")
PARTS = ["answer", "price", "coverage", "flame", "lanes", "calls"]
IDS = "[...document.querySelectorAll('main > section')].map((s) => s.id)"
PANEL = "!document.getElementById('panel').hidden"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def looked_at(
    look: Callable[[Tab], Awaitable[None]], *, wide: int = 1280, dark: bool = False
) -> None:
    """Opens the page that was written and looks at it; nothing else was asked for, and nothing of
    it was refused or failed."""
    address = Path("page.html").resolve().as_uri()

    async def go() -> None:
        async with tab() as opened:
            await opened.show(address, wide=wide, dark=dark)
            await look(opened)
            assert [a for a in opened.asked if not a.startswith("data:")] == [address]
            assert opened.wrong == []

    asyncio.run(go())


def test_all_parts_are_there_and_hostile_answers_are_text(folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm)
    shown(rlm)

    async def look(page: Tab) -> None:
        await page.until(f"{IDS}.length === {len(PARTS)}")
        assert await page.value(IDS) == PARTS
        said = await page.value("document.getElementById('answer').textContent")
        assert "</script><script>fetch" in said and "onerror=alert(1)" in said
        assert await page.value("document.querySelectorAll('img').length") == 0
        pressed = "document.querySelectorAll('.choice [aria-pressed=true]').length"
        assert await page.value(pressed) == 2

    looked_at(look)


def test_a_call_is_opened_with_the_keyboard_and_by_a_click(folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm)
    shown(rlm)

    async def look(page: Tab) -> None:
        await page.until(f"{IDS}.length === {len(PARTS)}")
        await page.press("6")
        assert await page.value("document.activeElement.id") == "calls"
        await page.press("/")
        assert await page.value("document.activeElement.type") == "search"
        row = await page.value(
            "(({x, y}) => [x, y])(document.querySelector('.rows .row').getBoundingClientRect())"
        )
        await page.click(row[0] + 20, row[1] + 10)
        await page.until(PANEL)
        panel = "document.getElementById('panel').textContent"
        await page.until(f"{panel}.includes('One line.')")
        await page.press("j")
        await page.until(f"{panel}.includes('notes[1]') || {panel}.includes('result[1]')")
        await page.press("Escape")
        assert not await page.value(PANEL)

    looked_at(look)


@pytest.mark.parametrize(("wide", "dark"), [(400, False), (1280, True)])
def test_it_fits_a_phone_and_a_dark_room(wide: int, dark: bool, folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm)
    shown(rlm)

    async def look(page: Tab) -> None:
        await page.until(f"{IDS}.length === {len(PARTS)}")
        assert not await page.value(WIDER)
        ground = await page.value("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, ground[4:-1].split(",")[:3])) > 3 * 127
        assert light != dark

    looked_at(look, wide=wide, dark=dark)


def test_two_runs_stand_beside_each_other(book: Path, rlm: Rlm) -> None:
    for question in ("Where does the key hang?", "Who sang?"):
        given = ("--set", f"question={question}", "--source", "book=book.txt")
        assert rlm("run", "find.rlm", *given).code == 0
    newer, older = (run["run"] for run in json.loads(rlm("runs", "--json").out))
    shown(rlm, older, newer)

    async def look(page: Tab) -> None:
        await page.until(f"{IDS}.includes('changes')")

    looked_at(look)


@pytest.mark.parametrize("wide", [400, 1280])
def test_a_batch_leads_to_its_items(wide: int, folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 3, RECIPE)
    assert rlm("batch", "one.rlm", *asking(server)).code == 0
    shown(rlm)

    async def look(page: Tab) -> None:
        await page.until(f"{IDS}.includes('items') && {IDS}.includes('answer')")
        links = "[...document.querySelectorAll('#items button.link')]"
        await page.value(f"{links}.find((b) => b.textContent === '002').click()")
        await page.until("document.querySelector('.item').textContent === '002'")
        await page.until("document.getElementById('answer').textContent.includes('p2')")
        assert not await page.value(WIDER)

    looked_at(look, wide=wide)
