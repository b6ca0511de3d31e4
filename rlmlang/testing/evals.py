"""A recipe over labelled examples: answers scored, runs kept, means with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import anyio

from rlmlang.budget import Account, Limits, Usage
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.metrics import METRICS
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.call_context import Engine
from rlmlang.program.predictor import Traced
from rlmlang.program.program import Program
from rlmlang.runtime.code import call_code, code_hash
from rlmlang.runtime.limits import refuse
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import BadRecipe, Options, Outcome
from rlmlang.runtime.session import Session
from rlmlang.runtime.signals import Signals
from rlmlang.runtime.stops import interrupted, stopping
from rlmlang.runtime.trust import require_of
from rlmlang.stores.runs import RunData
from rlmlang.testing.datasets import Example, Examples
from rlmlang.testing.interval import Interval, mean_of
from rlmlang.testing.metrics import Judged, judge
from rlmlang.trajectory.events import CallFailed, Event

AT_ONCE = 4


@dataclass(frozen=True)
class Scored:
    """One example: its scores by metric, their weighted mean, the answer, and the run that gave
    it. A recipe that failed scores 0; `problem` is its code, `told` what failed on the way;
    `carried` is what its run had used before it was taken up again."""

    number: int
    score: float
    scores: Mapping[str, Judged]
    got: Datum
    want: Datum
    run: str
    usage: Usage
    reused: int = 0
    problem: str = ""
    words: str = ""
    told: tuple[tuple[str, str], ...] = ()
    carried: Usage = field(default_factory=Usage)

    @property
    def reason(self) -> str:
        """Why it is not 1, as far as anybody said."""
        said = [j.reason for j in self.scores.values() if j.reason]
        return self.words or "; ".join(said)


@dataclass(frozen=True)
class Way:
    """How examples are run: the recipe's file and name, options, the account above all runs, an
    engine in place of models, how many at a time."""

    path: str
    recipe: str
    options: Options
    account: Account
    engine: Engine | None = None
    at_once: int = AT_ONCE
    about: RunData = field(default_factory=RunData)
    budget_waiters: BudgetWaiters = field(default_factory=BudgetWaiters)

    def options_for(self, row: Example) -> Options:
        """The options of an example's run."""
        return replace(
            self.options,
            recipe=self.recipe,
            unattended=True,
            values={**self.options.values, **row.values},
            sources={**self.options.sources, **row.sources},
        )


class RowValues(TypedDict):
    """An example as JSON values."""

    number: int
    score: float
    scores: dict[str, float]
    reason: str
    got: Datum
    want: Datum
    run: str
    problem: str


class DatasetValues(TypedDict):
    """Which examples an eval went over."""

    name: str
    sha256: str
    examples: int


class EvalValues(TypedDict):
    """An eval as JSON values."""

    eval: str
    recipe: str
    dataset: DatasetValues
    metrics: dict[str, str]
    means: dict[str, dict[str, float]]
    require: list[dict[str, str | bool]]
    usage: dict[str, float]
    reused: int
    rows: list[RowValues]
    problem: str


@dataclass(frozen=True)
class Evaluated:
    """An eval's outcome. `problem` is what parked it: nothing is scored that was not answered."""

    eval: s.Eval
    examples: Examples
    rows: tuple[Scored, ...]
    problem: CodedError | None = None

    @property
    def usage(self) -> Usage:
        """What all runs used."""
        return sum((x.usage for x in self.rows), Usage())

    def means(self) -> dict[str, Interval]:
        """The mean of each metric and of the weighted `score`, and the share that `failed`."""
        names = [x.metric.name for x in self.eval.scores]
        found = {n: mean_of([x.scores[n].score for x in self.rows]) for n in names}
        failed = [float(bool(x.problem)) for x in self.rows]
        return {**found, "score": mean_of([x.score for x in self.rows]), "failed": mean_of(failed)}

    def required(self) -> list[tuple[s.Expect, bool]]:
        """The conditions, and whether they hold."""
        env = {n: i.mean for n, i in self.means().items()}
        return [(e, bool(evaluate(e.test, env, call_code))) for e in self.eval.require]


def account_of(name: str, budget: r.Budget) -> Account:
    """The account of a whole eval or tuning."""
    return Account(name, Limits.declared(budget.calls, budget.tokens, budget.usd))


def run_eval(
    made: s.Eval,
    examples: Examples,
    way: Way,
    told: Callable[[Scored], None] = lambda scored: None,
    *,
    signals: bool = False,
) -> Evaluated:
    """The eval. What was answered is kept: begun again it goes on, done again it costs nothing.
    With `signals` Ctrl-C and SIGTERM park it."""
    require_of(made.base, (made,), way.options)
    rows = examples.rows[: made.limit] if made.limit else examples.rows
    scored, problem = anyio.run(_all, made, rows, way, told, signals)
    return Evaluated(made, examples, tuple(scored), problem)


