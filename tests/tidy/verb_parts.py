"""The parts that each verb is made of, and which of them are missing: run as a script it prints those
of the package that is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from rlmlang import resources, verbs
from rlmlang.check.verbs import CHECKS
from rlmlang.execute.verbs import RULES
from rlmlang.ir.recipe import Operation
from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax import tree
from rlmlang.syntax import verbs as written
from rlmlang.syntax.build import NODES

WORDLESS = {
    "call": "a prompt's name", "compute": "an expression", "input": "a parameter",
    "source": "a parameter", "pattern": "a pattern's name", "rung": "a part of a ladder",
    "require": "a line of a body", "item": "a part of a map",
}  # fmt: skip
"""Operations that are no verb of the grammar, and how they are written."""
WITHIN = {"rung", "pattern", "item"}
"""Operations that are run by what they are parts of."""
OWN = ("facts", "bound", "words")
SHOWN = ("tests/golden", "tests/cases/run", "examples", "stdlib")


def operations() -> list[type[Operation]]:
    """Every class below `Operation` in `verbs/`."""
    rooms = [import_module(m.name) for m in iter_modules(verbs.__path__, f"{verbs.__name__}.")]
    return [
        kind
        for room in rooms
        for kind in vars(room).values()
        if isinstance(kind, type)
        and issubclass(kind, Operation)
        and kind.__module__ == room.__name__
    ]


def missing() -> list[str]:
    """Each part that a verb lacks, as `VERB: PART`, the verbs in order."""
    return [f"{work.verb}: {part}" for work in operations() for part in _of(work)]


def _of(work: type[Operation]) -> Iterator[str]:
    for name in OWN:
        if getattr(work, name) is getattr(Operation, name):
            yield f"its own `{name}` in verbs/"
    if work not in RULES and work.verb not in WITHIN:
        yield "its rule in execute/verbs, RULES"
    if work.verb not in WORDLESS:
        yield from _of_word(work.verb)


def _of_word(word: str) -> Iterator[str]:
    grammar = resources.text("grammar", "rlm.lark")
    lines = [x for x in _rule(grammar, "?verb").splitlines() if f'"{word}"' in x]
    aliases = [line.rpartition("->")[2].strip() for line in lines]
    kinds = [kind for kind in written.VERBS if kind.word == word]
    if not aliases:
        yield "its line in the grammar, `?verb`"
    if f'"{word}"' not in _rule(grammar, "!hard"):
        yield "its word in the grammar, `!hard`"
    if not kinds:
        yield "its class in syntax/verbs.py, VERBS"
    if not aliases or any(alias not in NODES for alias in aliases):
        yield "its row in syntax/build.py, NODES"
    if not kinds or any(kind not in CHECKS for kind in kinds):
        yield "its rule in check/verbs, CHECKS"
    if word not in BLOCKS or not BLOCKS[word].doc:
        yield "its block in schema/settings.py, BLOCKS"
    if not any(re.search(rf"^[^/\n]*\b{word} [\w(]", text, re.MULTILINE) for text in _recipes()):
        yield f"a recipe that uses it, in {SHOWN[0]}"


def _rule(grammar: str, name: str) -> str:
    """The lines of a rule."""
    return re.split(r"\n(?![ \t])", grammar.partition(f"\n{name}: ")[2])[0]


def _recipes() -> Iterator[str]:
    root = Path(__file__).parents[2]
    for folder in SHOWN:
        yield from (p.read_text(encoding="utf-8") for p in sorted((root / folder).glob("*.rlm")))


def loose() -> list[str]:
    """Classes of the tree that stand in no table, and rules for what is no verb any more."""
    known = {kind.verb for kind in operations()}
    named = [
        kind
        for kind in vars(written).values()
        if isinstance(kind, type) and issubclass(kind, tree.Verb) and "word" in vars(kind)
    ]
    return [f"{kind.__name__}: not in VERBS" for kind in named if kind not in written.VERBS] + [
        f"{kind.word}: no operation in verbs/" for kind in named if kind.word not in known
    ]


if __name__ == "__main__":
    for line in [*missing(), *loose()]:
        print(line)
