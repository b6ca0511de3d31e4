"""A prompt that a DSPy module answers, or a function that takes a model: its calls are the run's,
its answer is held to the prompt's type, sizes, quotes and checks like that of a model.

The module is not asked a second time: it repeats what it wants to within its calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.execute.aside import aside
from rlmlang.execute.call_model import ItemError, Request
from rlmlang.execute.evaluate import RunCode
from rlmlang.execute.nesting import deep_enough
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.session_events import tell_cell
from rlmlang.execute.validate import Shown, problem_with, with_places
from rlmlang.ir import recipe as r
from rlmlang.ir.module_prompts import PART, call_of
from rlmlang.ir.walk import calls_code
from rlmlang.protocols import Host, NoAnswerError, Question
from rlmlang.trajectory.events import CodeCalled


async def by_module(scope: RunContext, request: Request, module: r.DspyModule) -> Datum:
    """The answer. Raises ItemError where the module gives none, CodedError when no call makes sense
    any more."""
    deep_enough(scope, request.call.step, request.depth)
    prompt, tools = request.prompt, scope.tools
    source = replace(request.source or Shown(prompt, request.inputs), adjusted=False)

    def problem(value: Datum) -> str:
        return problem_with(prompt, value, request.inputs, tools.measure, tools.code, source)

    seen: list[CodeCalled] = []
    question = _question(scope, request, module, problem, tools.code.at(request.call, seen.append))
    try:
        try:
            reply = await tools.asker.ask(question)
        finally:
            for event in seen:
                scope.emit(event)
        words = await aside(calls_code(prompt.checks), lambda: problem(reply.value))
    except CodedError as mistake:
        raise _of_item(request, mistake) from None
    if words:
        raise ItemError(_not_taken(request, module, words))
    scope.receipt.read(request.call.step, request.shown(reply.shown))
    return with_places(prompt.result, reply.value, source)


def _question(
    scope: RunContext,
    request: Request,
    module: r.DspyModule,
    problem: Callable[[Datum], str],
    code: RunCode,
) -> Question:
    asked = call_of(request.prompt, module)
    return Question(
        request.call,
        request.prompt,
        request.inputs,
        request.account or scope.account.child(request.call.step),
        part=request.part,
        tell=scope.emit,
        within=scope.allowance.of(f"{request.node}.{PART}", asked, again=False),
        host=Host(
            problem,
            code,
            lambda: scope.tools.sandbox(None),
            lambda call, code, ran, took: tell_cell(scope, call, code, ran, took, ()),
            module.place is not None,
        ),
    )


def _of_item(request: Request, mistake: CodedError) -> CodedError:
    """A problem as that of its item, where it may befall one; others are those of the run."""
    if "item" not in mistake.entry and not isinstance(mistake, NoAnswerError):
        return mistake
    found = mistake.diagnostic
    return ItemError(replace(found, message=f"{request.call}: {found.message}"))


def _not_taken(request: Request, module: r.DspyModule, words: str) -> Diagnostic:
    name, plain = request.prompt.name, module.place is not None
    return Diagnostic(
        "code-failed" if plain else "module-failed",
        f"{request.call}: what {'' if plain else 'the module of '}`{name}` gave is not taken: "
        f"{words}",
        (),
        "Its answer is held to its type and sizes, and to what a prompt checks.",
        "let it look at its answer and ask again, within its `calls`",
    )
