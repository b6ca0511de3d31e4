"""Values of a program as values of the language: data classes, pydantic models, frames, bytes.

Only a Path, or a file that is open, is a place to read from; a string is always text.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rlmlang.context import Rows, Slice, Tree
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.images import Image

DEEPEST = 200
PLAIN = str | bool | int | PurePath | Slice | Tree | Rows | Image
"""What stays as it is."""
UNREAD = ("Image", "Audio", "File")
"""Classes of DSPy's, whose values would be shown as the text that they are written in."""
PARTS = ("image_url", "input_image", "image", "input_audio", "audio", "input_file")
"""Parts of a message that are no text, as providers call them."""


def from_python(value: object, name: str, depth: int = 0) -> Any:
    """A value in plain parts; a Path stays one, and what is the language's own stays as it is.

    Raises CodedError (wrong-input) for what is no value."""
    if depth > DEEPEST:
        raise failed("wrong-input", f"the value given for `{name}` nests too deep")
    if value is None or isinstance(value, PLAIN):
        return value.value if isinstance(value, enum.Enum) else value
    if (isinstance(value, float | dt.date) and value != value) or type(value).__name__ == "NAType":
        return None  # how data frames say that there is nothing
    if isinstance(value, float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value), name)
    _refuse_unread(value, name)
    for take in (_written, _opened, _record, _rows):
        found = take(value, name)
        if found is not None:
            return from_python(found, name, depth + 1)
    if isinstance(value, Mapping):
        return {str(k): from_python(v, name, depth + 1) for k, v in value.items()}
    if isinstance(value, Iterable):
        return [from_python(v, name, depth + 1) for v in value]
    raise failed(
        "wrong-input",
        f"the value given for `{name}` is a {type(value).__name__}",
        hint="give text, bytes, a Path, an open file, numbers, lists, dictionaries, data classes, "
        "pydantic models or a data frame",
    )


def _refuse_unread(value: object, name: str) -> None:
    """Refuses what is no text. Raises CodedError (wrong-input)."""
    if any(k.__name__ in UNREAD and k.__module__.startswith("dspy.") for k in type(value).__mro__):
        raise no_text(f"the value given for `{name}` has a dspy.{type(value).__name__}")


def _refuse_below(value: object, name: str, depth: int = 0) -> None:
    """Refuses it in what a pydantic model holds, which would write it as text."""
    _refuse_unread(value, name)
    if depth > DEEPEST or not isinstance(value, Mapping | list | tuple):
        return
    for part in value.values() if isinstance(value, Mapping) else value:
        _refuse_below(part, name, depth + 1)


def no_text(words: str) -> CodedError:
    """The problem of an image, or of anything else that would have to be seen or heard."""
    return failed(
        "wrong-input",
        f"{words}, and models are asked with text here",
        reason="It would be shown as its bytes, or left out.",
        hint="an image is given to a parameter of type Image, or of [Image]; of a sound or a file "
        "give what it says as text",
    )


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as mistake:
        raise failed(
            "wrong-input",
            f"the bytes given for `{name}` are not UTF-8: byte {mistake.start:,}",
            hint="decode them first: data.decode('windows-1252')",
        ) from None


def _written(value: object, name: str) -> object:
    """What is written as text or number: dates, enums, numbers of other packages."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    number = getattr(value, "item", None)  # of numpy, pandas, torch
    if callable(number) and getattr(value, "shape", None) == ():
        return number()
    return None


def _opened(value: object, name: str) -> object:
    """What an open file still holds."""
    read = getattr(value, "read", None)
    return read() if callable(read) else None


def _record(value: object, name: str) -> object:
    """The fields of a data class or pydantic model."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if not callable(dump):
        return None
    _refuse_below(vars(value), name)
    return dump()


def _rows(value: object, name: str) -> object:
    """The rows of a data frame (pandas, polars, pyarrow and others that have the like), or the
    values of one column."""
    if isinstance(value, Mapping | Sequence):
        return None
    for method in ("to_dicts", "to_pylist"):
        if callable(rows := getattr(value, method, None)):
            return rows()
    if not callable(rows := getattr(value, "to_dict", None)):
        return None
    if isinstance(value, Iterable) and getattr(value, "ndim", 2) == 1:
        return list(value)
    return _whole(rows(orient="records"))


def _whole(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of pandas, which has whole numbers as floats in a column where one is missing."""
    for key in rows[0] if rows else ():
        column = [v for row in rows if isinstance(v := row[key], float)]
        holed = len(column) == len(rows) and any(map(math.isnan, column))
        if holed and all(math.isnan(v) or v.is_integer() for v in column):
            numbers = [None if math.isnan(v) else int(v) for v in column]
            rows = [{**row, key: n} for row, n in zip(rows, numbers, strict=True)]
    return rows
