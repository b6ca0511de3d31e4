"""Text: what the terminal shows where no format is named."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.report.formats.format import Format, Shape, encoded
from rlmlang.report.text import as_text
from rlmlang.value import Json


def _write(shape: Shape, items: Sequence[Json]) -> bytes:
    text = as_text(items if shape.type.is_list else items[0])
    return encoded(text if text.endswith("\n") else text + "\n")


TXT = Format("txt", "A text as it is, anything else as JSON.", (".txt", ".text"), write=_write)
