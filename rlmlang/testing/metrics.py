"""Scores from 0 to 1 of an answer beside its label."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.runtime.code import called
from rlmlang.runtime.prepared import Outcome

NUMBER = re.compile(r"-?\d[\d_,]*(?:\.\d+)?")
WORD = re.compile(r"\w+")
SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Judged:
    """A score with what the metric said about it."""

    score: float
    reason: str = ""


def judge(
    metric: s.Metric, got: Any, want: Any, column: str, outcome: Outcome, budget: r.Budget
) -> Judged:
    """The score of one answer. Raises CodedError (metric-failed) for a metric that gives none."""
    if metric.code is not None:
        return _judged(metric, called(metric.code, [got, want]))
    if metric.name in COSTS:
        return Judged(_left(metric.name, outcome, budget))
    if metric.name == "coverage":
        return Judged(min((line.fraction for line in outcome.receipt), default=1.0))
    if isinstance(got, dict) and not isinstance(want, dict) and column in got:
        got = got[column]
    score = TEXTUAL[metric.name](got, want)
    return Judged(score, "" if score == 1 else f"expected {_short(want)}, got {_short(got)}")


def _judged(metric: s.Metric, found: Any) -> Judged:
    """What a function gave: a number, truth, a pair of score and reason, or both by name."""
    reason = ""
    if isinstance(found, Mapping):
        found, reason = found.get("score"), str(found.get("reason") or found.get("feedback") or "")
    elif isinstance(found, tuple | list) and len(found) == 2:
        found, reason = found[0], str(found[1])
    if isinstance(found, bool):
        found = float(found)
    if not isinstance(found, int | float) or not 0 <= found <= 1:
        raise _no_score(metric, found)
    return Judged(float(found), reason)


def _left(name: str, outcome: Outcome, budget: r.Budget) -> float:
    """The part of the recipe's budget that was not used."""
    most = getattr(budget, name)
    used = outcome.now + outcome.saved  # an answer counts what it cost when it was asked for
    return max(0.0, 1 - float(getattr(used, name)) / float(most)) if most else 0.0


def exact(got: Any, want: Any) -> float:
    """1 where both say the same; case, white space and the form of numbers aside."""
    return float(_plain(got) == _plain(want))


def contains(got: Any, want: Any) -> float:
    """1 where the answer's text has the label in it."""
    return float(_said(want) in _said(got))


def f1(got: Any, want: Any) -> float:
    """The F1 of words, as SQuAD has it (Rajpurkar et al. 2016)."""
    return _f1(Counter(WORD.findall(str(_plain(got)))), Counter(WORD.findall(str(_plain(want)))))


def close(got: Any, want: Any) -> float:
    """1 − |got − want| / |want| for the first numbers in them, at least 0."""
    a, b = _number(got), _number(want)
    if a is None or b is None:
        return 0.0
    return max(0.0, 1 - abs(a - b) / abs(b)) if b else float(a == 0)


def overlap(got: Any, want: Any) -> float:
    """The F1 of items, of sets, lists and tables."""
    return _f1(Counter(map(_key, _items(got))), Counter(map(_key, _items(want))))


def _f1(got: Counter[str], want: Counter[str]) -> float:
    if not got or not want:
        return float(got == want)
    same = sum((got & want).values())
    if not same:
        return 0.0
    precision, recall = same / sum(got.values()), same / sum(want.values())
    return 2 * precision * recall / (precision + recall)


def _plain(value: Any) -> Any:
    """A value as it is compared: text in lower case and single spaces, numbers as numbers."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        text = SPACE.sub(" ", value).strip().casefold()
        found = NUMBER.fullmatch(text)
        return float(re.sub(r"[_,]", "", text)) if found else text
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value]


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return SPACE.sub(" ", text).strip().casefold()


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = NUMBER.search(str(value))
    return float(re.sub(r"[_,]", "", found.group())) if found else None


def _items(value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = [x.strip() for x in value.split(",")]
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _key(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 300 else f"{text[:300]}…"


COSTS = ("usd", "calls", "tokens")
TEXTUAL: dict[str, Callable[[Any, Any], float]] = {
    "exact": exact, "contains": contains, "f1": f1, "close": close, "overlap": overlap,
}  # fmt: skip


def _no_score(metric: s.Metric, found: Any) -> CodedError:
    return failed(
        "metric-failed",
        f"metric `{metric.name}` gave {found!r:.60}",
        reason="A score lies between 0 and 1; a reason may stand beside it.",
        hint="return 0.5, or (0.5, 'what was missing')",
    )
