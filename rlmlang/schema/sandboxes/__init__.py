"""The tiers of sandboxes that a recipe, a project or a command may name, one file each.

A contract is all that the checker, `rlm explain`, `rlm doctor` and a prompt know of a tier; `pool`
and `guest` are loaded when it is first used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rlmlang.schema.registry import ALONE, Find, Registry
from rlmlang.value import Frozen, value

NOTHING_OUTSIDE = "Not in this Python: files, network, processes"
SUBSET = (
    "Not in this Python: classes that inherit (Enum, NamedTuple, TypedDict, ABC; errors of your "
    "own may), property, staticmethod and classmethod, `__len__`, `__lt__` and `__getattr__` of "
    "your own classes, `yield` as an expression, a start for pattern.search, callable, globals; "
    "the modules contextlib, urllib, uuid, abc, numpy, pandas; files, network, processes, threads."
)


@value
class Tier(Frozen):
    """Where code that a model wrote may run.

    `whole` says that it takes all of Python: others may begin a session that moves to one that
    does. `missing` is what a model is told it cannot use. `pool` names the class that holds its
    processes (`sandboxes.bridge.Pool`), as module:class; `guest`, of a tier inside WebAssembly, the
    class that starts the interpreter. `extra` is the optional dependency that brings `needs`, a
    module.
    """

    name: str
    what: str
    where: str
    isolation: str
    missing: str
    pool: str
    whole: bool = True
    guest: str = ""
    install: str = ""
    extra: str = ""
    needs: str = ""


TIERS: Registry[Tier] = Registry(
    "rlmlang.sandboxes", Tier, __name__, "monty bubblewrap cpython wasm deno"
)
DEFAULT = ("monty",)


def chosen(names: Sequence[str], others: Find = ALONE.find) -> tuple[Tier, ...]:
    """The tiers of a choice: one, or one of a subset and one of all of Python; none where names
    are no choice. `others` finds those of other distributions."""
    rows = tuple(row for n in names if (row := TIERS.find(n, others)) is not None)
    moves = len(rows) == 2 and not rows[0].whole and rows[1].whole
    return rows if len(rows) == len(names) and (len(rows) == 1 or moves) else ()


def choices() -> str:
    """What may be chosen of ours, in words."""
    subset = _either(n for n, row in TIERS.items() if not row.whole)
    whole = _either(n for n, row in TIERS.items() if row.whole)
    return f"{_either(TIERS)}; or {subset} and, after it, {whole}"


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
