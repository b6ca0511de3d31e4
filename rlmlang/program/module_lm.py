"""The model that a module of a prompt asks: its calls are counted, paid, kept and recorded as those
of the run, and none is sent beyond what the prompt allows.

A problem that ends the module's right to ask stands, whatever the module makes of the exception:
its answer would be that of a module that was cut short.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import fields, replace

import dspy
from dspy.lm15 import Config, Request, Response, TextPart, Usage
from dspy.utils.callback import BaseCallback

from rlmlang.context import parts_in
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.call_model import ranges_of
from rlmlang.ir.calls import CallId
from rlmlang.ir.module_prompts import PART, call_of
from rlmlang.ir.recipe import DspyModule
from rlmlang.models.endings import unless_whole
from rlmlang.models.engines.call_context import (
    CallContext,
    Stopped,
    asked_text,
    get_context,
    words_of,
)
from rlmlang.models.routes import Route
from rlmlang.program.predictor import sent
from rlmlang.protocols import AnswerError, NoAnswerError, Question, Reply
from rlmlang.trajectory.events import NOTHING, CallFailed, CallFinished, Exchange
from rlmlang.unicode import encodable

ASKED = tuple(f.name for f in fields(Config) if f.name not in ("max_tokens", "temperature"))


class UnpaidError(BaseException):
    """A call of a model that is not the run's, stopped before it is sent; no `except Exception` of
    a module catches it."""


class ModuleCalls:
    """The calls that one module makes for one answer. `given` has its inputs as text: those that a
    request holds are `shown`; `lm` is the model that it asks."""

    def __init__(
        self, question: Question, module: DspyModule, route: Route, given: Mapping[str, str]
    ) -> None:
        self.question, self.module, self.route, self.given = question, module, route, given
        self.asked = call_of(question.prompt, module)
        self.count, self.over = 0, False
        self.problem: CodedError | None = None
        self.last = Reply(None, "", NOTHING)
        self.shown: set[str] = set()
        self.engine = Waiting(self, asyncio.get_running_loop())
        pair = {"engine": self.engine, "async_engine": Awaiting(self.engine)}
        self.lm = BoundLm(route.name, cache=False, num_retries=0, **pair)

    @property
    def who(self) -> str:
        """Whose calls they are."""
        name = f"`{self.question.prompt.name}`"
        return name if self.module.place is not None else f"the module of {name}"

    @property
    def latest(self) -> CallId:
        """The call that was begun last."""
        return self.question.call.inside(PART, self.count)

    async def complete(self, request: Request) -> Response:
        """The response to a request, in the run's loop. Raises Stopped."""
        try:
            return await self._paid(request)
        except CodedError as problem:
            code = problem.diagnostic.code
            of_one = isinstance(problem, NoAnswerError) or code in NOT_WHOLE
            if not of_one or code == "request-too-large":
                self.problem = self.problem or problem
            raise Stopped(problem) from None

    def unpaid(self, what: str) -> CodedError:
        """The problem of a call that is not the run's, which stands."""
        self.problem = self.problem or failed(
            "unpaid-call",
            f"{self.who} calls {what}, which is not the run's",
            reason="It was not sent: no budget would know of it, and no store would keep it.",
            hint="ask `dspy.settings.lm`, as DSPy's modules do by themselves; another model is "
            "named by `model:` of the prompt",
        )
        return self.problem

    async def _paid(self, request: Request) -> Response:
        number = self._taken(request)
        call = self.question.call.inside(PART, number)
        made, held = self._configured(request), self._held(request)
        context = self._context(call, made, held)
        try:
            response = await sent(self.route, made, context)
            self.last = Reply(None, encodable(words_of(response)), context.exchange)
            unless_whole(response, self.asked, self.last, made.config.max_tokens)
        except AnswerError as mistake:
            code = mistake.code or "answer-refused"
            self._failed(call, code, mistake.reason, mistake.reply.exchange)
            raise failed(code, mistake.reason) from None
        except CodedError as mistake:
            self._failed(call, mistake.diagnostic.code, str(mistake), NOTHING)
            raise
        self.shown.update(held)
        ranges = json.loads(context.ranges) if context.ranges else []
        told = CallFinished(
            call=call, prompt=self.asked.name, ranges=ranges, **vars(context.exchange)
        )
        self.question.tell(told)
        return replace(response, usage=Usage())

    def _failed(self, call: CallId, code: str, reason: str, exchange: Exchange) -> None:
        self.question.tell(
            CallFailed(
                call=call, prompt=self.asked.name, code=code, reason=reason, **vars(exchange)
            )
        )

    def _taken(self, request: Request) -> int:
        """The number of a call, counted before it is sent. Raises CodedError for one too many."""
        if self.over:
            raise self.unpaid("a model after it has answered")
        if self.problem is not None:
            raise self.problem
        if any(not isinstance(p, TextPart) for m in request.messages for p in m.parts):
            raise self._no_text("something besides text")
        if request.tools:
            raise self._no_text("tools of the provider's")
        if self.count >= self.module.calls:
            raise self._spent()
        self.count += 1
        return self.count

    def _context(self, call: CallId, request: Request, held: frozenset[str]) -> CallContext:
        """What the engines know of a call: one at a temperature is another draw each time."""
        question, prompt, given = self.question, self.asked, self.question.inputs
        if request.config.temperature is not None:
            model = replace(prompt.model, temperature=request.config.temperature)
            prompt = replace(prompt, model=model)
        ranges = ranges_of(p for name in held for p in parts_in(given[name]))
        part = ".".join(p for p in (question.part, PART) if p)
        return CallContext(
            question.account,
            self.asked.written,
            call,
            prompt.name,
            json.dumps(ranges, ensure_ascii=False, separators=(",", ":")) if ranges else "",
            question=replace(question, call=call, prompt=prompt, part=part),
            tell=question.tell,
            within=question.within,
        )

    def _configured(self, request: Request) -> Request:
        """A request with the settings of the route, as far as the module asks for no others, and
        no longer an answer than the plan counts with."""
        route, asked = self.route, request.config
        most = route.bound.output(self.asked.model, self.asked.written)
        config = replace(
            route.config,
            **{n: v for n in ASKED if (v := getattr(asked, n)) not in (None, (), {})},
            max_tokens=min(asked.max_tokens or most, most),
        )
        if asked.temperature is not None and config.temperature is not None:
            config = replace(config, temperature=asked.temperature)
        return replace(request, model=route.name, config=config)

    def _held(self, request: Request) -> frozenset[str]:
        """The inputs that a request shows as a whole."""
        text = asked_text(request)
        return frozenset(n for n, given in self.given.items() if given and given.strip() in text)

    def _no_text(self, what: str) -> CodedError:
        return failed(
            "module-failed",
            f"the module of `{self.question.prompt.name}` asks with {what}",
            reason="What models are asked here is text, which is measured before it is sent.",
            hint="leave it out of the module's signatures",
        )

    def _spent(self) -> CodedError:
        most = self.module.calls
        return failed(
            "module-calls-spent",
            f"{self.who} asks once more than the {most:,} "
            f"{'call' if most == 1 else 'calls'} that it may make",
            reason="The call was not sent. Answers that it had are kept.",
            hint=f"write calls <= {most + 1} or more; `rlm show` has the calls that it made",
        )


