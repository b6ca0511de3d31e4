"""The page of the Python names, made from what `rlmlang` exports: signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from typing import Any

import rlmlang
from rlmlang.reference.markdown import fenced

HEAD = """# Python

What `import rlmlang` gives. [From Python](../docs/python.md) shows how it is used."""


def python_page() -> str:
    """The page in Markdown: a heading for each public name."""
    return "\n\n".join([HEAD, *(part for name in public() for part in _entry(name))]) + "\n"


def public() -> list[str]:
    """The public names, but for the version."""
    return [name for name in rlmlang.__all__ if not name.startswith("_")]


def _entry(name: str) -> Iterator[str]:
    found = getattr(rlmlang, name)
    yield f"## `{name}`"
    yield fenced("\n".join(_forms(name, found)), "python")
    yield inspect.getdoc(found) or ""
    yield "\n".join(_members(found))


def _forms(name: str, found: Any) -> Iterator[str]:
    """How it is written: a function as it is called, a class with what it holds."""
    if isinstance(found, type):
        made = "" if found is not rlmlang.SharedBudget else str(inspect.signature(found))
        yield _plain(f"class {name}{made}")
        if typing.is_typeddict(found) or dataclasses.is_dataclass(found):
            for field, type_ in found.__annotations__.items():
                yield f"    {field}: {getattr(type_, '__forward_arg__', type_)}"
        return
    for form in typing.get_overloads(found) or [found]:
        yield _plain(f"{name}{inspect.signature(form)}")


def _plain(signature: str) -> str:
    """A signature whose annotations are not quoted."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", signature)


def _members(found: Any) -> Iterator[str]:
    """The public properties and methods of a class, by the first sentence of what they say."""
    for name, member in vars(found).items() if isinstance(found, type) else ():
        shown = isinstance(member, property | classmethod) or inspect.isfunction(member)
        if shown and not name.startswith("_"):
            said = " ".join((inspect.getdoc(member) or "").split())
            yield f"- `{name}`: {said.partition('. ')[0].removesuffix('.')}."
