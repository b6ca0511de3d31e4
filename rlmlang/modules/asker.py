"""The asker: a prompt with its inputs through its DSPy predictor, and back as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dspy
import pydantic
from dspy.utils.exceptions import AdapterParseError

from rlmlang.budget import Account
from rlmlang.check import recipe as r
from rlmlang.check.types import Type
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.modules.engines import SETTING, Slip, Stopped
from rlmlang.modules.program import RecipeProgram
from rlmlang.modules.render import render
from rlmlang.modules.signatures import RESULT, again, field_name
from rlmlang.protocols import AnswerError, Refused, Reply

NOTHING = frozenset(("", "none", "null", "n/a", "nothing", "(none)", "(empty)"))


class DspyAsker:
    """Asks through DSPy. `models` gives the LM of each role."""

    def __init__(self, program: RecipeProgram, models: Mapping[str, dspy.LM]) -> None:
        self.program, self.models = program, models
        self.adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)

    async def ask(
        self,
        step: str,
        prompt: r.Prompt,
        inputs: Mapping[str, Any],
        account: Account,
        refused: Refused | None,
    ) -> Reply:
        """One request. Raises AnswerError for an unreadable answer, CodedError for no answer."""
        predictor = self.program.predictors[step]
        fields = {field_name(p.name): render(inputs[p.name], p.type) for p in prompt.params}
        note = Slip(account, prompt.model.output)
        extra: dict[str, Any] = {}
        signature = _signature(predictor, prompt, inputs)
        if refused is not None:
            signature = again(signature)
            fields |= {"earlier_answer": refused.answer, "problem": refused.reason}
        if signature is not _of(predictor):
            extra["signature"] = signature
        try:
            with dspy.context(
                lm=self.models[prompt.model.name], adapter=self.adapter, trace=None,
                disable_history=True, warn_on_type_mismatch=False, **{SETTING: note},
            ):  # fmt: skip
                found = await _predict(predictor).acall(**fields, **extra)
        except AdapterParseError as mistake:
            raise _unreadable(prompt, note, mistake) from None
        except dspy.LMError as mistake:
            raise _no_answer(mistake, prompt) from None
        value = _value(found[RESULT], prompt.result)
        if f"[[ ## {RESULT} ## ]]" not in note.answer:
            raise _unreadable(prompt, note, None)
        return Reply(value, note.answer, note.usage, note.request)


def _predict(predictor: Any) -> Any:
    """The Predict inside a ChainOfThought, whose signature may be replaced for one call."""
    return getattr(predictor, "predict", predictor)


def _of(predictor: Any) -> Any:
    return _predict(predictor).signature


def _signature(predictor: Any, prompt: r.Prompt, inputs: Mapping[str, Any]) -> Any:
    """The predictor's signature; a task with a template is filled in for this call."""
    signature = _of(predictor)
    if "{{" not in signature.instructions and "{%" not in signature.instructions:
        return signature
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    values = {**dict(prompt.settings), **inputs}
    text = environment.from_string(signature.instructions).render(values)
    return signature.with_instructions(text)


def _value(found: Any, type_: Type) -> Any:
    """An answer as plain values; text that says nothing is none where none is allowed."""
    if isinstance(found, str):
        text = found.strip()
        return None if type_.optional and text.lower() in NOTHING else text
    return plain(found)


def plain(value: Any) -> Any:
    """Pydantic models as dictionaries, by the names the recipe knows."""
    if isinstance(value, pydantic.BaseModel):
        return {k: plain(v) for k, v in value.model_dump(by_alias=True).items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def _unreadable(prompt: r.Prompt, note: Slip, mistake: Exception | None) -> AnswerError:
    """An answer that does not have the form that was asked for, with what it cost."""
    if not note.answer.strip():
        reason = "the answer is empty"
    elif f"[[ ## {RESULT} ## ]]" not in note.answer:
        reason = f"the answer has no field [[ ## {RESULT} ## ]]"
    else:
        reason = f"`{RESULT}` cannot be read as {prompt.result}" + _detail(mistake)
    problem = AnswerError(reason, note.answer)
    problem.usage = note.usage  # type: ignore[attr-defined]
    problem.prompt_text = note.request  # type: ignore[attr-defined]
    return problem


def _detail(mistake: Exception | None) -> str:
    cause = str(mistake).split("Error message: ", 1)[-1] if mistake is not None else ""
    return f": {' '.join(cause.split())[:200]}" if cause else ""


KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "LMAuthError",
        "model-refused-key",
        "check the key in the environment variable it is read from",
    ),
    ("LMRateLimitError", "model-rate-limited", "lower `parallel`, or wait and run again"),
    ("LMTimeoutError", "model-timeout", "the endpoint is slow: raise --timeout"),
    ("LMTransportError", "model-unreachable", "check --api-base and the network: rlm doctor"),
    (
        "ContextWindowExceededError",
        "model-context-exceeded",
        "cut smaller pieces: `max` of the partition",
    ),
    ("LMInvalidRequestError", "model-refused-request", "check the model's name: rlm models"),
)


def _no_answer(mistake: Exception, prompt: r.Prompt) -> CodedError:
    """A model that could not be asked at all."""
    cause = mistake.__cause__
    if isinstance(mistake, Stopped) and isinstance(cause, CodedError):
        return cause
    names = {k.__name__ for k in type(mistake).__mro__}
    for name, code, hint in KINDS:
        if name in names:
            return failed(code, f"{prompt.name}: {_first_line(mistake)}", hint=hint)
    return failed("model-failed", f"{prompt.name}: {_first_line(mistake)}", hint="rlm doctor")


def _first_line(mistake: Exception) -> str:
    return next((x for x in str(mistake).splitlines() if x.strip()), type(mistake).__name__)[:300]
