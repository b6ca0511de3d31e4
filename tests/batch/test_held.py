"""A batch holds few items at a time, however many there are."""

from __future__ import annotations

import gc
from pathlib import Path

from rlmlang.batch.choosing import Spelled, choose_batch
from rlmlang.batch.items import Item
from rlmlang.batch.result import Ended
from rlmlang.batch.run import run_batch
from rlmlang.batch.way import Way, Wish
from rlmlang.runtime.prepared import Options, Prepared
from rlmlang.runtime.session import Session

RECIPE = """rlm 1
recipe one(text: Text) -> Text {
  return "It says {text}"
}
batch all for one {
  each text in lines("asked.txt")
  at_once: 4
}
"""
COUNT = 120


def test_few_items_are_held_at_a_time(folder: Path) -> None:
    (folder / "one.rlm").write_text(RECIPE)
    (folder / "asked.txt").write_text("".join(f"line {n}\n" for n in range(COUNT)))
    batch = choose_batch("one.rlm", "", Spelled({}))
    way, held, ended = Way.of(batch, Options(), COUNT, Wish()), dict[str, int](), set[str]()

    def told(found: Ended) -> None:
        ended.add(found.item.name)
        if len(ended) == COUNT - 8:
            gc.collect()
            kinds = (Item, Prepared, Session)
            held.update({k.__name__: sum(type(x) is k for x in gc.get_objects()) for k in kinds})

    assert run_batch(batch, way, told).states == {"done": COUNT}
    assert len(ended) == COUNT
    assert 0 < held["Item"] <= 12
    assert max(held.values()) <= 12, held
