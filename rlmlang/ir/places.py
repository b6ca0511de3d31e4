"""What may be asked of a value that came from a document: `it.path`, `it.line`.

One table, which the checker, functions, `rlm explain` and `origin.py` read.
"""

from __future__ import annotations

from typing import Literal

from rlmlang.ir import types as ty
from rlmlang.ir.types import INT, RANGE, SLICE, TEXT, BaseType, Field, Type, fields_of

MOST_PATH = 512
"""The most bytes of a path that an expression may read; no longer one is taken."""
PLACES = (
    Field("path", TEXT, MOST_PATH // 2, "the path of its document, as the source names it"),
    Field("name", TEXT, MOST_PATH // 2, "the last part of that path"),
    Field("size", INT, doc="its bytes in the document"),
    Field("part", TEXT, 16, "which piece of a document it is, as `2 of 3`; empty for a whole one"),
    Field("range", RANGE, doc="its first byte in the document, and the one behind its last"),
    Field("line", INT, doc="the line that it begins in, from 1"),
    Field("text", SLICE, doc="its text alone, without a heading or neighbours"),
)
"""The fields of documents and slices, and of what came from one; `text` is of those alone."""
NAMES = frozenset(f.name for f in PLACES)
OF_ONE = NAMES - {"size", "text"}
"""What is asked of one document; a piece of several has none."""
Holds = Literal["", "documents", "rows", "parts"]
"""What an item of a list may hold: several documents, several rows, or a part of a document that
was cut without saying so."""


def carries(type_: BaseType) -> bool:
    """Whether a value of a type can know where it came from: text, a label, a record, a batch, an
    image."""
    kinds = ty.TextType | ty.EnumType | ty.RecordType | ty.BatchType | ty.ImageType
    return isinstance(type_, kinds)


def is_piece(type_: BaseType) -> bool:
    """Whether a value of a type is a document, or cut from one."""
    return type_.required() in (ty.SLICE, ty.DOC)


def innermost(type_: Type) -> Type:
    """The items of a list, or of the lists in it."""
    while type_.is_list:
        type_ = type_.item
    return type_


def quoted(type_: Type) -> frozenset[str]:
    """Where quotes stand in an answer, by the paths of their fields; "" is itself. They know their
    own place in the text that they were found in."""
    inner = innermost(type_).required()
    if inner == ty.QUOTE:
        return frozenset([""])
    found = ((f.name, path) for f in fields_of(inner) for path in quoted(f.type))
    return frozenset(f"{name}.{path}".rstrip(".") for name, path in found)


def below(placed: frozenset[str], field: str) -> frozenset[str]:
    """What of a record's places is those of a field."""
    inside = f"{field}."
    own = {""} if field in placed else set()
    return frozenset(own | {p.removeprefix(inside) for p in placed if p.startswith(inside)})


def above(placed: frozenset[str], field: str) -> frozenset[str]:
    """The places of a field, as those of the record that it stands in."""
    return frozenset(f"{field}.{path}".rstrip(".") for path in placed)
