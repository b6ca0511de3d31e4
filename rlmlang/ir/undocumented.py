"""Values without what they say of themselves: types are the same whatever is said of them."""

from __future__ import annotations

import dataclasses

from rlmlang.ir.types import EnumType
from rlmlang.value import Frozen


def undocumented(found: object) -> object:
    """The same value, its `doc` empty wherever it has one."""
    if isinstance(found, tuple):
        return tuple(map(undocumented, found))
    if isinstance(found, EnumType):
        return dataclasses.replace(found, labels=tuple((n, "") for n, _ in found.labels), doc="")
    if not isinstance(found, Frozen):
        return found
    plain = {f.name: undocumented(getattr(found, f.name)) for f in dataclasses.fields(found)}
    return dataclasses.replace(found, **{k: "" if k == "doc" else v for k, v in plain.items()})
