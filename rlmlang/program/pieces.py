"""A message of text and images in its parts, as DSPy's wire types have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TypeAlias

import dspy
from dspy.lm15 import ImagePart, TextPart

from rlmlang.program.render import Shown

Content: TypeAlias = "TextPart | ImagePart"


def pieces_of(shown: Shown) -> Iterator[str | dspy.Image]:
    """What a field shows: text, an image, or images with their numbers."""
    if not isinstance(shown, list):
        yield shown
        return
    for number, image in enumerate(shown, 1):
        yield f"[{number}] " if number == 1 else f"\n[{number}] "
        yield image


def contents(pieces: Iterable[str | dspy.Image]) -> list[Content]:
    """Pieces as parts of a message; texts that stand beside each other are one."""
    made: list[Content] = []
    for textual, run in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        beside = [*run]
        made += [TextPart("".join(beside))] if textual else [*map(_part, beside)]
    return made


def _part(image: dspy.Image) -> ImagePart:
    head, _, data = image.url.partition(",")
    return ImagePart(media_type=head.removeprefix("data:").partition(";")[0], data=data)
