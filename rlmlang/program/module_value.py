"""The answer in what a DSPy module gives."""

from __future__ import annotations

import dspy

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.types import Fielded
from rlmlang.program.signatures import RESULT, conform, value_in

WORDS = 300  # characters of a mistake that are shown


def value_of(prompt: Prompt, prediction: object) -> Datum:
    """The answer in a prediction: its field `result`, or the fields of a record. Raises CodedError
    (module-failed)."""
    if not isinstance(prediction, dspy.Prediction):
        raise _unfit(prompt, f"gave a {type(prediction).__name__}, which is no dspy.Prediction")
    found, result = dict(prediction.items()), prompt.result.required()
    try:
        if RESULT in found:
            return conform(prompt.result, [value_in(found[RESULT], prompt.result)], {})
        names = [f.name for f in result.fields] if isinstance(result, Fielded) else []
        if names and set(names) <= found.keys():
            return conform(prompt.result, [], {n: found[n] for n in names})
    except ValueError as mistake:
        words = " ".join(str(mistake).split())[:WORDS]
        raise _unfit(prompt, f"gave what is no {prompt.result}: {words}") from None
    has = ", ".join(f"`{name}`" for name in found) or "no field"
    raise _unfit(prompt, f"gave a prediction without `{RESULT}`: it has {has}")


def _unfit(prompt: Prompt, words: str) -> CodedError:
    return failed(
        "module-failed",
        f"the module of `{prompt.name}` {words}",
        reason=f"Its answer is the field `{RESULT}` of a dspy.Prediction, of the type "
        f"{prompt.result}.",
        hint="build its predictors from the signature that it is made with, or give "
        f"dspy.Prediction({RESULT}=…)",
    )
