"""Answers scored by the metrics of an eval: ours, installed ones, and Python functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rlmlang import plugins
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.types import ANY
from rlmlang.metrics import METRICS, Answered
from rlmlang.runtime.code import called
from rlmlang.runtime.prepared import Outcome


@dataclass(frozen=True)
class Judged:
    """A score with what the metric said about it."""

    score: float
    reason: str = ""


def judge(
    metric: s.Metric, got: Datum, want: Datum, column: str, outcome: Outcome, budget: r.Budget
) -> Judged:
    """The score of one answer. Raises CodedError (metric-failed) for a metric that gives none."""
    if metric.code is not None:
        return _judged(metric, called(replace(metric.code, result=ANY), [got, want]))
    ours = METRICS.find(metric.name, plugins.find)
    if ours is None:
        raise failed("plugin-missing", f"no metric that is installed is called {metric.name}")
    if isinstance(got, Mapping) and not isinstance(want, Mapping) and column in got:
        got = got[column]
    used = outcome.now + outcome.saved  # an answer counts what it cost when it was asked for
    read = min((line.fraction for line in outcome.receipt), default=1.0)
    return _judged(metric, ours.score(Answered(got, want, used, budget, read)))


def _judged(metric: s.Metric, found: object) -> Judged:
    """What a function gave: a number, truth, a pair of score and reason, or both by name."""
    score: object = found
    reason: object = ""
    match found:
        case Mapping():
            score, reason = found.get("score"), found.get("reason") or found.get("feedback") or ""
        case [score, reason]:
            pass
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        raise _no_score(metric, score)
    return Judged(float(score), str(reason))


def _no_score(metric: s.Metric, found: object) -> CodedError:
    return failed(
        "metric-failed",
        f"metric `{metric.name}` gave {found!r:.60}",
        reason="A score lies between 0 and 1; a reason may stand beside it.",
        hint="return 0.5, or (0.5, 'what was missing')",
    )
