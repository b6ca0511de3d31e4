"""What a recipe is built of, and where the files that it names lie."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rlmlang.execute.code_path import code_path
from rlmlang.ir.expressions import Code
from rlmlang.value import Frozen

GLOB = "*?["


@dataclass(frozen=True)
class NamedCode:
    """Python that a recipe names: its file, and how it is written."""

    file: str
    named: str


def codes_of(found: Sequence[object]) -> Iterator[NamedCode]:
    """The Python functions that parts of a file name."""
    for part in parts_of(tuple(found), set()):
        if isinstance(part, Code):
            yield NamedCode(code_path(part), f"{part.path}:{part.function}")


def outside(path: str, root: str) -> str:
    """Where a path leads that leads out of a folder, links followed; empty for one that does not.
    Of a pattern, as far as it is plain."""
    plain: list[str] = []
    for part in path.split("/"):
        if any(c in part for c in GLOB):
            break
        plain.append(part)
    if ".." in path.split("/")[len(plain) :]:
        return path
    real, home = os.path.realpath("/".join(plain) or "/"), os.path.realpath(root)
    return "" if real == home or real.startswith(home.rstrip("/") + "/") else real


def parts_of(value: object, seen: set[int]) -> Iterator[object]:
    """All that something is built of, the insides of prompts and types included."""
    if isinstance(value, tuple | list):
        for inner in value:
            yield from parts_of(inner, seen)
    elif isinstance(value, Frozen) and id(value) not in seen:
        seen.add(id(value))
        yield value
        for f in dataclasses.fields(value):
            yield from parts_of(getattr(value, f.name), seen)
