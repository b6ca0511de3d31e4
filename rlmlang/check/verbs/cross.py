"""`cross xs, ys by bm25(top: 4)`: for each x the ys that fit it best."""

from __future__ import annotations

from rlmlang.check.resolve import search_of
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import list_of
from rlmlang.syntax import verbs as v
from rlmlang.verbs.cross import Cross


def check(scope: Scope, name: str, e: v.Cross) -> Inferred:
    """The step of a cross."""
    left, right = list_of(scope, e, e.subject), list_of(scope, e, e.other)
    found = search_of(scope.module, e.how)
    Settings(scope.module, e.block, "cross")
    if left is None or right is None or found is None:
        return NOTHING
    work = Cross(left[0], right[0], found[0].name, tuple(sorted(found[1].items())))
    return scope.add(name, work, dict((left, right)), e)
