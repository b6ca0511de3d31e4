"""What an image is counted as is never less than its provider says, and never more than the cap that
a plan without images counts with."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.schema.image_rules import AROUND, DEAREST, IMAGE_RULES, MOST_SIDE
from tests.pictures import png, tiles

SIDES = st.integers(1, MOST_SIDE) | st.sampled_from([384, 385, 512, 513, 768, 2048, 2049, 3072])
TEXT = 3_000
"""More tokens than anything but the images takes."""
RECIPE = """rlm 1

prompt compare(photos: [Image], hint: Image?) -> Text max 20tok "Compare the photos."

recipe all(photos: [Image], hint: Image? = none) -> Text {
  return compare(photos, hint)
}
"""


def scaled(published: Callable[[int, int], int], factor: float = 1) -> Callable[[int, int], int]:
    return lambda w, h: math.floor(factor * published(w, h))


def patches(width: int, height: int) -> int:
    return min(1536, math.ceil(width / 32) * math.ceil(height / 32))


def visual(most: int) -> Callable[[int, int], int]:
    return lambda w, h: min(most, math.ceil(w / 28) * math.ceil(h / 28))


def crops(width: int, height: int) -> int:
    if max(width, height) > 3072:
        shrunk = 3072 / max(width, height)
        width, height = max(1, round(width * shrunk)), max(1, round(height * shrunk))
    if max(width, height) <= 384:
        return 258
    side = min(768, max(256, min(width, height) / 1.5))
    return 258 * math.ceil(width / side) * math.ceil(height / side)


PUBLISHED = {
    "tiles_4o": tiles,
    "tiles_4o_mini": lambda w, h: 2833 + (tiles(w, h) - 85) // 170 * 5667,
    "tiles_5": lambda w, h: 70 + (tiles(w, h) - 85) // 170 * 140,
    "tiles_o": lambda w, h: 75 + (tiles(w, h) - 85) // 170 * 150,
    "patches_mini": scaled(patches, 1.62),
    "patches_nano": scaled(patches, 2.46),
    "patches_o4_mini": scaled(patches, 1.72),
    "claude": visual(1568),
    "claude_large": visual(4784),
    "gemini": crops,
    "gemini_3": lambda w, h: 1120,
}


def test_every_rule_is_held_against_what_is_published() -> None:
    assert PUBLISHED.keys() == IMAGE_RULES.keys()
    assert max(rule.most for rule in IMAGE_RULES.values()) == DEAREST


@pytest.mark.parametrize("name", IMAGE_RULES)
@given(width=SIDES, height=SIDES)
@settings(max_examples=60)
def test_an_image_is_never_counted_below_its_rule(name: str, width: int, height: int) -> None:
    rule = IMAGE_RULES[name]
    assert PUBLISHED[name](width, height) <= rule.count(width, height) <= rule.most


def test_the_examples_of_the_providers_are_met() -> None:
    of_4o, mini, claude = (IMAGE_RULES[n] for n in ("tiles_4o", "patches_mini", "claude"))
    assert [of_4o.count(1024, 1024), of_4o.count(2048, 4096)] == [765, 1105]
    assert mini.count(4000, 1474) == 2489  # 1,536 patches, times 1.62
    assert claude.count(1092, 1092) in range(1521, 1601)
    assert IMAGE_RULES["gemini"].count(384, 384) == 258


@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None)
def test_a_plan_counts_at_least_what_the_images_come_to(sizes: list[tuple[int, int]]) -> None:
    photos = [png(w, h) for w, h in sizes]
    how = {"recipe": "all", "model": "openai/gpt-4o"}
    plan = rlmlang.plan_recipe(RECIPE, values={"photos": photos, "hint": photos[0]}, **how)
    seen, calls = plan.totals.worst.tokens_in.value(), plan.totals.worst.calls.value()
    each = max(IMAGE_RULES["tiles_4o"].count(w, h) for w, h in sizes)
    assert seen is not None and calls == 2
    assert sum(tiles(w, h) for w, h in (*sizes, sizes[0])) <= seen
    assert seen <= calls * (TEXT + (len(sizes) + 1) * (each + AROUND))
