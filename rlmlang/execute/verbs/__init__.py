"""How each verb runs: one file each, with a rule that takes a node with what it does, and gives how
many items it made. `verbs/` holds what is known of it before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rlmlang.execute.node import NodeRun
from rlmlang.execute.verbs import (
    call,
    compute,
    cross,
    filter,
    inputs,
    ladder,
    map,
    recurse,
    reduce,
    require,
    search,
    split,
)
from rlmlang.ir.recipe import Operation
from rlmlang.verbs.call import Call
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.cross import Cross
from rlmlang.verbs.filter import Filter
from rlmlang.verbs.inputs import Input, ReadSource
from rlmlang.verbs.ladder import Ladder
from rlmlang.verbs.map import Map, MapBody, MapValue
from rlmlang.verbs.recurse import Recurse
from rlmlang.verbs.reduce import Reduce
from rlmlang.verbs.require import Require
from rlmlang.verbs.search import Search
from rlmlang.verbs.split import Split

Rule = Callable[[NodeRun, Any], Awaitable[int]]
RULES: Mapping[type[Operation], Rule] = {
    Call: call.run,
    Compute: compute.run,
    Cross: cross.run,
    Filter: filter.run,
    Input: inputs.run,
    Ladder: ladder.run,
    Map: map.run,
    MapBody: map.run_body,
    MapValue: map.run_value,
    ReadSource: inputs.run,
    Recurse: recurse.run,
    Reduce: reduce.run,
    Require: require.run,
    Search: search.run,
    Split: split.run,
}
"""The rules by what they run. Rungs and patterns are run by what they are parts of."""
