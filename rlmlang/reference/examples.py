"""The examples of words: recipes of `grammar/examples`, each with what it prints, and the pages of
codes in `grammar/mistakes`.

A line `//! run …` or `//! test …` says with which arguments an example is tried in the folder
`data`; lines `//=` behind it are what it prints. What has no such line is checked alone.
"""

from __future__ import annotations

import re
from functools import cache

from rlmlang import resources
from rlmlang.value import Frozen, value

COMMAND, PRINTED = "//! ", "//="
PART = re.compile(r"^// ---- (bad \(when run\)|bad|good)\n", re.MULTILINE)


@value
class Example(Frozen):
    """A recipe, the command that tries it, and what that prints; `label` says whether it has the
    problem that a code is about."""

    text: str
    command: str = ""
    output: str = ""
    label: str = ""


@value
class Kept(Frozen):
    """What is kept in files of a word: sentences, and examples."""

    words: str = ""
    examples: tuple[Example, ...] = ()


@cache
def kept(place: str) -> Kept:
    """What is kept at a place, as `examples/map` or `mistakes/bad-row`; nothing where no place is
    named. Raises FileNotFoundError."""
    if not place:
        return Kept()
    folder, _, name = place.partition("/")
    text = resources.text(f"grammar/{folder}", f"{name}.rlm")
    return mistake(text) if folder == "mistakes" else Kept("", (read(text, name),))


def mistake(text: str) -> Kept:
    """The page of a code, cut into its words, an example that has the problem and one that has
    not."""
    words, *parts = PART.split(text)
    said = " ".join(line.removeprefix("//").strip() for line in words.splitlines())
    found = zip(parts[::2], parts[1::2], strict=True)
    return Kept(said.strip(), tuple(Example(t.strip("\n"), label=label) for label, t in found))


def read(text: str, name: str) -> Example:
    """An example as it is kept."""
    lines = text.splitlines()
    tried = [x.removeprefix(COMMAND) for x in lines if x.startswith(COMMAND)]
    given = [x.removeprefix(PRINTED).removeprefix(" ") for x in lines if x.startswith(PRINTED)]
    recipe = [x for x in lines if not x.startswith((COMMAND, PRINTED))]
    command = _command(tried[0], f"{name.rpartition('/')[2]}.rlm") if tried else ""
    return Example("\n".join(recipe).strip(), command, "\n".join(given))


def _command(tried: str, file: str) -> str:
    verb, _, arguments = tried.partition(" ")
    return " ".join(x for x in ("rlm", verb, file, arguments) if x)
