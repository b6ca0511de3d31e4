"""The kinds of source a recipe may declare, one file each: what each gives, and from what."""

from __future__ import annotations

from typing import Literal

from rlmlang.schema.partitions import Argument
from rlmlang.schema.registry import Registry
from rlmlang.value import Frozen, value

Gives = Literal["text", "rows", "tree", "image", "images"]
"""The families of types that sources fill."""


@value
class SourceKind(Frozen):
    """A kind of source, as data. `gives` is the family of types it fills; what it gives is measured
    before a run as every value of that family is.

    `runner` names, as `module:function`, what opens a place (`sources.place.Place`). `place` says
    what stands alone between the brackets; where it is empty, nothing may, and the source can be
    read only once. `arguments` stand behind it by name; `extra` is what must be installed, as pip
    names it. Paths with `suffixes` are opened so where a list is wanted. A `local` one reads files
    and folders alone; any other is asked for nothing until its recipe runs.
    """

    name: str
    gives: Gives
    doc: str
    runner: str
    arguments: tuple[Argument, ...] = ()
    place: str = "a path"
    extra: str = ""
    suffixes: tuple[str, ...] = ()
    local: bool = False


ENCODING = Argument("encoding", "encoding", doc="what it is written in, where not in UTF-8")
SOURCES = Registry(
    "rlmlang.sources", SourceKind, __name__,
    "text file files tree image images lines jsonl csv xlsx parquet sql stdin url",
)  # fmt: skip


def of_files() -> tuple[Argument, ...]:
    """The arguments of the sources that a file of rows is opened by, by its suffix or else as JSON
    lines; each once."""
    kinds = [SOURCES["jsonl"], *(kind for kind in SOURCES.values() if kind.suffixes)]
    return tuple({a.name: a for kind in kinds for a in kind.arguments}.values())
