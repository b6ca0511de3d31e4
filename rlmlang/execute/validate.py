"""A model's answer held against the declared type: sizes, conditions, quotes, then the checks."""

from __future__ import annotations

import json
from typing import Any

from rlmlang.check import recipe as r
from rlmlang.check.expressions import show
from rlmlang.check.extents import GROWTH
from rlmlang.check.types import Type
from rlmlang.context import Measure, text_of
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.evaluate import Code, evaluate


def problem_with(
    prompt: r.Prompt, value: Any, inputs: dict[str, Any], measure: Measure, code: Code
) -> str:
    """Why an answer is not taken, in words for the model; empty when it is."""
    return (
        _too_large(prompt.result, prompt.result_max, value, measure, "the result")
        or _quotes(prompt.result, value, inputs, "the result")
        or _conditions(prompt.result, value, code, "the result")
        or _checks(prompt, value, inputs, code)
    )


def _too_large(type_: Type, most: int | None, value: Any, measure: Measure, what: str) -> str:
    if value is None:
        return ""
    if type_.is_list:
        if most is not None and len(value) > most:
            return f"{what} has {len(value)} items; at most {most} are allowed"
        parts = (_too_large(type_.item, None, v, measure, f"item {i + 1} of {what}")
                 for i, v in enumerate(value))  # fmt: skip
        return next((p for p in parts if p), "")
    if type_.kind == "Record":
        found = (_too_large(f.type, f.max, value.get(f.name), measure, f"`{f.name}` of {what}")
                 for f in type_.fields)  # fmt: skip
        return next((p for p in found if p), "")
    if most is not None and type_.textual:
        size = measure.tok(text_of(value))
        if size > most * GROWTH:
            return f"{what} is too long: about {size // GROWTH} tokens, where {most} are allowed"
    return ""


def _quotes(type_: Type, value: Any, inputs: dict[str, Any], what: str) -> str:
    """A Quote must occur in the inputs, white space aside."""
    if value in (None, ""):
        return ""
    if type_.kind == "Quote":
        wanted = " ".join(text_of(value).split())
        for given in inputs.values():
            if wanted in " ".join(_searchable(given).split()):
                return ""
        return f"{what} must be copied exactly from the text; it is not in it: {wanted[:80]!r}"
    if type_.is_list:
        found = (_quotes(type_.item, v, inputs, f"item {i + 1} of {what}")
                 for i, v in enumerate(value))  # fmt: skip
        return next((p for p in found if p), "")
    if type_.kind == "Record":
        fields = (_quotes(f.type, value.get(f.name), inputs, f"`{f.name}` of {what}")
                  for f in type_.fields)  # fmt: skip
        return next((p for p in fields if p), "")
    return ""


def _searchable(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=text_of).replace('\\"', '"')
    return text_of(value)


def _conditions(type_: Type, value: Any, code: Code, what: str) -> str:
    """`where` conditions of a record's fields."""
    if value is None:
        return ""
    if type_.is_list:
        found = (_conditions(type_.item, v, code, f"item {i + 1} of {what}")
                 for i, v in enumerate(value))  # fmt: skip
        return next((p for p in found if p), "")
    if type_.kind != "Record":
        return ""
    for f in type_.fields:
        inner = value.get(f.name)
        condition: Any = f.where
        if condition is not None and inner is not None:
            if not _holds(condition, {"it": inner}, code):
                return f"`{f.name}` of {what} is {inner!r}; it must fulfil {show(condition)}"
        if problem := _conditions(f.type, inner, code, f"`{f.name}` of {what}"):
            return problem
    return ""


def _checks(prompt: r.Prompt, value: Any, inputs: dict[str, Any], code: Code) -> str:
    env = {**inputs, "result": value}
    for check in prompt.checks:
        if not _holds(check, env, code):
            return f"the answer fails the check {show(check)}" + _difference(check, env, code)
    return ""


def _holds(condition: r.Expr, env: dict[str, Any], code: Code) -> bool:
    try:
        return bool(evaluate(condition, env, code))
    except CodedError:
        return False


def _difference(check: r.Expr, env: dict[str, Any], code: Code) -> str:
    """For a comparison of lists: what is missing and what is too many."""
    if not isinstance(check, r.Op) or check.op != "==":
        return ""
    try:
        left, right = (evaluate(x, env, code) for x in (check.left, check.right))
    except CodedError:
        return ""
    if not isinstance(left, list) or not isinstance(right, list):
        return f": {left!r:.40} is not {right!r:.40}"
    missing = [x for x in right if x not in left][:8]
    extra = [x for x in left if x not in right][:8]
    words = [f"missing: {missing}"] if missing else []
    words += [f"not asked for: {extra}"] if extra else []
    return ": " + "; ".join(words or ["they are in another order"])
