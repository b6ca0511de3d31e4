"""Puts a question to its predictor in the recipe's DSPy program, and its answer into a reply."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import anyio.to_thread
import dspy

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.routes import Route
from rlmlang.program.adapter import PromptAdapter
from rlmlang.program.code_run import code_answer
from rlmlang.program.module_run import module_answer
from rlmlang.program.onlookers import is_own
from rlmlang.program.predictor import (
    CALL,
    PredictorCall,
    Traced,
    unreadable,
)
from rlmlang.program.program import Program
from rlmlang.program.render import Shown, shown
from rlmlang.program.signatures import RESULT, conform, field_name, value_in
from rlmlang.protocols import AnswerError, Question, Reply
from rlmlang.trajectory.events import NOTHING


class PredictorCaller:
    """Asks through the predictors of a DSPy program, looked up by name for every call. `routes` has
    the way to each model; `trace` takes every request, for optimizers. Where DSPy looks on
    (`seen`), its settings say which adapter is used."""

    def __init__(
        self,
        program: Program,
        routes: Mapping[str, Route],
        trace: list[Traced] | None = None,
        *,
        seen: bool = False,
    ) -> None:
        self.program, self.routes, self.trace, self.seen = program, routes, trace, seen
        self.adapter = PromptAdapter()

    async def ask(self, question: Question) -> Reply:
        """The predictor's answer. Raises AnswerError for an unreadable answer, CodedError for no
        answer and for a predictor that is missing or broken."""
        predictor = self.program.predictor(question.predictor)
        prompt, given = question.prompt, question.inputs
        inputs = {field_name(p.name): shown(given[p.name], p.type) for p in prompt.params}
        if prompt.module is not None:
            route = self.routes[prompt.model.name]
            texts = {n: v for n, v in inputs.items() if isinstance(v, str)}
            if prompt.module.place is not None:
                return await code_answer(prompt.module, question, route, texts)
            return await module_answer(predictor, prompt.module, question, route, texts, self.trace)
        own = is_own(predictor)
        held = own and predictor.as_planned
        route = self.routes[prompt.model.name]
        users = dspy.settings.adapter if self.seen else None
        call = PredictorCall(question, route, self.adapter, self.trace, held, users)
        token = CALL.set(call)
        try:
            if own:
                prediction = await predictor.acall(**inputs)
            else:
                prediction = await _foreign(predictor, inputs, question)
        finally:
            CALL.reset(token)
        if call.reply is not None and prediction is call.prediction:
            return call.reply
        return _reply(call, prediction)


async def _foreign(
    predictor: dspy.Module, inputs: Mapping[str, Shown], question: Question
) -> dspy.Prediction:
    """The answer of a module that stands in a predictor's place; one that is not asynchronous has
    a thread. Raises CodedError (predictor-failed) for what it raises itself."""
    try:
        if hasattr(predictor, "aforward"):
            return await predictor.acall(**inputs)
        return await anyio.to_thread.run_sync(partial(predictor, **inputs))
    except (CodedError, AnswerError):
        raise
    except Exception as mistake:
        words = " ".join(str(mistake).split())[:300]
        raise failed(
            "predictor-failed",
            f"{question.call}: the predictor of `{question.predictor}` broke off: "
            f"{type(mistake).__name__}: {words}",
            reason=f"It is a {type(predictor).__name__} of the program that was given to the run.",
            hint="call it by itself with the same inputs, or leave the recipe's own in its place",
        ) from mistake


def _reply(call: PredictorCall, prediction: dspy.Prediction) -> Reply:
    """A reply with what a module made of its requests, or without any. Raises AnswerError."""
    result = call.question.prompt.result
    found = prediction.get(RESULT) if isinstance(prediction, dspy.Prediction) else prediction
    last = call.reply or Reply(None, str(found), NOTHING)
    try:
        value = conform(result, [value_in(found, result)], {})
    except ValueError as mistake:
        raise unreadable(str(mistake), result, last) from None
    return Reply(value, last.raw, last.exchange, last.escaped)