async def _all(
    made: s.Eval,
    rows: Sequence[Example],
    way: Way,
    told: Callable[[Scored], None],
    signals: bool,
) -> tuple[list[Scored], CodedError | None]:
    sessions: set[Session] = set()
    found: dict[int, Scored] = {}
    stopped: list[CodedError] = []
    limiter = anyio.CapacityLimiter(way.at_once)

    def stop() -> str:
        stopped.append(interrupted())
        sent = sum(session.models.sent for session in sessions)
        for session in sessions:
            session.stop()
        return stopping(sent, way.options.timeout)

    async def one(row: Example) -> None:
        async with limiter:
            if stopped:
                return
            try:
                found[row.number] = await score_one(made, row, way, sessions)
                told(found[row.number])
            except CodedError as problem:
                stopped.append(problem)

    with Signals(stop, on=signals):
        async with anyio.create_task_group() as tasks:
            for row in rows:
                tasks.start_soon(one, row)
    return [found[n] for n in sorted(found)], stopped[0] if stopped else None


async def score_one(
    made: s.Eval,
    row: Example,
    way: Way,
    sessions: set[Session] | None = None,
    program: Program | None = None,
    trace: list[Traced] | None = None,
) -> Scored:
    """One example run and scored. Raises CodedError for what is not the recipe's own failing: a
    model that cannot be reached, the budget of the whole, Ctrl-C."""
    try:
        options = replace(way.options_for(row), home=made.base)
        ready = prepare(way.path, options, need_all=True)
        refuse(ready)
    except BadRecipe as bad:
        return unfit(made, row, bad.diagnostics[0])
    except CodedError as problem:
        if "unfit" not in problem.entry:
            raise
        return unfit(made, row, problem.diagnostic)
    events: list[Event] = []
    about: RunData = {**way.about, "example": row.number}
    session = Session(
        ready,
        events.append,
        way.engine,
        above=way.account,
        program=program,
        about=about,
        trace=trace,
        budget_waiters=way.budget_waiters,
    )
    live = sessions if sessions is not None else set()
    live.add(session)
    try:
        outcome = await session.run()
    finally:
        live.discard(session)
    _own(outcome, session)
    return scored(made, row, outcome, events, ready.recipe.budget)


def unfit(made: s.Eval, row: Example, problem: Diagnostic) -> Scored:
    """An example that the recipe cannot take, as one that it failed."""
    nothing = {x.metric.name: Judged(0.0) for x in made.scores}
    return Scored(
        row.number, 0.0, nothing, None, row.want, "", Usage(), 0, problem.code, problem.message
    )


def _own(outcome: Outcome, session: Session) -> None:
    """Raises the problem of an outcome, unless it is the recipe's own failing."""
    problem = outcome.problem
    if problem is None or "parks" not in problem.entry:
        return
    spent = problem.diagnostic.code == "budget-spent"
    if not spent or not (session.late or problem.account == session.account.name):
        raise problem


def scored(
    made: s.Eval, row: Example, outcome: Outcome, events: Sequence[Event], budget: r.Budget
) -> Scored:
    """An outcome beside its label."""
    got = jsonable(outcome.result)
    told = tuple((_step(e), e.reason) for e in events if isinstance(e, CallFailed))
    about: dict[str, Any] = {
        "number": row.number,
        "got": got,
        "want": row.want,
        "run": outcome.run,
        "usage": outcome.now,
        "carried": outcome.usage - outcome.now,
        "reused": outcome.reused,
        "told": told,
    }
    if outcome.problem is not None:
        nothing = {x.metric.name: Judged(0.0) for x in made.scores}
        code, words = outcome.problem.diagnostic.code, str(outcome.problem)
        return Scored(**about, score=0.0, scores=nothing, problem=code, words=words)
    scores = {
        x.metric.name: judge(x.metric, got, row.want, made.over.want, outcome, budget)
        for x in made.scores
    }
    whole = sum(x.weight for x in made.scores)
    mean = sum(x.weight * scores[x.metric.name].score for x in made.scores) / whole
    return Scored(**about, score=mean, scores=scores)


def _step(event: CallFailed) -> str:
    return event.step


def as_values(found: Evaluated) -> EvalValues:
    """An eval as JSON values."""
    used = found.usage
    return {
        "eval": found.eval.name,
        "recipe": found.eval.recipe,
        "dataset": {
            "name": found.eval.over.name,
            "sha256": found.examples.sha256,
            "examples": len(found.rows),
        },
        "metrics": {x.metric.name: metric_stamp(x.metric) for x in found.eval.scores},
        "means": {k: vars(v) for k, v in found.means().items()},
        "require": [{"words": e.words, "holds": ok} for e, ok in found.required()],
        "usage": {"calls": used.calls, "tokens": used.tokens, "usd": float(used.usd)},
        "reused": sum(x.reused for x in found.rows),
        "rows": [row_values(x) for x in found.rows],
        "problem": found.problem.diagnostic.code if found.problem else "",
    }


def row_values(row: Scored) -> RowValues:
    """An example as JSON values."""
    return {
        "number": row.number,
        "score": row.score,
        "scores": {k: v.score for k, v in row.scores.items()},
        "reason": row.reason,
        "got": row.got,
        "want": row.want,
        "run": row.run,
        "problem": row.problem,
    }


def metric_stamp(metric: s.Metric) -> str:
    """What a metric is: built in, installed, or the hash of its file."""
    if metric.code is not None:
        return f"sha256:{code_hash(metric.code)}"
    return "built in" if metric.name in METRICS else "installed"
