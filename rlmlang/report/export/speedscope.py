"""Flame graphs of what a run used, for speedscope: dollars, tok in, tok out and calls.

A stack is the recipe, the step with those around it, what a session's code began, and what came of
the request. Items are added up under their step, so what is held grows with the recipe and not with
the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rlmlang.report.export.export import Export
from rlmlang.trajectory.events import NOT_TAKEN, CallFailed, CallFinished, Event, RunStarted
from rlmlang.value import Json

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
PROFILES = ("millionths of a dollar", "tok in", "tok out", "calls")
"""What is measured. speedscope shows three digits behind the point: too few for dollars."""
MILLION = 1e6
ITEM = re.compile(r"\[[^\]]*\]")
NUMBER = re.compile(r" \d+$")
Stack = tuple[str, ...]


@dataclass
class _Used:
    """What the calls of a stack used, in the order of PROFILES."""

    amounts: list[float] = field(default_factory=lambda: [0] * len(PROFILES))

    def add(self, call: CallFinished | CallFailed) -> None:
        """One more call; an answer that was used again counts as nothing."""
        if call.reused or not call.row or getattr(call, "code", "") == NOT_TAKEN:
            return
        used = (round((call.usd or 0.0) * MILLION, 6), call.tokens_in, call.tokens_out, 1)
        self.amounts = [a + b for a, b in zip(self.amounts, used, strict=True)]


def _lines(events: Iterable[Event]) -> Iterator[str]:
    started: RunStarted | None = None
    used: dict[Stack, _Used] = {}
    unpriced = False
    for event in events:
        if isinstance(event, RunStarted):
            started = started or event
        elif isinstance(event, CallFinished | CallFailed):
            within = started.within if started is not None else {}
            used.setdefault(_stack(event, within), _Used()).add(event)
            unpriced = unpriced or (event.usd is None and event.row > 0)
    yield json.dumps(_file(started, used, unpriced=unpriced), ensure_ascii=False) + "\n"


def _stack(call: CallFinished | CallFailed, within: dict[str, str]) -> Stack:
    """The frames of a call, the outermost first."""
    nodes = [call.node]
    while above := within.get(nodes[-1], ""):
        nodes.append(above)
    recipe = call.node.partition(".")[0]
    steps = [node.partition(".")[2] for node in reversed(nodes)]
    inside = ITEM.sub("", call.call.place).split(".")
    parts = [NUMBER.sub("", part) for part in inside if part]
    came = call.code if isinstance(call, CallFailed) else "reused" if call.reused else "answered"
    return (recipe, *steps, *parts, f"{call.model or 'no model'}: {came}")


def _file(started: RunStarted | None, used: dict[Stack, _Used], *, unpriced: bool) -> Json:
    frames: dict[str, int] = {}
    stacks = [[frames.setdefault(name, len(frames)) for name in stack] for stack in used]
    path = started.path if started is not None else ""
    return {
        "$schema": SCHEMA,
        "name": f"{started.recipe} {started.run}" if started is not None else "run",
        "exporter": "rlmlang",
        "activeProfileIndex": _first(used),
        "shared": {"frames": [{"name": f, **({"file": path} if path else {})} for f in frames]},
        "profiles": [
            _profile(_titled(t, unpriced=unpriced), stacks, [u.amounts[n] for u in used.values()])
            for n, t in enumerate(PROFILES)
        ],
    }


def _first(used: dict[Stack, _Used]) -> int:
    """The profile that is opened: the first in which there is something."""
    measured = range(len(PROFILES))
    return next((n for n in measured if any(u.amounts[n] for u in used.values())), 0)


def _titled(title: str, *, unpriced: bool) -> str:
    return f"{title} (some prices unknown)" if unpriced and title == PROFILES[0] else title


def _profile(title: str, stacks: list[list[int]], weights: list[float]) -> Json:
    """A profile: how much each stack has of it. One without weight stands in none."""
    some = [(s, w) for s, w in zip(stacks, weights, strict=True) if w]
    return {
        "type": "sampled",
        "name": title,
        "unit": "none",
        "startValue": 0,
        "endValue": sum(w for _, w in some),
        "samples": [s for s, _ in some],
        "weights": [w for _, w in some],
    }


SPEEDSCOPE = Export(
    "speedscope",
    "Flame graphs of dollars, tok in, tok out and calls.",
    _lines,
    "speedscope.app and the npm package speedscope",
    "single calls, times, texts: calls of a step are added up",
    texts=None,
)
