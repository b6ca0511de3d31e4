"""JSON: the result as one value."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rlmlang.report.formats.format import Format, Shape, encoded
from rlmlang.value import Json


def _write(shape: Shape, items: Sequence[Json]) -> bytes:
    value = items if shape.type.is_list else items[0]
    return encoded(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


JSON = Format("json", "The result as one JSON value.", (".json",), write=_write)
