"""What code in a sandbox may ask of its host, as data: names, arguments, types and ranges.

`HANDLE` are the questions about a context that lies with the host, by the names that reach it;
`BUILT_IN` the tools that a session may be given besides prompts and patterns. Both look into
contexts and ask no model, so they cost no sub-call. All tiers hold what code sends against this
table, and what a model is told of a tool is made from it.
"""

from __future__ import annotations

import json
from typing import Literal

from rlmlang.schema.partitions import Argument
from rlmlang.value import Frozen, value

Kind = Literal["Text", "Int", "Bool", "Options"]
POSITION = 1 << 53  # bytes, lines or rows: more than any source has
HITS, AROUND, PATTERN, WORDS = 10_000, 10_000, 2_000, 100_000
PROMPTS = 100_000  # of one batch
VALUES, DEPTH, CHARACTERS = 1_000_000, 100, 32 << 20  # of all arguments of one call
OWN_NAMES = ("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "SUBMIT", "print")
"""What every session has besides its variables and tools."""
CALLS = 1_000  # of each function outside of the sandbox, in a session that does not say how many
RESULT = 8_000_000  # characters of what such a function gives, as JSON
ARGUMENTS = 2_000  # characters of its arguments that a run's record has
BITS = 13_000  # of a whole number: about 3,900 digits, which any part of Python still writes


@value
class Parameter(Frozen):
    """One argument. `least` and `most` bound a number, or the characters of a text; without a
    default it must be given; `optional` also takes None."""

    name: str
    kind: Kind
    default: object = ...
    least: int = 0
    most: int = 0
    optional: bool = False

    @property
    def shown(self) -> str:
        """As a model is told of it."""
        given = "None" if self.default is None else json.dumps(self.default, default=str)
        mark = "?" if self.optional else ""
        return f"{self.name}: {self.kind}{mark}" + ("" if self.default is ... else f" = {given}")


@value
class Question(Frozen):
    """A question to the host: its name, its arguments in order, and the kinds of contexts it may
    be asked of; of a tool also what it gives and what it does."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    of: tuple[str, ...] = ()
    gives: str = ""
    words: str = ""

    @property
    def signature(self) -> str:
        """As a function that code may call."""
        takes = ", ".join(p.shown for p in self.parameters)
        return f"{self.name}({takes}) -> {self.gives}  # {self.words}"


def _place(name: str, default: int | None) -> Parameter:
    return Parameter(name, "Int", default, -POSITION, POSITION, optional=default is None)


def _search() -> tuple[Parameter, ...]:
    return (
        Parameter("pattern", "Text", most=PATTERN),
        Parameter("max", "Int", 100, 1, HITS),
        Parameter("around", "Int", 80, 0, AROUND),
    )


TEXT, TREE, ROWS = ("text",), ("tree",), ("rows",)
HANDLE = {
    made.name: made
    for made in (
        Question("slice", (_place("start", None), _place("end", None)), TEXT),
        Question("lines", (_place("start", 0), _place("end", None)), TEXT),
        Question("every", (), TEXT),
        Question("find", (Parameter("words", "Text", most=WORDS), _place("start", 0)), TEXT),
        Question("count", (Parameter("words", "Text", most=WORDS),), TEXT),
        Question("search", (*_search(), Parameter("ignore_case", "Bool", default=False)),
                 TEXT + TREE),
        Question("split", (Parameter("by", "Text", most=100), Parameter("options", "Options")),
                 TEXT + TREE),
        Question("files", (), TREE),
        Question("open", (Parameter("path", "Text", most=WORDS),), TREE),
        Question("rows", (_place("start", None), _place("end", None)), ROWS),
    )
}  # fmt: skip

BUILT_IN = {
    made.name: made
    for made in (
        Question("grep", _search(), TEXT + TREE, "[Hit]",
                 "matches of a regular expression in all contexts; a Hit has source, path, start, "
                 "end (bytes), match, groups, text"),
        Question("read_file", (Parameter("path", "Text", most=WORDS), _place("start", 0),
                               _place("end", None)), TREE, "Text",
                 "a file of a tree, or its bytes from start to end"),
        Question("list_files", (Parameter("part", "Text", "", most=WORDS),), TREE, "[Text]",
                 "the paths of all trees, or those that hold a part"),
    )
}  # fmt: skip


def range_of(argument: Argument) -> tuple[int, int]:
    """What a number of a partition may be when code asks for it, both ends included: sizes are
    tok, and a fraction is less than its end."""
    if argument.kind == "fraction":
        return 0, 1
    least = 0 if argument.default == 0 else 1
    return least, 10_000 if argument.name == "into" else 10_000_000
