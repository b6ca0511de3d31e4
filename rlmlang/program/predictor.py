"""A prompt as a DSPy predictor whose requests go down a run's own engines.

DSPy's adapter builds the request and our reader reads the answer. DSPy's LM layer, which takes most
of the time at hundreds of calls a second, does not stand between.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import dspy
from dspy.lm15 import Config, Request, Response

from rlmlang.framing.markers import Escapes
from rlmlang.framing.reader import Answer, ValueUnreadableError
from rlmlang.framing.replies import UnreadableError, unframed
from rlmlang.ir.answer_forms import Form, form_of
from rlmlang.ir.calls import CallId
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.template_sizes import templated
from rlmlang.ir.types import Type
from rlmlang.models.endings import unless_whole
from rlmlang.models.engines.call_context import CallContext, Stopped, set_context, words_of
from rlmlang.models.lm import LmEngine
from rlmlang.models.routes import Route
from rlmlang.program.adapter import PromptAdapter
from rlmlang.program.adapters import through
from rlmlang.program.onlookers import RecipePredictor, tell_use
from rlmlang.program.render import Shown
from rlmlang.program.signatures import RESULT, again
from rlmlang.program.tasks import filled, instructions_of
from rlmlang.protocols import AnswerError, Question, Reply
from rlmlang.unicode import encodable

Entry = tuple[dspy.Module, Mapping[str, Shown], dspy.Prediction]
"""A call as DSPy traces it: predictor, inputs, answer."""


@dataclass(frozen=True)
class Traced:
    """A request as optimizers see it, and whose it is."""

    predictor: str
    call: CallId
    readable: bool
    entry: Entry


@dataclass
class PredictorCall:
    """A question on its way through its predictor; `reply` and `prediction` are what its latest
    request brought. `held` says that its requests are those the plan has counted; `users` is an
    adapter in the place of ours."""

    question: Question
    route: Route
    adapter: PromptAdapter
    trace: list[Traced] | None = None
    held: bool = False
    users: dspy.Adapter | None = None
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    thread: int = field(default_factory=threading.get_ident)
    reply: Reply | None = None
    prediction: dspy.Prediction | None = None

    def traced(
        self,
        predictor: dspy.Module,
        inputs: Mapping[str, Shown],
        found: dspy.Prediction,
        readable: bool,
    ) -> None:
        """Keeps a request for an optimizer, where one looks on."""
        if self.trace is not None:
            asked = self.question
            entry = (predictor, inputs, found)
            self.trace.append(Traced(asked.predictor, asked.call, readable, entry))


CALL: ContextVar[PredictorCall] = ContextVar("rlm_call")
"""The call that is being made, in this task and in threads that it waits for."""


Latest = tuple[Prompt | None, Route | None, Config, Form]
NEVER: Latest = (None, None, Config(), "fields")


class PromptPredictor(RecipePredictor):
    """Asks the model of the question that a run puts to it, through `await predictor.acall(…)`, or
    from a thread of a module that is not asynchronous, through `predictor(…)`.

    Raises AnswerError for an unreadable answer, CodedError for no answer, RuntimeError where no run
    is asking.
    """

    def __init__(self, signature: type[dspy.Signature], demos: Sequence[dspy.Example] = ()) -> None:
        super().__init__(signature)
        self.demos = list(demos)
        self._planned = (signature, signature.instructions, list(demos))
        self._documented = (signature, "", "", signature)
        self._latest = NEVER

    def __getstate__(self) -> dict[str, object]:
        """What a copy has: all but the way to a model, which is the run's."""
        state: dict[str, object] = super().__getstate__()
        return {**state, "_latest": NEVER}

    @property
    def as_planned(self) -> bool:
        """Whether it says what the plan counts with: no optimizer has changed it."""
        now = self.signature.instructions, self.demos
        return self.signature is self._planned[0] and now == self._planned[1:]

    def forward(self, **inputs: Shown) -> dspy.Prediction:
        """One request, from another thread than the run's."""
        call = _current()
        if threading.get_ident() == call.thread:
            raise RuntimeError("it would wait for itself: `await predictor.acall(…)` instead")
        return asyncio.run_coroutine_threadsafe(self.aforward(**inputs), call.loop).result()

    async def aforward(self, **inputs: Shown) -> dspy.Prediction:
        """One request."""
        call = _current()
        question, route, escapes = call.question, call.route, Escapes()
        shown: Mapping[str, Shown] = inputs
        signature = self._instructed(question, escapes)
        texts = (v for v in inputs.values() if isinstance(v, str))
        data = (*texts, call.adapter.instructions(signature))
        if refused := question.refused:
            signature = again(signature)
            earlier = unframed(refused.answer, (RESULT,))
            shown = {**inputs, "earlier_answer": earlier, "problem": refused.reason}
        config, form = self._asked(question.prompt, route)
        request = call.adapter.request(
            route.name, config, signature, self.demos, shown, escapes, form
        )
        context = _context_of(question, held=call.held)
        if call.users is not None:
            return await self._by(call.users, call, request, context, signature, shown)
        response = await self._sent(route, request, context)
        said = encodable(words_of(response))
        reply = call.reply = Reply(None, said, context.exchange, escapes.count)
        try:
            unless_whole(response, question.prompt, reply, config.max_tokens)
            found = _read(call, signature, reply, escapes, data, form)
        except AnswerError:
            call.traced(self, inputs, dspy.Prediction(**{RESULT: reply.raw}), readable=False)
            raise
        value = found.values[RESULT]
        call.reply = Reply(value, said, reply.exchange, reply.escaped, found.repairs)
        call.prediction = call.adapter.prediction(signature, found)
        call.traced(self, inputs, call.prediction, readable=True)
        return call.prediction

    async def _by(
        self,
        adapter: dspy.Adapter,
        call: PredictorCall,
        request: Request,
        context: CallContext,
        signature: type[dspy.Signature],
        inputs: Mapping[str, Shown],
    ) -> dspy.Prediction:
        """One question by an adapter that is not ours. Raises AnswerError for an answer that it
        cannot read."""
        last: list[str] = []

        async def send(made: Request) -> Response:
            response = await self._sent(call.route, made, context)
            last.append(encodable(words_of(response)))
            reply = Reply(None, last[-1], context.exchange)
            unless_whole(response, call.question.prompt, reply, request.config.max_tokens)
            return response

        try:
            found = await through(adapter, request, signature, self.demos, inputs, send)
        except dspy.AdapterParseError as mistake:
            reply = call.reply = Reply(None, "".join(last[-1:]), context.exchange)
            raise AnswerError(" ".join(str(mistake).split())[:300], reply) from None
        call.reply = Reply(None, "".join(last[-1:]), context.exchange)
        made = dspy.Prediction(**found)
        call.traced(self, inputs, made, readable=True)
        return made

    async def _sent(self, route: Route, request: Request, context: CallContext) -> Response:
        response = await sent(route, request, context)
        tell_use(self, context.call, context.exchange)
        return response

    def _asked(self, prompt: Prompt, route: Route) -> tuple[Config, Form]:
        """The settings of a request and the form of its answer; the same as long as prompt and
        route are."""
        prompt_before, route_before, *_ = self._latest
        if prompt_before is not prompt or route_before is not route:
            made = route.config_for(prompt), form_of(prompt, route.bound)
            self._latest = (prompt, route, *made)
        return self._latest[2], self._latest[3]

    def _instructed(self, question: Question, escapes: Escapes) -> type[dspy.Signature]:
        """The signature with the prompt's documentation above the task; a task with a template is
        filled in for this call."""
        prompt = question.prompt
        signature: type[dspy.Signature] = self.signature
        if templated(prompt.task):
            values = {**dict(prompt.settings), **question.inputs}
            task = escapes.escape(filled(signature.instructions, values))
            signature = signature.with_instructions(instructions_of(prompt, task))
        elif prompt.doc:
            now = (signature, signature.instructions, prompt.doc)
            if self._documented[:3] != now:
                task = instructions_of(prompt, signature.instructions)
                self._documented = (*now, signature.with_instructions(task))
            signature = self._documented[3]
        return signature


