"""A run on one page of Markdown, for a pull request or an issue: what it gave, what it cost, what
it read, and what went wrong.

Whatever a model or a document said stands in code, where it is shown and means nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rlmlang.budget import Usage
from rlmlang.report.diff.markdown import code, fenced, table
from rlmlang.report.export.export import Export
from rlmlang.trajectory.events import (
    CallFailed,
    CallFinished,
    Event,
    ItemSkipped,
    RunFinished,
    RunStarted,
    StepFinished,
    step_of,
)
from rlmlang.trajectory.usage import usage_of
from rlmlang.value import Json

LONGEST = 40_000  # characters of an answer; GitHub takes 65,536 a comment
SHOWN = 20  # of what went wrong
STEPS = ("step", "calls", "refused", "tok in", "tok out", "dollars", "items", "left out")


@dataclass
class _Step:
    """What the calls of a step came to."""

    usage: Usage = field(default_factory=Usage)
    refused: int = 0
    priced: bool = True
    items: str = ""
    skipped: str = ""

    def cells(self, name: str) -> tuple[str, ...]:
        """Its row."""
        used = self.usage
        counts = (used.calls, self.refused, used.tokens_in, used.tokens_out)
        usd = f"{float(used.usd):,.4f}" if self.priced else "unknown"
        return (name, *(f"{n:,}" for n in counts), usd, self.items, self.skipped)


@dataclass
class _Page:
    """What is known of a run; it grows with the recipe and not with the run."""

    started: RunStarted | None = None
    finished: RunFinished | None = None
    steps: dict[str, _Step] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    first: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """One more event."""
        match event:
            case RunStarted():
                self.started = self.started or event
            case RunFinished():
                self.finished = event
            case CallFinished() | CallFailed():
                self._call(event)
            case ItemSkipped():
                self._problem("item left out", str(event.call), event.reason)
            case StepFinished() if event.node in self.steps:
                step = self.steps[event.node]
                step.items, step.skipped = f"{event.items:,}", f"{event.skipped:,}"

    def _call(self, event: CallFinished | CallFailed) -> None:
        step = self.steps.setdefault(event.node, _Step())
        step.usage += usage_of([event])
        step.priced = step.priced and (event.usd is not None or not event.row)
        if isinstance(event, CallFailed):
            step.refused += 1
            self._problem(event.code, str(event.call), event.reason)

    def _problem(self, what: str, call: str, reason: str) -> None:
        self.problems[what] += 1
        if len(self.first) < SHOWN:
            words = f": {code(reason[:300])}" if reason else ""
            self.first.append(f"- {code(call)} {what}{words}")

    def lines(self) -> Iterator[str]:
        """The page."""
        started, ended = self.started, self.finished
        outcome = ended.outcome if ended is not None else "not finished"
        yield f"## {code(started.recipe if started else 'run')}: {outcome}"
        yield ""
        if started is not None:
            models = ", ".join(code(m) for m in dict.fromkeys(started.models.values()))
            plan = code(started.plan[:12]) or "none"
            yield f"Run {code(started.run)}, plan {plan}, models: {models or '–'}"
            yield ""
        if ended is not None:
            yield from _ended(ended)
        yield from self._costs()
        if ended is not None and ended.receipt:
            yield from ("### What was read", "")
            yield from table(("step", "source", "read", "promised"), map(_read, ended.receipt))
        if self.problems:
            yield from self._problems()

    def _costs(self) -> Iterator[str]:
        rows = [step.cells(code(step_of(node))) for node, step in self.steps.items()]
        total = _Step(
            sum((s.usage for s in self.steps.values()), Usage()),
            sum(s.refused for s in self.steps.values()),
            all(s.priced for s in self.steps.values()),
        )
        yield from ("### What it cost", "")
        yield from table(STEPS, [*rows, total.cells("in all")])

    def _problems(self) -> Iterator[str]:
        counted = ", ".join(f"{what} {n:,}" for what, n in self.problems.most_common())
        yield from ("### What went wrong", "", f"{counted}.", "")
        yield from self.first
        if (more := self.problems.total() - len(self.first)) > 0:
            yield f"- and {more:,} more"
        yield ""


def _ended(ended: RunFinished) -> Iterator[str]:
    """The answer, or why there is none."""
    if ended.code:
        place = f" at {code(ended.place)}" if ended.place else ""
        yield from (f"**{ended.code}**{place} {code(ended.message)}".rstrip(), "")
    if ended.result is not None:
        plain = isinstance(ended.result, str)
        pretty = json.dumps(ended.result, indent=1, ensure_ascii=False, default=str)
        shown = str(ended.result) if plain else pretty
        yield from ("### Answer", "", fenced(shown[:LONGEST], "text" if plain else "json"), "")
        if len(shown) > LONGEST:
            yield f"The first {LONGEST:,} of {len(shown):,} characters; all: `rlm show --answer`"
            yield ""


def _read(line: Mapping[str, Json]) -> tuple[str, ...]:
    read, total = line.get("read"), line.get("total")
    part = ""
    if isinstance(read, int) and isinstance(total, int):
        part = f"{read:,} of {total:,} bytes"
    step, source = code(str(line.get("step"))), code(str(line.get("source")))
    return step, source, part, str(line.get("promised"))


def _lines(events: Iterable[Event]) -> Iterator[str]:
    page = _Page()
    for event in events:
        page.take(event)
    yield from (line + "\n" for line in page.lines())


MARKDOWN = Export(
    "markdown",
    "A page for a pull request: answer, cost by step, coverage, problems.",
    _lines,
    "GitHub, GitLab and whatever shows Markdown",
    "single calls, but for the first that went wrong; what was asked",
)
