"""A module that answers a prompt, run for one answer: on a copy of its own, in a thread of its own,
with the run's model and no other.

In a thread, whether it is asynchronous or not: what it computes holds up nothing else, and what it
asks waits in the run's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import anyio
import anyio.to_thread
import dspy

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.code_path import code_path
from rlmlang.framing.markers import Escapes
from rlmlang.ir.module_prompts import PART
from rlmlang.ir.recipe import DspyModule
from rlmlang.ir.template_sizes import templated
from rlmlang.models.engines.call_context import Stopped
from rlmlang.models.routes import Route
from rlmlang.program.known_modules import ANSWERING
from rlmlang.program.module_cells import Cells
from rlmlang.program.module_lm import Guard, ModuleCalls, UnpaidError
from rlmlang.program.module_value import WORDS, value_of
from rlmlang.program.modules import line_of
from rlmlang.program.predictor import Entry, Traced
from rlmlang.program.tasks import filled
from rlmlang.protocols import Question, Reply


@dataclass(frozen=True)
class Came:
    """What came of a run of a module: its prediction, or a mistake; the calls of its predictors."""

    prediction: object = None
    mistake: BaseException | None = None
    trace: Sequence[Entry] = ()


async def module_answer(
    module: dspy.Module,
    said: DspyModule,
    question: Question,
    route: Route,
    inputs: Mapping[str, str],
    trace: list[Traced] | None,
) -> Reply:
    """The answer of a module, of which a prompt has `said` what it may do. The reply's `shown` are
    the names of the inputs that its requests held. Raises CodedError."""
    prompt, escapes = question.prompt, Escapes()
    given = {name: escapes.escape(text) for name, text in inputs.items()}
    by_name = dict(zip((p.name for p in prompt.params), given.values(), strict=True))
    calls = ModuleCalls(question, said, route, by_name)
    copy = bound(module, question, calls)
    work = partial(run, copy, calls, given)
    try:
        came = await anyio.to_thread.run_sync(
            work, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1)
        )
    finally:
        calls.over = True
    if (problem := calls.problem or _problem(question, said, came)) is not None:
        raise problem
    if trace is not None:
        trace.extend(_traced(question, module, copy, came.trace))
    value = _restored(value_of(prompt, came.prediction), escapes, tuple(inputs.values()))
    return replace(calls.last, value=value, escaped=escapes.count, shown=frozenset(calls.shown))


def bound(module: dspy.Module, question: Question, calls: ModuleCalls) -> dspy.Module:
    """A copy of a module whose predictors ask the run's model, templates in their instructions
    filled in."""
    copy, prompt = module.deepcopy(), question.prompt
    for _, predictor in copy.named_predictors():
        predictor.lm = calls.lm
        said = predictor.signature.instructions
        if templated(prompt.task) and templated(said):
            task = Escapes().escape(filled(said, {**dict(prompt.settings), **question.inputs}))
            predictor.signature = predictor.signature.with_instructions(task)
    return copy


def run(module: dspy.Module, calls: ModuleCalls, inputs: Mapping[str, str]) -> Came:
    """One run, in a thread. Whatever it raises comes back as a value: `sys.exit()` is the module's
    mistake, and no end of the run's."""
    adapter = dspy.settings.adapter or dspy.ChatAdapter(use_json_adapter_fallback=False)
    callbacks = [*dspy.settings.callbacks, Guard(calls)]
    found: list[Entry] = []
    host = calls.question.host
    ANSWERING.set((calls.question.prompt, host) if host is not None else None)
    cells = {"interpreter_factory": Cells(host, calls)} if host is not None else {}
    now = {"lm": calls.lm, "adapter": adapter, "callbacks": callbacks, "trace": found, **cells}
    try:
        with dspy.context(**now):
            made = asyncio.run(module.acall(**inputs)) if only_async(module) else module(**inputs)
    except BaseException as mistake:
        return Came(mistake=mistake)
    return Came(made, trace=tuple(found))


def only_async(module: dspy.Module) -> bool:
    """Whether `aforward` is what was written last for a module: the other is inherited, or not
    there."""
    for kind in type(module).__mro__:
        if "forward" in vars(kind):
            return False
        if "aforward" in vars(kind):
            return True
    return False


def _problem(question: Question, module: DspyModule, came: Came) -> CodedError | None:
    """Why a module that raised something gives no answer."""
    mistake = came.mistake
    if mistake is None:
        return None
    for found in (mistake, mistake.__cause__, mistake.__context__):
        if isinstance(found, Stopped):
            return found.problem
        if isinstance(found, CodedError):
            return found
    if isinstance(mistake, UnpaidError):
        return failed("unpaid-call", "a model that is not the run's was called")
    words = " ".join(str(mistake).split())[:WORDS]
    return failed(
        "module-failed",
        f"the module of `{question.prompt.name}` raised {type(mistake).__name__}: {words}"
        + _line(module, mistake),
        hint="call it by itself with the same inputs, under `dspy.context(lm=…)`",
    )


def _line(module: DspyModule, mistake: BaseException) -> str:
    """Where in the user's file a mistake was made."""
    return line_of(mistake, code_path(module.code)) if module.code is not None else ""


def _traced(
    question: Question, module: dspy.Module, copy: dspy.Module, trace: Sequence[Entry]
) -> Iterator[Traced]:
    """The calls of a copy's predictors as those of the module that it was made of. Predictors that
    were made on the way are nobody's to tune."""
    names = {id(predictor): name for name, predictor in copy.named_predictors()}
    own = dict(module.named_predictors())
    for number, (predictor, inputs, prediction) in enumerate(trace, 1):
        if (name := names.get(id(predictor))) in own:
            call = question.call.inside(PART, number)
            yield Traced(question.predictor, call, True, (own[name], inputs, prediction))


def _restored(value: Datum, escapes: Escapes, data: Sequence[str]) -> Datum:
    """An answer with the field markers of what it quotes as they stand there."""
    if not escapes.count:
        return value
    if isinstance(value, str):
        return escapes.restore(value, data)
    if isinstance(value, Mapping):
        return {k: _restored(v, escapes, data) for k, v in value.items()}
    return [_restored(v, escapes, data) for v in value] if isinstance(value, list) else value
