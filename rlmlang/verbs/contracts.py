"""The contracts that verbs go by: ours, or those of other distributions."""

from __future__ import annotations

from rlmlang.schema.partitions import STRATEGIES, Strategy
from rlmlang.schema.registry import Find
from rlmlang.schema.searches import SEARCHES, Search
from rlmlang.verbs.inference import unsound


def strategy_of(name: str, find: Find) -> Strategy:
    """The contract of a partition. Raises CodedError (plan-unsound)."""
    found = STRATEGIES.find(name, find)
    if found is None:
        raise unsound(f"there is no partition `{name}` here")
    return found


def search_of(name: str, find: Find) -> Search:
    """The contract of a look-up. Raises CodedError (plan-unsound)."""
    found = SEARCHES.find(name, find)
    if found is None:
        raise unsound(f"there is no search `{name}` here")
    return found
