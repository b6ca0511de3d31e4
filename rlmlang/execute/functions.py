"""What the built-in functions do. `check/functions.py` says what they take and give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import regex

from rlmlang.context import Slice, text_of
from rlmlang.diagnostics.diagnostic import failed

Options = dict[str, Any]
SECONDS = 1.0


def flat(value: Any) -> list[Any]:
    """A list, or a list of lists as one."""
    out: list[Any] = []
    for item in value or ():
        out.extend(item) if isinstance(item, list | tuple) else out.append(item)
    return out


def field(item: Any, name: str | list[str]) -> Any:
    """A field of a record, or the values of several; the item itself where no field is named."""
    if not name:
        return item
    if isinstance(name, list):
        return tuple(field(item, n) for n in name)
    if not isinstance(item, dict):
        raise failed("wrong-value", f"{item!r:.60} has no field `{name}`")
    return item.get(name)


def _key(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((k, _key(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    return text_of(value) if isinstance(value, Slice) else value


def _values(rows: Any, o: Options) -> list[Any]:
    found = [field(x, o.get("of", "")) for x in flat(rows)]
    return [v for v in found if v is not None]


def _numbers(rows: Any, o: Options) -> list[float]:
    found = _values(rows, o)
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise failed("wrong-value", f"{value!r:.60} is no number", hint="name a field with of:")
    return found


def _count(xs: Any, o: Options) -> int:
    items = flat(xs) if "where" in o else list(xs or ())
    return sum(1 for x in items if o["where"](x)) if "where" in o else len(items)


def _groups(rows: Any, o: Options) -> dict[tuple[Any, ...], list[Any]]:
    groups: dict[tuple[Any, ...], list[Any]] = {}
    for row in flat(rows):
        groups.setdefault(tuple(field(row, k) for k in o["keys"]), []).append(row)
    most = o.get("max_groups")
    if isinstance(most, int) and len(groups) > most:
        raise failed(
            "too-many-groups",
            f"there are {len(groups):,} groups, more than the {most:,} that were declared",
            reason="The table would be larger than the plan allowed for.",
            hint="raise max_groups, or group by fewer keys",
        )
    return groups


def _table(rows: Any, o: Options, name: str, make: Callable[[list[Any]], Any]) -> list[Any]:
    made = [
        {**dict(zip(o["keys"], key, strict=True)), name: make(found)}
        for key, found in _groups(rows, o).items()
    ]
    return sorted(made, key=lambda r: [(r[k] is None, str(r[k])) for k in o["keys"]])


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _align(rows: Any, answers: Any, o: Options) -> list[Any]:
    """Each row with its answer; raises CodedError when they do not go one to one."""
    on = o["on"]
    left, right = flat(rows), flat(answers)
    by_key = {_key(field(a, on)): a for a in right}
    missing = [r for r in left if _key(field(r, on)) not in by_key]
    if missing or len(by_key) != len(right):
        shown = ", ".join(str(field(r, on)) for r in missing[:5])
        what = f"{len(missing):,} rows have no answer ({shown})" if missing else "answers repeat"
        raise failed(
            "align-mismatch",
            f"rows and answers do not go one to one on `{on}`: {what}",
            reason="A count over them would be wrong, and nobody would see it.",
            hint=f"add to the prompt: check: ids(result) == ids(rows)  (on `{on}`), retry <= 2",
        )
    return [{**by_key[_key(field(r, on))], **r} for r in left]


def _unique(items: Iterable[Any], name: str | list[str]) -> list[Any]:
    seen: set[Any] = set()
    out = []
    for item in items:
        key = _key(field(item, name))
        if key not in seen:
            seen.add(key)
            out.append(item)
    return out


def _order(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_order, value))
    return (value is not None, value)


def _top(rows: Any, o: Options) -> list[Any]:
    by = o.get("by", "")
    return sorted(flat(rows), key=lambda r: _order(field(r, by)), reverse=True)[: o["n"]]


def _best(rows: Any, o: Options) -> Any:
    items = [x for x in flat(rows) if x is not None]
    if not items:
        raise failed(
            "empty-list",
            "there is nothing to choose the best of",
            hint="give the list another look-up, or test count(xs) first",
        )
    return max(items, key=lambda r: _order(field(r, o["by"])))


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def pick(rows: Any, o: Options) -> Any:
        values = _values(rows, o)
        if not values:
            raise failed("empty-list", "there is nothing to choose from")
        return choose(values)

    return pick


def _majority(rows: Any, o: Options) -> Any:
    values = [field(x, o.get("of", "")) for x in flat(rows)]
    if not values:
        raise failed("empty-list", "there is nothing to take a majority of")
    counts = Counter(map(_key, values))
    best = max(counts.values())
    return next(v for v in values if counts[_key(v)] == best)


def _matches(text: Any, pattern: Any, o: Options) -> bool:
    from rlmlang.diagnostics.diagnostic import CodedError

    try:
        return regex.search(text_of(pattern), text_of(text), timeout=SECONDS) is not None
    except regex.error as mistake:
        raise failed("bad-pattern", f"`{pattern}` is no regular expression: {mistake}") from None
    except TimeoutError:
        problem: CodedError = failed("slow-pattern", f"`{pattern}` took longer than {SECONDS:g} s")
        raise problem from None


def _sort(rows: Any, o: Options) -> list[Any]:
    return sorted(
        flat(rows), key=lambda r: _order(field(r, o["by"])), reverse=o.get("descending") is True
    )


def _join_text(rows: Any, o: Options) -> str:
    return str(o.get("separator", "\n")).join(shown(x) for x in flat(rows) if x is not None)


def shown(value: Any) -> str:
    """A value as text, records as compact JSON."""
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False, default=text_of)
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_of(value)


IMPLEMENTATIONS: dict[str, Callable[..., Any]] = {
    "count": _count,
    "count_by": lambda xs, o: _table(xs, o, "n", len),
    "sum": lambda xs, o: sum(_numbers(xs, o)),
    "sum_by": lambda xs, o: _table(xs, o, "total", lambda rows: sum(_numbers(rows, o))),
    "mean": lambda xs, o: _mean(_numbers(xs, o)),
    "mean_by": lambda xs, o: _table(xs, o, "mean", lambda rows: _mean(_numbers(rows, o))),
    "majority": _majority,
    "align": _align,
    "union": lambda *a: _unique([x for xs in a[:-1] for x in flat(xs)], a[-1].get("on", "")),
    "concat": lambda *a: [x for xs in a[:-1] for x in flat(xs)],
    "dedupe": lambda xs, o: _unique(flat(xs), o.get("on", "")),
    "distinct": lambda xs, o: _unique(_values(xs, o), ""),
    "top": _top,
    "take": lambda xs, o: flat(xs)[: o["n"]],
    "best": _best,
    "first": lambda xs, o: next(iter(flat(xs)), None),
    "sort_by": _sort,
    "column": lambda xs, o: [field(x, o["of"]) for x in flat(xs)],
    "ids": lambda xs, o: [field(x, "id") for x in flat(xs)],
    "flatten": lambda xs, o: flat(xs),
    "present": lambda xs, o: [x for x in flat(xs) if x is not None],
    "join_text": _join_text,
    "smallest": _extreme(min),
    "largest": _extreme(max),
    "any": lambda xs, o: any(o["where"](x) for x in flat(xs)),
    "all": lambda xs, o: all(o["where"](x) for x in flat(xs)),
    "length": lambda x, o: len(text_of(x)),
    "lower": lambda x, o: text_of(x).lower(),
    "upper": lambda x, o: text_of(x).upper(),
    "trim": lambda x, o: text_of(x).strip(),
    "contains": lambda a, b, o: text_of(b) in text_of(a),
    "starts_with": lambda a, b, o: text_of(a).startswith(text_of(b)),
    "matches": _matches,
    "round": lambda x, o: round(x, o.get("digits", 0)),
    "text": lambda x, o: shown(x),
}
