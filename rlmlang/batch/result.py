"""What came of a batch: each item as it ends, and all of them in sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from rlmlang.batch.items import Item
from rlmlang.budget import Usage
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.value import Json

State = Literal["done", "kept", "failed", "stopped", "not started", "not selected"]
EXTREMES = 3
REFUSED = "answer-"  # how codes of answers begin that are kept, but not taken


@dataclass(frozen=True)
class Ended:
    """An item and what came of it: `done` now, `kept` of an earlier time, `failed`, `stopped` while
    in work, `not started` or `not selected`. `usage` is what it used this time, `reused` how many
    answers were kept; `why` it was run although an earlier answer is there."""

    item: Item
    state: State
    run: str = ""
    result: Json = None
    usage: Usage = field(default_factory=Usage)
    reused: int = 0
    seconds: float = 0.0
    problem: Diagnostic | None = None
    why: tuple[str, ...] = ()


@dataclass
class Totals:
    """All items in sum. `usage` is that of this time, `before` what the budget was charged when it
    began; `left` are those not selected that have no answer; `slowest` and `dearest` are a few with
    seconds and dollars. `problem` is what ended it before its time."""

    name: str
    round: str = ""
    states: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    before: Usage = field(default_factory=Usage)
    reused: int = 0
    left: int = 0
    seconds: float = 0.0
    slowest: list[tuple[float, str]] = field(default_factory=list)
    dearest: list[tuple[float, str]] = field(default_factory=list)
    problem: CodedError | None = None

    def take(self, ended: Ended) -> None:
        """One more that has ended."""
        self.states[ended.state] += 1
        self.usage += ended.usage
        self.reused += ended.reused
        self.left += ended.state == "not selected" and not ended.run
        if ended.problem is not None:
            self.codes[ended.problem.code] += 1
        if ended.state in ("done", "failed"):
            self.slowest = _most(self.slowest, ended.seconds, ended.item.name)
            self.dearest = _most(self.dearest, float(ended.usage.usd), ended.item.name)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.states["failed"]

    @property
    def whole(self) -> bool:
        """Whether every item has an answer, or was not asked for."""
        return not any(self.states[s] for s in ("failed", "stopped", "not started"))

    def counts(self) -> Iterator[tuple[str, int]]:
        """How many are in which state, those that are in none left out."""
        return ((s, self.states[s]) for s in get_args(State) if self.states[s])

    def judged(self, *, full: bool, goes_on: bool) -> CodedError | None:
        """What is wrong with a batch whose items have all ended: the budget was `full`, or some
        failed, past which it `goes_on` or not."""
        if self.problem is None and full:
            left = self.states["not started"] + self.states["stopped"]
            return failed(
                "batch-not-done",
                f"{left:,} {'item is' if left == 1 else 'items are'} not done: the budget of "
                f"batch `{self.name}` does not hold the next one",
                hint="raise it: --set batch.calls=…; the same command goes on",
            )
        if self.problem is None and self.failed:
            codes = ", ".join(f"{n:,} {code}" for code, n in self.codes.most_common(3))
            return failed(
                "items-failed",
                f"{self.failed:,} {'item' if self.failed == 1 else 'items'} failed ({codes})",
                hint=self._again(goes_on=goes_on),
            )
        return self.problem

    def _again(self, *, goes_on: bool) -> str:
        """What helps those that failed: an answer that was refused is kept like any other."""
        refused = any(code.startswith(REFUSED) for code in self.codes)
        asks = " (with --retry-failed, where answers were refused)" if refused else ""
        past = "" if goes_on else "; --keep-going goes past them"
        return f"the same command runs them again{asks}{past}"


def state_of(word: str) -> State:
    """The state that a word names."""
    return next(s for s in get_args(State) if s == word)


def _most(so_far: list[tuple[float, str]], amount: float, name: str) -> list[tuple[float, str]]:
    if amount <= 0:
        return so_far
    return sorted([*so_far, (amount, name)], reverse=True)[:EXTREMES]
