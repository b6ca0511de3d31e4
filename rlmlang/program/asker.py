"""The asker: a prompt with its inputs through its DSPy predictor, and back as plain values."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dspy
from dspy.lm15 import Request, Response

from rlmlang.framing.markers import Escapes
from rlmlang.framing.replies import UnreadableError, unframed
from rlmlang.ir import recipe as r
from rlmlang.ir.calls import CallId
from rlmlang.ir.types import Type
from rlmlang.models.endings import unless_whole
from rlmlang.models.engines.call_context import CallContext, Stopped, set_context, words_of
from rlmlang.models.routes import Route
from rlmlang.program.adapter import Answer, PromptAdapter, ValueUnreadableError
from rlmlang.program.program import RecipeProgram
from rlmlang.program.render import render
from rlmlang.program.signatures import AGAIN, RESULT, again, field_name, plain
from rlmlang.protocols import AnswerError, Question, Reply
from rlmlang.unicode import encodable


@dataclass(frozen=True)
class Traced:
    """A call as optimizers see it: whose it is, and DSPy's triple of predictor, inputs, answer."""

    predictor: str
    call: CallId
    readable: bool
    entry: tuple[Any, dict[str, Any], Any]


NOTHING = frozenset(("", "none", "null", "n/a", "nothing", "(none)", "(empty)"))


class DspyAsker:
    """Asks through the predictors of a recipe's DSPy program. `routes` gives the way of each role.

    The request is built by DSPy's adapter and sent down our own engines, without DSPy's LM layer in
    between, which takes most of the time at hundreds of calls a second.
    """

    def __init__(
        self, program: RecipeProgram, routes: Mapping[str, Route],
        trace: list[Traced] | None = None,
    ) -> None:  # fmt: skip
        self.program, self.routes, self.trace = program, routes, trace
        self.adapter = PromptAdapter()
        self._documented: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    async def ask(self, question: Question) -> Reply:
        """One request. Raises AnswerError for an unreadable answer, CodedError for no answer."""
        prompt, inputs, escapes = question.prompt, question.inputs, Escapes()
        predictor = self.program.predictor(question.predictor)
        signature = self._signature(predictor.signature, prompt, inputs, escapes)
        fields = {
            field_name(p.name): encodable(render(inputs[p.name], p.type)) for p in prompt.params
        }
        data = (*fields.values(), signature.instructions)
        if question.refused is not None:
            signature = again(signature)
            fields |= {
                "earlier_answer": unframed(question.refused.answer, (RESULT,)),
                "problem": question.refused.reason,
            }  # fmt: skip
        context = CallContext(question.account, prompt.model.output, question.call, prompt.name,
                    question.ranges, question=question, tell=question.tell)  # fmt: skip
        route = self.routes[prompt.model.name]
        request = self.adapter.request(route.name, route.config, signature, predictor.demos, fields,
                                       escapes)  # fmt: skip
        response = await self._send(route, request, context)
        reply = Reply(None, encodable(words_of(response)), context.exchange, escapes.count)
        try:
            unless_whole(response, prompt, reply, route.config.max_tokens)
            found, value = self._read(signature, prompt, reply, escapes, data)
        except AnswerError:
            self._traced(question, predictor, fields, {RESULT: reply.raw}, False)
            raise
        self._traced(question, predictor, fields, found.fields, True)
        return replace(reply, value=value, repairs=found.repairs)

    def _traced(
        self, question: Question, predictor: Any, fields: dict[str, Any], found: dict[str, Any],
        readable: bool,
    ) -> None:  # fmt: skip
        """Keeps a call for an optimizer, where one looks on."""
        if self.trace is not None:
            said = {k: v for k, v in fields.items() if k not in AGAIN}
            self.trace.append(Traced(question.predictor, question.call, readable,
                                     (predictor, said, dspy.Prediction(**found))))  # fmt: skip

    def _signature(
        self, signature: Any, prompt: r.Prompt, inputs: Mapping[str, Any], escapes: Escapes
    ) -> Any:
        """A predictor's signature with the prompt's documentation above the task; a task with a
        template is filled in for this call."""
        if not templated(prompt.task):
            return self._dressed(signature, prompt)
        task = escapes.escape(_filled(signature.instructions, {**dict(prompt.settings), **inputs}))
        return signature.with_instructions(instructions_of(prompt, task))

    def _dressed(self, signature: Any, prompt: r.Prompt) -> Any:
        if not prompt.doc:
            return signature
        known = self._documented.get(signature)
        if known is None or known[0] != signature.instructions:
            made = signature.with_instructions(instructions_of(prompt, signature.instructions))
            known = self._documented[signature] = (signature.instructions, made)
        return known[1]

    async def _send(self, route: Route, request: Request, context: CallContext) -> Response:
        set_context(context)
        try:
            return await route.engine.complete(request)
        except Stopped as mistake:
            raise mistake.problem from None
        finally:
            set_context(None)

    def _read(
        self, signature: Any, prompt: r.Prompt, reply: Reply, escapes: Escapes, data: Sequence[str]
    ) -> tuple[Answer, Any]:
        """The fields of an answer, and its result as plain values. Raises AnswerError."""
        if not reply.raw.strip():
            raise AnswerError("the answer is empty", reply)
        try:
            found = self.adapter.read(signature, reply.raw, escapes, data)
            return found, _value(found.fields[RESULT], prompt.result)
        except UnreadableError as mistake:
            if not isinstance(mistake, ValueUnreadableError):
                raise AnswerError(str(mistake), reply) from None
            words = mistake.cause
        except (ValueError, RecursionError) as mistake:
            words = str(mistake)
        reason = f"`{RESULT}` cannot be read as {prompt.result}: {' '.join(words.split())[:200]}"
        raise AnswerError(reason, reply)


def templated(task: str) -> bool:
    """Whether a task is a template."""
    return "{{" in task or "{%" in task


def instructions_of(prompt: r.Prompt, task: str) -> str:
    """A task, with the prompt's documentation above it."""
    return f"{prompt.doc}\n\n{task}" if prompt.doc else task


def _filled(task: str, values: Mapping[str, Any]) -> str:
    """A template filled in. An optimizer's rewriting that is none stays as it is."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    try:
        return environment.from_string(task).render(values)
    except TemplateError:
        return task


def _value(found: Any, type_: Type) -> Any:
    """An answer as plain values; text that says nothing is none where none is allowed."""
    if isinstance(found, str):
        text = encodable(found.strip())
        return None if type_.optional and text.lower() in NOTHING else text
    return plain(found)
