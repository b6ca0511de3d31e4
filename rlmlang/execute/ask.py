"""One prompt put to one item: asked, checked, asked again with the reason, recorded and paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlmlang.check import recipe as r
from rlmlang.context import parts_in
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.scope import Scope
from rlmlang.execute.validate import problem_with
from rlmlang.protocols import AnswerError, Refused, Reply
from rlmlang.trajectory.events import CallFailed, CallFinished, CallStarted

SHOWN = 4_000


class ItemError(CodedError):
    """One item brought no usable answer; `on_error` decides what that means."""


@dataclass(frozen=True)
class Request:
    """What is asked for one item: the step, the call's own name, the prompt and its inputs."""

    step: str
    call: str
    prompt: r.Prompt
    inputs: dict[str, Any]


def request_for(
    scope: Scope, step: str, call: str, ask: r.Ask, env: Mapping[str, Any], item: Any
) -> Request:
    """The request for an item; without an element parameter the item is not passed."""
    inputs = {n: evaluate(e, {**env, "it": item}, scope.tools.code) for n, e in ask.args}
    ordered = {}
    for p in ask.prompt.params:
        if p.name == ask.element:
            ordered[p.name] = item
        elif p.name in inputs:
            ordered[p.name] = inputs[p.name]
        else:
            ordered[p.name] = None
    return Request(step, call, ask.prompt, ordered)


async def answer(scope: Scope, request: Request) -> Any:
    """The checked answer of a model, after at most 1 + retry requests.

    Raises ItemError when none was usable, CodedError when no further call makes sense.
    """
    refused: Refused | None = None
    async with scope.limiter:
        for attempt in range(1 + request.prompt.retry):
            outcome = await _attempt(scope, request, attempt, refused)
            if not isinstance(outcome, Refused):
                scope.receipt.read(request.step, parts_in(list(request.inputs.values())))
                return outcome.value
            refused = outcome
    assert refused is not None
    raise _gave_up(request, refused)


async def _attempt(
    scope: Scope, request: Request, attempt: int, refused: Refused | None
) -> Reply | Refused:
    """One request: the reply, or why it was not taken. Both are recorded with what they cost."""
    about = {
        "node": scope.node(request.step), "call": request.call,
        "prompt": request.prompt.name, "attempt": attempt,
    }  # fmt: skip
    scope.emit(CallStarted, **about)
    started = scope.clock()
    try:
        reply = await scope.tools.asker.ask(
            request.step, request.prompt, request.inputs, scope.account.child(request.step), refused
        )
    except AnswerError as mistake:
        usage = getattr(mistake, "usage", None)
        scope.emit(CallFailed, **about, code="answer-unreadable", reason=mistake.reason,
                   answer=mistake.raw, request=getattr(mistake, "prompt_text", ""),
                   **_used(usage))  # fmt: skip
        return Refused(mistake.raw[:SHOWN], mistake.reason)
    except CodedError as mistake:
        scope.emit(CallFailed, **about, code=mistake.diagnostic.code, reason=str(mistake))
        raise
    problem = problem_with(
        request.prompt, reply.value, request.inputs, scope.tools.measure, scope.tools.code
    )
    used = _used(reply.usage)
    if problem:
        scope.emit(CallFailed, **about, code="check-failed", reason=problem, answer=reply.raw,
                   request=reply.prompt_text, **used)  # fmt: skip
        return Refused(reply.raw[:SHOWN], problem)
    ranges = ranges_in(list(request.inputs.values()))
    scope.emit(CallFinished, **about, seconds=scope.clock() - started, answer=reply.raw,
               request=reply.prompt_text, ranges=ranges, **used)  # fmt: skip
    return reply


def ranges_in(value: Any) -> list[list[Any]]:
    """The byte ranges a value was cut from, neighbours as one: a batch of rows is a few ranges."""
    out: list[list[Any]] = []
    for part in parts_in(value):
        if out and out[-1][0] == part.document.id and out[-1][2] == part.start:
            out[-1][2] = part.end
        else:
            out.append([part.document.id, part.start, part.end])
    return out


def _used(usage: Any) -> dict[str, Any]:
    if usage is None:
        return {}
    return {
        "model": getattr(usage, "model", ""),
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "usd": float(usage.usd) if getattr(usage, "priced", False) else None,
    }


def _gave_up(request: Request, refused: Refused) -> ItemError:
    tries = 1 + request.prompt.retry
    return ItemError(
        Diagnostic(
            "answer-refused",
            f"{request.call}: {request.prompt.name} gave no usable answer in "
            f"{tries} {'try' if tries == 1 else 'tries'}: {refused.reason}",
            (),
            "The last answer was: " + (repr(refused.answer[:160]) if refused.answer else "empty"),
            "see it with `rlm show`; allow more with `retry <=`, or lose such items with "
            "`on_error: skip(at_most: 1%)`",
        )
    )
