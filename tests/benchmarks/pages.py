"""The page of a run of 100,000 calls in headless Chromium: its size, its first paint, and how long it
takes from a key or a pointer until two frames later."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import rlmlang
from rlmlang.report.view.html import lines
from rlmlang.report.view.run_page import Shown
from rlmlang.report.view.texts import Limit
from rlmlang.runtime.viewed import unchanged, view
from rlmlang.stores.reader import StoreReader
from rlmlang.testing import ScriptedEngine
from tests.browser import Tab, chromium, tab

CALLS = 100_000
RECIPE = """rlm 1

source rows: [Text] = lines("rows.txt")

prompt tag(row: Text) -> Text "Say what the line is about, in one word."

recipe tags(log: [Text] = rows) -> [Text] {
  budget {
    calls <= 1_000_000
    tokens <= 9_000_000_000
  }
  return map log with tag()
}
"""
PARTS = 6
READ = 1.0  # seconds in which a page reads the words of its calls, while nobody asks for them
FRAMES = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
TIMED = "(async () => {{ const from = performance.now(); {work}; await {frames}; return performance.now() - from; }})()"
FILTERED = "const box = document.querySelector('#calls input[type=search]'); box.value = '{text}'; box.dispatchEvent(new Event('input'))"
ZOOMED = """const drawn = document.querySelector('#{part} canvas');
for (const [kind, x] of [['pointerdown', {x}], ['pointermove', {x} + 200], ['pointerup', {x} + 200], ['click', {x}]])
  drawn.dispatchEvent(new PointerEvent(kind, {{ bubbles: true, clientX: x, clientY: {y}, button: 0, buttons: 1, pointerId: 1 }}))"""


def run(folder: Path, calls: int) -> Path:
    """The store of a run of so many calls."""
    rows = (f"line {n} says {n * 7919 % 1009} and some words more\n" for n in range(calls))
    (folder / "rows.txt").write_text("".join(rows))
    (folder / "tags.rlm").write_text(RECIPE)
    store = folder / "runs.db"
    engine = ScriptedEngine(lambda task: "fox")
    rlmlang.run(str(folder / "tags.rlm"), store=str(store), engine=engine)
    return store


def page(store: Path) -> Path:
    """The page of its last run, without texts."""
    reader = StoreReader(store)
    path = store.with_suffix(".html")
    path.write_text("".join(lines(view(reader, "last", "", Shown(Limit(0), unchanged)))))
    return path


async def timed(opened: Tab, work: str) -> float:
    """Milliseconds until what some script does is drawn."""
    return float(await opened.value(TIMED.format(work=work, frames=FRAMES)))


async def measured(path: Path) -> tuple[float, float, float]:
    """Milliseconds until the first paint, and at most of a filter and of a zoom."""
    async with tab() as opened:
        await opened.show(path.as_uri())
        await opened.until(f"document.querySelectorAll('main > section').length === {PARTS}")
        paint = await opened.value("performance.getEntriesByType('paint').at(-1).startTime")
        await asyncio.sleep(READ)
        texts = ("9", "fox", "no such words", "99", "")
        filters = [await timed(opened, FILTERED.format(text=text)) for text in texts]
        zooms = []
        for part in ("flame", "lanes", "coverage"):
            x, y = await opened.value(
                f"(() => {{ const drawn = document.querySelector('#{part} canvas');"
                " drawn.scrollIntoView({ block: 'center' }); const box = drawn.getBoundingClientRect();"
                " return [box.x + box.width / 3, box.y + Math.min(30, box.height / 2)]; })()"
            )
            zooms += [await timed(opened, ZOOMED.format(part=part, x=x, y=y)) for _ in range(3)]
        assert not opened.wrong, opened.wrong
        return float(paint), max(filters), max(zooms)


def table() -> list[tuple[str, str, str]]:
    """Rows of the benchmark; none where there is no Chromium."""
    if chromium() is None:
        return []
    with tempfile.TemporaryDirectory() as name:
        path = page(run(Path(name), CALLS))
        paint, filtered, zoomed = asyncio.run(measured(path))
        size = path.stat().st_size
    what = f"page of {CALLS:,} calls"
    return [
        (f"{what}, without texts", f"{size / 1e6:.1f} MB", "≤ 5 MB"),
        (f"{what}: first paint", f"{paint:.0f} ms", "< 1,000 ms"),
        (f"{what}: a filter, two frames later, at most", f"{filtered:.0f} ms", "< 50 ms"),
        (f"{what}: a zoom, two frames later, at most", f"{zoomed:.0f} ms", "< 50 ms"),
    ]


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
