"""How each verb is checked: one file each, with a rule that adds the step of what was written, and
what is said of its mistakes beside it. `verbs/` holds what is known of the step then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rlmlang.check.scope import Inferred, Scope
from rlmlang.check.verbs import cross, filter, ladder, map, recurse, reduce, search, split
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v

Rule = Callable[[Scope, str, Any], Inferred]
CHECKS: Mapping[type[t.Verb], Rule] = {
    v.Cross: cross.check,
    v.FilterWhere: filter.check_where,
    v.FilterWith: filter.check_with,
    v.Ladder: ladder.check,
    v.Map: map.check,
    v.Recurse: recurse.check,
    v.Reduce: reduce.check,
    v.Search: search.check,
    v.Split: split.check,
}
"""The rules by what they check: each takes the name of the step, and gives what later lines use."""
