"""Which argument of a call over items is the item."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rlmlang.syntax import tree as t


def speaks_of(node: object, name: str) -> bool:
    """Whether a name is read anywhere in what was written."""
    if isinstance(node, t.Name):
        return node.text == name
    if isinstance(node, tuple):
        return any(speaks_of(x, name) for x in node)
    if isinstance(node, t.Member):
        return speaks_of(node.base, name)
    fields = dataclasses.fields(node) if isinstance(node, t.Node) else ()
    return any(speaks_of(getattr(node, f.name), name) for f in fields if f.name != "span")


def gives_first(call: t.Call, params: Sequence[tuple[str, bool]]) -> bool:
    """Whether a call over items gives its first parameter itself: by name, or with a first argument
    that speaks of `it` where all is given that must be. `params` are (name, may be left out)."""
    if not params or any(a.label == params[0][0] for a in call.args):
        return True
    first = next((a for a in call.args if not a.label), None)
    needed = sum(not optional for _, optional in params)
    return first is not None and len(call.args) >= needed and speaks_of(first.value, "it")
