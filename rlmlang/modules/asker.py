"""The asker: a prompt with its inputs through its DSPy predictor, and back as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from rlmlang.check import recipe as r
from rlmlang.check.types import Type
from rlmlang.modules.adapter import PromptAdapter
from rlmlang.modules.engines.slip import Slip, Stopped, carry
from rlmlang.modules.models import Route
from rlmlang.modules.program import RecipeProgram
from rlmlang.modules.render import render
from rlmlang.modules.signatures import RESULT, again, field_name, plain
from rlmlang.protocols import AnswerError, Question, Reply

MARK = f"[[ ## {RESULT} ## ]]"
NOTHING = frozenset(("", "none", "null", "n/a", "nothing", "(none)", "(empty)"))


class DspyAsker:
    """Asks through the predictors of a recipe's DSPy program. `routes` gives the way of each role.

    The request is built by DSPy's adapter and sent down our own engines, without DSPy's LM layer in
    between, which takes most of the time at hundreds of calls a second.
    """

    def __init__(
        self, program: RecipeProgram, routes: Mapping[str, Route], *, traced: bool = False
    ) -> None:
        self.program, self.routes, self.traced = program, routes, traced
        self.adapter = PromptAdapter()

    async def ask(self, question: Question) -> Reply:
        """One request. Raises AnswerError for an unreadable answer, CodedError for no answer."""
        prompt, inputs = question.prompt, question.inputs
        predictor = _predict(self.program.predictors[question.predictor])
        signature = _signature(predictor, prompt, inputs)
        fields = {field_name(p.name): render(inputs[p.name], p.type) for p in prompt.params}
        if question.refused is not None:
            signature = again(signature)
            fields |= {
                "earlier_answer": question.refused.answer, "problem": question.refused.reason,
            }  # fmt: skip
        note = Slip(question.account, prompt.model.output, question.step, question.item,
                    prompt.name, question.attempt, question.ranges, question=question)  # fmt: skip
        text = await self._send(self.routes[prompt.model.name], signature, predictor, fields, note)
        reply = Reply(None, text, note.usage, note.request, note.row, note.reused)
        found = self._read(signature, prompt, reply)
        if self.traced:
            dspy.settings.trace.append((predictor, fields, dspy.Prediction(**found)))
        return replace(reply, value=_value(found[RESULT], prompt.result))

    async def _send(
        self, route: Route, signature: Any, predictor: Any, fields: dict[str, Any], note: Slip
    ) -> str:
        request = self.adapter.request(route.name, route.config, signature, predictor.demos, fields)
        carry(note)
        try:
            response = await route.engine.complete(request)
        except Stopped as mistake:
            raise mistake.problem from None
        finally:
            carry(None)
        return response.message.text or ""

    def _read(self, signature: Any, prompt: r.Prompt, reply: Reply) -> dict[str, Any]:
        """The fields of an answer. Raises AnswerError."""
        if not reply.raw.strip():
            raise AnswerError("the answer is empty", reply)
        try:
            found: dict[str, Any] = self.adapter.parse(signature, reply.raw)
        except AdapterParseError as mistake:
            raise AnswerError(_unreadable(prompt, reply, mistake), reply) from None
        if MARK not in reply.raw:
            raise AnswerError(_unreadable(prompt, reply, None), reply)
        return found


def _predict(predictor: Any) -> Any:
    """The Predict inside a ChainOfThought."""
    return getattr(predictor, "predict", predictor)


def _signature(predictor: Any, prompt: r.Prompt, inputs: Mapping[str, Any]) -> Any:
    """The predictor's signature; a task with a template is filled in for this call."""
    signature = predictor.signature
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


def _unreadable(prompt: r.Prompt, reply: Reply, mistake: Exception | None) -> str:
    """Why an answer does not have the form that was asked for."""
    if MARK not in reply.raw:
        return f"the answer has no field {MARK}"
    return f"`{RESULT}` cannot be read as {prompt.result}" + _detail(mistake)


def _detail(mistake: Exception | None) -> str:
    cause = str(mistake).split("Error message: ", 1)[-1] if mistake is not None else ""
    return f": {' '.join(cause.split())[:200]}" if cause else ""
