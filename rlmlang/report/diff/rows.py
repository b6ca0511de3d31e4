"""What the forms of a difference share: its numbers in cells, its parts in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rlmlang.budget import Usage
from rlmlang.ir.bounds import Bound, Cost
from rlmlang.plan.diff.asked import Asked
from rlmlang.plan.diff.diff import PlanDiff
from rlmlang.report.plan import dollars, number
from rlmlang.trajectory.diff import CoverageChange, RunDiff
from rlmlang.value import Json

COSTS = ("calls expected", "at most", "tok at most", "usd expected", "at most")
"""What is said of the cost of a step."""
BECAUSE = {
    "new": "it is new",
    "its request": "all: its request is another",
    "what comes in": "where what comes in is another",
}


def how(diff: PlanDiff) -> str:
    """What became of a recipe, in a word."""
    if diff.before is None or diff.after is None:
        return "added" if diff.before is None else "removed"
    return "same" if diff.same else "changed"


def costs(before: Bound | None, after: Bound | None) -> tuple[str, ...]:
    """The cost of a step, or of all, in cells: before and after where they differ."""
    old, new = _cells(before), _cells(after)
    return tuple(arrow(a, b) for a, b in zip(old, new, strict=True))


def totals(diff: PlanDiff) -> tuple[Bound | None, Bound | None]:
    """What a recipe may take in all, before and after."""
    plans = diff.before, diff.after
    old, new = (None if plan is None else plan.totals for plan in plans)
    return old, new


def arrow(before: str, after: str) -> str:
    """Both where they differ, else one."""
    return after if before == after else f"{before or '–'} → {after or '–'}"


def _cells(bound: Bound | None) -> tuple[str, ...]:
    if bound is None:
        return ("",) * len(COSTS)
    likely, most = bound.expected, bound.worst
    tokens = number(most.tokens_in + most.tokens_out)
    return number(likely.calls), number(most.calls), tokens, _usd(likely), _usd(most)


def _usd(cost: Cost) -> str:
    return "price unknown" if cost.usd is None else dollars(cost.usd)


def verdict(diff: PlanDiff) -> str:
    """What is said of the budget, before and after."""
    old, new = ("" if plan is None else plan.verdict.word for plan in (diff.before, diff.after))
    return arrow(old, new)


def counted(diff: PlanDiff) -> str:
    """How many parts of each kind changed."""
    kinds = Counter(c.kind for c in diff.changes)
    plural = ((n, kind if n == 1 else f"{kind}s") for kind, n in kinds.items())
    return ", ".join(f"{n} {kind}" for n, kind in plural) or how(diff)


def again(diff: PlanDiff) -> str:
    """What may be asked that has no kept answer, and its price."""
    likely, most = diff.again.expected, diff.again.worst
    if not most.calls.known:
        return "how often depends on what is read; --source and --set say it"
    calls = f"{number(likely.calls)} calls expected, {number(most.calls)} at most"
    if most.usd is None:
        return f"{calls}; price unknown"
    if most.usd.exact() is None:
        return f"{calls}; dollars depend on what is read: --source and --set say it"
    return f"{calls}; ${_usd(most)} at most"


def because(asked: Asked) -> str:
    """Which answers of a step are no longer those that are kept."""
    return BECAUSE[asked.because]


# ── runs ─────────────────────────────────────────────────────────────────────


def spent(run: RunDiff) -> Iterator[tuple[str, str]]:
    """What two runs used, by what it is."""
    yield "state", arrow(run.before.state, run.after.state)
    sides = run.before.usage, run.after.usage
    for name in ("calls", "tokens_in", "tokens_out"):
        old, new = (f"{getattr(u, name):,}" for u in sides)
        yield name.replace("tokens_", "tok "), arrow(old, new)
    yield "usd", arrow(*map(_paid, sides))


def _paid(usage: Usage) -> str:
    return f"{float(usage.usd):,.4f}"


def coverage(change: CoverageChange) -> str:
    """What a step read of a source, before and after."""
    return arrow(_line(change.before), _line(change.after))


def _line(line: dict[str, Json] | object | None) -> str:
    if not isinstance(line, dict):
        return ""
    parts = [f"{line['promised']} {line['read']:,} of {line['total']:,} bytes"]
    if line.get("items") is not None:
        parts.append(f"{line['passed']:,} of {line['items']:,} items passed")
    counts = ("skipped", "repeated", "decided")
    parts += [f"{line[name]:,} {name}" for name in counts if line.get(name)]
    return ", ".join(parts)