def _current() -> PredictorCall:
    """The call that is being made."""
    try:
        return CALL.get()
    except LookupError:
        words = "a recipe's predictor is asked by a run of its recipe: rlmlang.run(…)"
        raise RuntimeError(words) from None


def _context_of(question: Question, *, held: bool) -> CallContext:
    prompt = question.prompt
    made = CallContext(
        question.account,
        prompt.written,
        question.call,
        prompt.name,
        question.ranges,
        question=question,
        tell=question.tell,
    )
    return replace(made, within=question.within) if held else made


async def sent(route: Route, request: Request, context: CallContext) -> Response:
    """The response to a request of a call. Raises CodedError."""
    set_context(context)
    try:
        response = await route.engine.complete(request)
    except Stopped as mistake:
        raise mistake.problem from None
    finally:
        set_context(None)
    found, seen = context.exchange, isinstance(route.transport, LmEngine)
    tracker = dspy.settings.usage_tracker
    if tracker is not None and not found.reused and not seen:
        used = {"prompt_tokens": found.tokens_in, "completion_tokens": found.tokens_out}
        tracker.add_usage(route.name, used)
    return response


def _read(
    call: PredictorCall,
    signature: type[dspy.Signature],
    reply: Reply,
    escapes: Escapes,
    data: Sequence[str],
    form: Form,
) -> Answer:
    """The fields of an answer. Raises AnswerError."""
    if not reply.raw.strip():
        raise AnswerError("the answer is empty", reply)
    result = call.question.prompt.result
    try:
        return call.adapter.read(signature, result, reply.raw, escapes, data, form)
    except ValueUnreadableError as mistake:
        raise unreadable(mistake.cause, result, reply) from None
    except UnreadableError as mistake:
        raise AnswerError(str(mistake), reply) from None


def unreadable(words: str, result: Type, reply: Reply) -> AnswerError:
    """The problem of an answer whose result is no value of its type."""
    said = " ".join(words.split())[:200]
    return AnswerError(f"`{RESULT}` cannot be read as {result}: {said}", reply)
