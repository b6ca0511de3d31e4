"""The examples of words: recipes of `grammar/examples`, each with what it prints.

A line `//! run …` or `//! test …` says with which arguments an example is tried in the folder
`data`; lines `//=` behind it are what it prints. What has no such line is checked alone.
"""

from __future__ import annotations

from functools import cache

from rlmlang import resources
from rlmlang.value import Frozen, value

FOLDER = "grammar/examples"
COMMAND, PRINTED = "//! ", "//="


@value
class Example(Frozen):
    """A text, the language that it is in (`rlm`, `toml`, `sh`), the command that tries it, and what
    that gives."""

    text: str
    language: str = "rlm"
    command: str = ""
    output: str = ""


@cache
def example(name: str) -> Example | None:
    """The example of that name, as `map` or `partitions/tokens`; None where there is none."""
    try:
        return read(resources.text(FOLDER, f"{name}.rlm"), name)
    except FileNotFoundError:
        return None


def read(text: str, name: str) -> Example:
    """An example as it is kept."""
    lines = text.splitlines()
    tried = [x.removeprefix(COMMAND) for x in lines if x.startswith(COMMAND)]
    given = [x.removeprefix(PRINTED).removeprefix(" ") for x in lines if x.startswith(PRINTED)]
    recipe = [x for x in lines if not x.startswith((COMMAND, PRINTED))]
    command = _command(tried[0], f"{name.rpartition('/')[2]}.rlm") if tried else ""
    return Example("\n".join(recipe).strip(), command=command, output="\n".join(given))


def _command(tried: str, file: str) -> str:
    verb, _, arguments = tried.partition(" ")
    return " ".join(x for x in ("rlm", verb, file, arguments) if x)
