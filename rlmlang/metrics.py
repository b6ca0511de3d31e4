"""The metrics: scores from 0 to 1 of an answer beside its label, and of what it cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from rlmlang.table import Table
from rlmlang.value import Frozen, value

if TYPE_CHECKING:
    from rlmlang.budget import Usage
    from rlmlang.context import Datum
    from rlmlang.ir.recipe import Budget

NUMBER = r"-?\d[\d_,]*(?:\.\d+)?"
SHOWN = 300  # characters of an answer in a reason


@value
class Answered(Frozen):
    """An answer beside its label, what it used of the recipe's budget, and the least part of a
    source that its run read."""

    got: Datum
    want: Datum
    used: Usage
    budget: Budget
    coverage: float = 1.0


@value
class Metric(Frozen):
    """A metric by its name. `score` gives a number from 0 to 1, or that with a reason; `limit` is
    the limit that the recipe's budget must have for it."""

    name: str
    doc: str
    score: Callable[[Answered], float | tuple[float, str]]
    limit: str = ""


def exact(got: Datum, want: Datum) -> float:
    """1 where both say the same; case, white space and the form of numbers aside."""
    return float(_plain(got) == _plain(want))


def contains(got: Datum, want: Datum) -> float:
    """1 where the answer's text has the label in it."""
    return float(_folded(_text(want)) in _folded(_text(got)))


def f1(got: Datum, want: Datum) -> float:
    """The F1 of words, as SQuAD has it (Rajpurkar et al. 2016)."""
    return _f1(re.findall(r"\w+", str(_plain(got))), re.findall(r"\w+", str(_plain(want))))


def close(got: Datum, want: Datum) -> float:
    """1 − |got − want| / |want| for the first numbers in them, at least 0."""
    a, b = _number(got), _number(want)
    if a is None or b is None:
        return 0.0
    return max(0.0, 1 - abs(a - b) / abs(b)) if b else float(a == 0)


def overlap(got: Datum, want: Datum) -> float:
    """The F1 of items, of sets, lists and tables."""
    return _f1(map(_key, _items(got)), map(_key, _items(want)))


def _compared(compare: Callable[[Datum, Datum], float]) -> Metric:
    def score(of: Answered) -> tuple[float, str]:
        found = compare(of.got, of.want)
        return found, "" if found == 1 else f"expected {_short(of.want)}, got {_short(of.got)}"

    return Metric(compare.__name__, compare.__doc__ or "", score)


def _left(limit: str, what: str) -> Metric:
    def score(of: Answered) -> float:
        most = getattr(of.budget, limit)
        return max(0.0, 1 - float(getattr(of.used, limit)) / float(most)) if most else 0.0

    return Metric(limit, f"The part of the budget's {what} that was not used.", score, limit)


METRICS = Table("rlmlang.metrics", Metric, (
    *map(_compared, (exact, contains, f1, close, overlap)),
    Metric("coverage", "The part of the sources that was read.", lambda of: of.coverage),
    _left("usd", "dollars"), _left("calls", "calls"), _left("tokens", "tok"),
))  # fmt: skip


def _f1(got: Iterable[str], want: Iterable[str]) -> float:
    mine, theirs = Counter(got), Counter(want)
    if not mine or not theirs:
        return float(mine == theirs)
    same = sum((mine & theirs).values())
    return 2 * same / (sum(mine.values()) + sum(theirs.values()))


def _plain(value: Datum) -> Datum:
    """A value as it is compared: text in lower case and single spaces, numbers as numbers."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(v) for v in value]
    text = _folded(str(value))
    return _float(text) if re.fullmatch(NUMBER, text) else text


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _text(value: Datum) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _float(text: str) -> float:
    return float(re.sub(r"[_,]", "", text))


def _number(value: Datum) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.search(NUMBER, str(value))
    return _float(found.group()) if found else None


def _items(value: Datum) -> list[Datum]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = [x.strip() for x in str(value).split(",")]
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _key(value: Datum) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _short(value: Datum) -> str:
    text = _text(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
