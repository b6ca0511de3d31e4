"""Values as the text a model is shown: slices as they are, records as JSON lines, tables as CSV."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any, TypeAlias

import dspy

from rlmlang.context import Datum, Slice, Tree, text_of
from rlmlang.framing.json_lines import json_line
from rlmlang.images import Image, images_in
from rlmlang.ir.kinds import is_images
from rlmlang.ir.types import TableType, Type
from rlmlang.unicode import encodable

Shown: TypeAlias = "str | dspy.Image | list[dspy.Image]"
"""An input as a predictor takes it: text, or images as DSPy has them."""


def shown(value: Datum, type_: Type) -> Shown:
    """A value as a predictor takes it: images as DSPy's, anything else as text. Raises CodedError
    (source-changed) for an image that is another one by now."""
    if value is None or not is_images(type_):
        return encodable(render(value, type_))
    return image(value) if isinstance(value, Image) else [*map(image, images_in(value))]


def image(value: Image) -> dspy.Image:
    """An image as DSPy has it: its bytes in a data: URL."""
    data = base64.b64encode(value.read()).decode()
    return dspy.Image(url=f"data:{value.media_type};base64,{data}")


def render(value: Any, type_: Type) -> str:
    """The text of a value. Its size is what `ir/sizes.py` counts with."""
    if value is None:
        return ""
    if isinstance(value, Tree):
        return "\n".join(d.id for d in value.documents)
    if isinstance(value, list | tuple) or type_.is_list:
        items = [x for x in value if x is not None]
        if isinstance(type_, TableType) and items and all(isinstance(x, dict) for x in items):
            return table(items)
        return "\n".join(_item(x, i) for i, x in enumerate(items))
    return line(value)


def line(value: object) -> str:
    """One value: text as it is, everything else as compact JSON."""
    if isinstance(value, str | Slice):
        return text_of(value)
    return json_line(value)


def table(rows: list[dict[str, object]]) -> str:
    """Rows below the names of their fields, which stand there once."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(map(_cell, row.values()))
    return out.getvalue().rstrip("\n")


def _cell(value: object) -> str:
    return line(value) if isinstance(value, dict | list) else text_of(value)


def _item(value: object, index: int) -> str:
    return line(value) if isinstance(value, dict) else f"[{index + 1}] {line(value)}"
