"""JSON lines: an item a line."""

from __future__ import annotations

import json

from rlmlang.report.formats.format import Format, Line, Shape, encoded
from rlmlang.value import Json


def _line(item: Json) -> bytes:
    return encoded(json.dumps(item, ensure_ascii=False) + "\n")


def _begin(shape: Shape) -> tuple[bytes, Line, bytes]:
    return b"", _line, b""


JSONL = Format("jsonl", "An item of the list a line, as JSON.", (".jsonl", ".ndjson"), _begin)
