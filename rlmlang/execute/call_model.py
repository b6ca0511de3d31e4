"""One prompt put to one item: asked, checked, asked again with the reason, recorded and paid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from rlmlang.budget import Account
from rlmlang.context import Datum, Document, Part, Row, Tree, items_of, parts_in, section_of
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.coding import coded
from rlmlang.execute.evaluate import evaluate
from rlmlang.execute.input_limits import beginning
from rlmlang.execute.made import MadeRecord
from rlmlang.execute.nesting import deep_enough
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.validate import Shown, problem_with, with_places
from rlmlang.framing.repairs import QUOTE
from rlmlang.ir import recipe as r
from rlmlang.ir.calls import CallId
from rlmlang.ir.expressions import Constant, Expr, Ref
from rlmlang.ir.request_sizes import REASON
from rlmlang.ir.sizes import GROWTH
from rlmlang.ir.types import Type
from rlmlang.ir.walk import calls_code, names
from rlmlang.protocols import AnswerError, NoAnswerError, Question, Refused, Reply
from rlmlang.trajectory.events import NOTHING, CallFailed, CallFinished, CallRead, Exchange, Range

SHOWN = 4_000


class ItemError(CodedError):
    """One item brought no usable answer; `on_error` decides what that means."""


@dataclass(frozen=True)
class Request:
    """What is asked for one item: the call, the prompt and its inputs.
    `about` is what its inputs are taken from without being a part of it, as a field of a row is;
    `depth` counts the levels of recursion and of sessions above it, itself included; `source` is
    what quotes are held against, where that is not what the prompt itself is given."""

    call: CallId
    prompt: r.Prompt
    inputs: Mapping[str, Datum]
    part: str = ""
    account: Account | None = None
    depth: int = 1
    source: Shown | None = None
    about: tuple[tuple[Part, ...], ...] = ()

    @property
    def node(self) -> str:
        """The node of the plan that asks."""
        step = self.call.step
        return f"{step}.{self.part}" if self.part else step

    @cached_property
    def arguments(self) -> tuple[tuple[Part, ...], ...]:
        """What each input shows of documents, looked for once."""
        return (*(tuple(parts_in(value)) for value in self.inputs.values()), *self.about)

    def shown(self, names: frozenset[str]) -> tuple[tuple[Part, ...], ...]:
        """What those of its inputs show of documents that have these names."""
        if names.issuperset(self.inputs):
            return self.arguments
        arguments = zip(self.inputs, self.arguments, strict=False)
        return tuple(parts for name, parts in arguments if name in names)

    @property
    def parts(self) -> Iterator[Part]:
        """What is shown of documents."""
        return chain.from_iterable(self.arguments)


async def request_for(
    scope: RunContext,
    call: CallId,
    ask: r.Ask,
    env: Mapping[str, Datum],
    item: Datum,
    part: str = "",
    level: int = 0,
) -> Request:
    """The request for an item; without an element parameter the item is not passed. `level` is
    how far down a recursion it stands."""
    inside = {**env, "it": item}
    inputs = await coded(
        scope,
        call,
        calls_code(ask.args),
        lambda code: {n: evaluate(e, inside, code) for n, e in ask.args},
    )
    given = {**inputs, ask.element: item} if ask.element else inputs
    ordered = {p.name: shown_as(p.type, given.get(p.name)) for p in ask.prompt.params}
    return Request(
        call,
        ask.prompt,
        ordered,
        part,
        depth=scope.depth + 1 + level,
        source=Shown(ask.prompt, ordered, ask.told),
        about=tuple(_about(e, inputs[n], inside, ordered) for n, e in ask.args),
    )


def shown_as(type_: Type, value: Datum) -> Datum:
    """A value as a prompt is shown it: documents that are wanted as a list are read."""
    return items_of(value) if isinstance(value, Tree) and type_.is_list else value


def _about(
    e: Expr, value: Datum, env: Mapping[str, Datum], given: Mapping[str, Datum]
) -> tuple[Part, ...]:
    """The bytes of the rows whose fields make an argument that has no bytes of its own, but for
    those that are given as they are."""
    if isinstance(e, Constant | Ref) or next(parts_in(value), None) is not None:
        return ()
    rows = (env.get(name) for name in names(e))
    shown = [parts_in(value) for value in given.values() if isinstance(value, Row | MadeRecord)]
    known = list(chain.from_iterable(shown))
    apart = [row for row in rows if isinstance(row, Row | MadeRecord)]
    return tuple(p for row in apart for p in parts_in(row) if p not in known)


async def answer(scope: RunContext, request: Request) -> Datum:
    """The checked answer of a model, after at most 1 + retry requests.

    Raises ItemError when none was usable, CodedError when no further call makes sense.
    """
    refused: Refused | None = None
    tries = 0
    while True:
        outcome = await attempt(scope, request, tries, refused)
        if not isinstance(outcome, Refused):
            scope.receipt.read(request.call.step, request.arguments)
            return outcome.value
        refused, tries = outcome, tries + 1
        if tries > request.prompt.retry or _ends_so_again(request, refused):
            raise _gave_up(request, refused, tries)


async def attempt(
    scope: RunContext, request: Request, number: int, refused: Refused | None
) -> Reply | Refused:
    """One request: the reply, or why it was not taken. Both are recorded with what they cost."""
    deep_enough(scope, request.call.step, request.depth)
    call, prompt = request.call.again(number), request.prompt
    ranges = ranges_of(request.parts)
    account = request.account or scope.account.child(call.step)
    said = _repeated(scope, prompt, refused)
    given, part = request.inputs, request.part
    within = scope.allowance.of(request.node, prompt, again=said is not None)
    question = Question(call, prompt, given, account, said, _json(ranges), part, scope.emit, within)

    def not_taken(code: str, reason: str, exchange: Exchange = NOTHING) -> None:
        scope.emit(
            CallFailed(call=call, prompt=prompt.name, code=code, reason=reason, **vars(exchange))
        )

    try:
        reply = await scope.tools.asker.ask(question)
    except AnswerError as mistake:
        not_taken(mistake.code or "answer-unreadable", mistake.reason, mistake.reply.exchange)
        return Refused(mistake.reply.raw[:SHOWN], mistake.reason, mistake.code)
    except NoAnswerError as mistake:
        not_taken(mistake.diagnostic.code, mistake.diagnostic.message)
        raise _gone(request, mistake) from None
    except CodedError as mistake:
        not_taken(mistake.diagnostic.code, str(mistake))
        raise
    source = replace(request.source or Shown(prompt, given), adjusted=False)
    problem = await _problem(scope, request, reply.value, given, source)
    if problem:
        not_taken("check-failed", problem, reply.exchange)
        return Refused(reply.raw[:SHOWN], problem)
    reply = replace(reply, value=with_places(prompt.result, reply.value, source))
    scope.emit(CallFinished(call=call, prompt=prompt.name, ranges=ranges, **vars(reply.exchange)))
    repairs = [*reply.repairs, *([QUOTE] if source.adjusted else ())]
    if reply.escaped or repairs:
        scope.emit(CallRead(call=call, escaped=reply.escaped, repairs=repairs))
    return reply


async def _problem(
    scope: RunContext, request: Request, value: Datum, given: Mapping[str, Datum], source: Shown
) -> str:
    """Why an answer to what was given is not taken; empty when it is."""
    prompt, measure = request.prompt, scope.tools.measure
    return await coded(
        scope,
        request.call,
        calls_code(prompt.checks),
        lambda code: problem_with(prompt, value, given, measure, code, source),
    )


def _repeated(scope: RunContext, prompt: r.Prompt, refused: Refused | None) -> Refused | None:
    """What a repeated request says of the answer before, no more than the plan counts with."""
    if refused is None or refused.code:
        return None
    measure, written = scope.tools.measure, prompt.written * GROWTH
    return Refused(
        beginning(refused.answer, written, measure), beginning(refused.reason, REASON, measure)
    )


def _json(ranges: list[Range]) -> str:
    return json.dumps(ranges, ensure_ascii=False, separators=(",", ":")) if ranges else ""


def ranges_of(parts: Iterable[Part]) -> list[Range]:
    """The byte ranges of some parts, neighbours as one: a batch of rows is a few ranges."""
    out: list[Range] = []
    documents: list[Document] = []
    for part in parts:
        if out and out[-1][0] == part.document.id and out[-1][2] == part.start:
            out[-1][2] = part.end
        else:
            out.append([part.document.id, part.start, part.end])
            documents.append(part.document)
    for found, document in zip(out, documents, strict=True):
        if section := section_of(document, int(found[1]), int(found[2])):
            found.append(section)
    return out


def _gone(request: Request, mistake: NoAnswerError) -> ItemError:
    """An item that no request brought an answer for, while others were answered."""
    found = mistake.diagnostic
    return ItemError(
        Diagnostic(
            found.code,
            f"{request.call}: {found.message}",
            (),
            found.reason or "Other calls were answered; this one failed each time it was sent.",
            found.hint if found.reason else "run again to try it once more",
        )
    )


def _ends_so_again(request: Request, refused: Refused) -> bool:
    """Whether the same request would end in the same way; a server that broke off may not."""
    whole = refused.code in ("", "answer-broken-off")
    return not whole and request.prompt.model.temperature == 0


# what to do about an answer that was not taken, by its code
MENDS = {
    "answer-cut": "allow more: a larger `max` of what is asked for, `output <=` of the model, or "
    "for one that thinks first `takes: { thinking: 4ktok }`; or ask for less in a call: smaller "
    "pieces, fewer items",
    "answer-filtered": "leave what the provider filters out of the source, or name another model",
    "answer-declined": "see with `rlm show` what it was asked; change the task, or name another "
    "model",
    "answer-tool-call": "the server offers the model tools of its own: switch them off there",
    "answer-broken-off": "run again with --retry-failed; the server's log says why",
    "answer-refused": "see it with `rlm show`; ask again with --retry-failed, allow more with "
    "`retry <=`",
}


def _gave_up(request: Request, refused: Refused, tries: int) -> ItemError:
    """What an item fails with when no answer of its model was taken."""
    within = f"{tries} {'try' if tries == 1 else 'tries'}"
    code = refused.code or "answer-refused"
    last = "The last answer was: " + (repr(refused.answer[:160]) if refused.answer else "empty")
    if _ends_so_again(request, refused):
        last += "\nAt temperature 0 the same request would end in the same way; it is not repeated."
    return ItemError(
        Diagnostic(
            code,
            f"{request.call}: {request.prompt.name} gave no usable answer in {within}: "
            f"{refused.reason}",
            (),
            last,
            MENDS[code],
        )
    )
