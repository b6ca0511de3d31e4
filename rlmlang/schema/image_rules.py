"""What an image costs in tokens, by the rules that providers publish.

OpenAI ("Images and vision", calculating costs): an image is scaled into a square of 2,048 pixels,
then until its short side has 768, and is counted in tiles of 512; small models count patches of 32
pixels, at most 1,536, times a factor. Anthropic ("Vision"): patches of 28 pixels, in older words
width times height by 750, at most 1,600 tokens, of newer models 4,784. Google ("Image
understanding"): 258 tokens up to 384 pixels, else for each tile, whose side is the short side by
1.5, from 256 to 768 pixels, of an image of 3,072 at most; Gemini 3 counts 1,120. Looked at on the
date of `capabilities.toml`.

`count` is never less than what the provider says: where a side is rounded, it is rounded up, and
one tile more is taken for the thumbnail that Gemini may add.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from math import ceil

from rlmlang.value import Frozen, value

AROUND = 16
"""The most tokens that stand around an image: the marks of a chat template."""
MOST_BYTES = 20_000_000
"""The largest file that is sent: no provider takes a larger one within a request."""
MOST_SIDE = 16_000
"""The longest side, in pixels; providers refuse or shrink far smaller ones."""
FORMS = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
         "gif": "image/gif"}  # fmt: skip
"""The endings of files that all providers read, and their media types."""
UNKNOWN, NONE = "unknown", "none"
Count = Callable[[int, int], int]


@value
class ImageRule(Frozen):
    """How a provider counts an image: `count` of its width and height in pixels, never more than
    `most` tokens; `file` is the largest file that it takes, in bytes."""

    name: str
    doc: str
    most: int
    count: Count
    file: int = MOST_BYTES


def _tiles(base: int, each: int, width: int, height: int) -> int:
    long, short = max(width, height), min(width, height)
    scale = min(Fraction(1), Fraction(2048, long), Fraction(768, short))
    return base + each * ceil(long * scale / 512) * ceil(short * scale / 512)


def _patches(factor: Fraction, width: int, height: int) -> int:
    return ceil(factor * min(1536, ceil(Fraction(width, 32)) * ceil(Fraction(height, 32))))


def _area(most: int, width: int, height: int) -> int:
    patches = ceil(Fraction(width, 28)) * ceil(Fraction(height, 28))
    return min(most, max(patches, ceil(Fraction(width * height, 750))))


def _crops(width: int, height: int) -> int:
    scale = min(Fraction(1), Fraction(3072, max(width, height)))
    sides = [max(1, ceil(side * scale)) for side in (width, height)]
    if max(sides) <= 384:
        return 258
    tile = max(256, min(768, int(min(sides) / 1.5)))
    across, down = (ceil(Fraction(side, tile)) for side in sides)
    return 258 * (across * down + 1)


def _same(most: int, width: int, height: int) -> int:
    return most


def _of_tiles(name: str, base: int, each: int) -> ImageRule:
    doc = f"OpenAI: {base:,} tokens, and {each:,} for each tile of 512 pixels, at most 8"
    return ImageRule(name, doc, base + 8 * each, partial(_tiles, base, each), MOST_BYTES)


def _of_patches(name: str, factor: str) -> ImageRule:
    times = Fraction(factor)
    doc = f"OpenAI: {factor} tokens for each patch of 32 pixels, at most 1,536 patches"
    return ImageRule(name, doc, ceil(1536 * times), partial(_patches, times), MOST_BYTES)


def _of_area(name: str, most: int) -> ImageRule:
    doc = f"Anthropic: a token for each patch of 28 pixels, at most {most:,}"
    return ImageRule(name, doc, most, partial(_area, most), 5_000_000)


_ALL = (
    _of_tiles("tiles_4o", 85, 170),
    _of_tiles("tiles_4o_mini", 2833, 5667),
    _of_tiles("tiles_5", 70, 140),
    _of_tiles("tiles_o", 75, 150),
    _of_patches("patches_mini", "1.62"),
    _of_patches("patches_nano", "2.46"),
    _of_patches("patches_o4_mini", "1.72"),
    _of_area("claude", 1600),
    _of_area("claude_large", 4784),
    ImageRule("gemini", "Google: 258 tokens for each tile, at most 24, and one more",
              258 * 25, _crops),
    ImageRule("gemini_3", "Google: 1,120 tokens", 1120, partial(_same, 1120)),
)  # fmt: skip
IMAGE_RULES = {rule.name: rule for rule in _ALL}
CHOICES = (*IMAGE_RULES, NONE, UNKNOWN)
DEAREST = max(rule.most for rule in IMAGE_RULES.values())


def rule_of(name: str, declared: int = 0) -> ImageRule | None:
    """The rule of that name; where so many tokens are `declared` for an image, those. None where a
    model takes no images, or nobody knows how it counts them."""
    if declared:
        return ImageRule(name, f"{declared:,} tokens", declared, partial(_same, declared))
    return IMAGE_RULES.get(name)
