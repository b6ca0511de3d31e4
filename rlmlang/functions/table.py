"""The table of built-in functions, and those that other distributions bring."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.counting import COUNTING
from rlmlang.functions.function import Function
from rlmlang.functions.lists import LISTS
from rlmlang.functions.text import TEXTS

GROUP = "rlmlang.functions"
FUNCTIONS = {f.name: f for f in (*COUNTING, *LISTS, *TEXTS)}
Find = Callable[[str, str], object | None]
"""Finds by its group and name what another distribution brings; None where there is none."""


def none_found(group: str, name: str) -> None:
    """Where nothing is installed besides us."""


def function_of(name: str, find: Find) -> Function | None:
    """The function of that name, ours first. Raises CodedError (plugin-broken)."""
    found = FUNCTIONS.get(name) or find(GROUP, name)
    if found is None or isinstance(found, Function):
        return found
    raise failed("plugin-broken", f"{GROUP} `{name}` is no Function, but {type(found).__name__}")