NOT_WHOLE = frozenset(
    (
        "answer-cut",
        "answer-filtered",
        "answer-declined",
        "answer-tool-call",
        "answer-broken-off",
        "answer-refused",
    )
)
"""Endings of one answer, which a module may make something of."""


class Waiting:
    """The calls of a module as a DSPy engine for threads, which wait for the run's loop."""

    def __init__(self, calls: ModuleCalls, loop: asyncio.AbstractEventLoop) -> None:
        self.calls, self.loop, self.thread = calls, loop, threading.get_ident()

    def complete(self, request: Request) -> Response:
        """A response. Raises Stopped."""
        work = self.calls.complete(request)
        try:
            future = asyncio.run_coroutine_threadsafe(work, self.loop)
        except RuntimeError:  # the run is over, and its loop closed
            work.close()
            raise Stopped(self.calls.unpaid("a model after the run has ended")) from None
        return future.result()

    def __deepcopy__(self, memo: object) -> Waiting:
        return self


class Awaiting:
    """The same for a loop of the module's own."""

    def __init__(self, engine: Waiting) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        """A response. Raises Stopped."""
        engine = self.engine
        future = asyncio.run_coroutine_threadsafe(engine.calls.complete(request), engine.loop)
        return await asyncio.wrap_future(future)

    def __deepcopy__(self, memo: object) -> Awaiting:
        return self


class BoundLm(dspy.LM):  # type: ignore[misc]
    """The model of a module. DSPy's callbacks and history look on at what is really sent, which is
    behind the engines, and see it once; so they are not told of this one."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """The outputs of a call, as DSPy's adapters want them."""
        return dspy.BaseLM.__call__.__wrapped__(self, *args, **kwargs)

    async def acall(self, *args: object, **kwargs: object) -> object:
        """The same in a loop."""
        return await dspy.BaseLM.acall.__wrapped__(self, *args, **kwargs)

    def update_history(self, entry: object) -> None:
        """Keeps nothing: the store does."""

    def __deepcopy__(self, memo: object) -> BoundLm:
        return self


class Guard(BaseCallback):  # type: ignore[misc]
    """Stops calls of other models than the run's before they are sent."""

    def __init__(self, calls: ModuleCalls) -> None:
        self.calls = calls

    def on_lm_start(self, call_id: str, instance: object, inputs: object) -> None:
        """Raises UnpaidError for an LM that is not behind the run's engines; those of the module do
        not come here."""
        if get_context() is None:
            self.calls.unpaid(f"the model {getattr(instance, 'model', type(instance).__name__)}")
            raise UnpaidError
