"""Answers in place of models: what a test says its steps answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.execute.evaluate import evaluate
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Code
from rlmlang.ir.predictors import HasSteps, named
from rlmlang.ir.types import ANY, TEXT
from rlmlang.models.engines.call_context import Stopped, get_context, text_of
from rlmlang.models.offline.request import MARK
from rlmlang.protocols import NoAnswerError, Question
from rlmlang.runtime.code import call_code, called
from rlmlang.testing.scripted import written
from rlmlang.trajectory.events import CallFailed, CallFinished
from rlmlang.trajectory.kinds import from_json

Answer = Callable[[Question], str]


class MockEngine:
    """An engine that answers each call as its mock says; a call without one stops the test."""

    def __init__(self, test: s.Test, recipe: HasSteps) -> None:
        folder = Path(test.base).parent
        self.answers: dict[str, Answer] = {}
        for mock in test.mocks:
            answer = _answer_of(mock, folder)
            for predictor in named(recipe, mock.name):
                self.answers[predictor] = answer
            if not named(recipe, mock.name):
                self.answers[mock.name] = answer

    async def complete(self, request: Request) -> Response:
        """The mocked answer."""
        context = get_context()
        question = context.question if context is not None else None
        assert question is not None
        answer = self.answers.get(question.predictor) or self.answers.get(question.call.step)
        if answer is None:
            raise Stopped(_not_mocked(question))
        text = answer(question)
        return Response(
            id="mock",
            model=request.model,
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=_usage(request, text),
        )


def _usage(request: Request, text: str) -> Usage:
    sent = sum(len(text_of(m)) for m in request.messages) + len(str(request.system or ""))
    return Usage(input_tokens=sent // 4 + 1, output_tokens=len(text) // 4 + 1)


def _answer_of(mock: s.Mock, folder: Path) -> Answer:
    match mock.answer:
        case s.Failing(reason):
            return _failing(reason)
        case s.Scripted(path):
            return _scripted(mock.name, path, folder)
        case s.Replayed(path):
            return _replayed(mock.name, folder / path)
        case expression:
            return lambda q: say(q, evaluate(expression, q.inputs, call_code))


def say(question: Question, value: object) -> str:
    """A value in the words of a model: code that submits it, where code is asked for."""
    if question.part.endswith("turn") and question.prompt.result == TEXT:
        return written(f"```python\nSUBMIT({value!r})\n```")
    if isinstance(value, bool):
        value = str(value)
    if question.host is not None and question.host.plain:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if value is None and question.prompt.result.textual:
        value = ""
    thinks = question.prompt.think or question.host is not None  # a module's predictors may
    thought = f"{MARK.format('reasoning')}\nmocked\n\n" if thinks else ""
    return thought + written(value)


def _failing(reason: str) -> Answer:
    def fail(question: Question) -> str:
        raise Stopped(NoAnswerError(Diagnostic("mocked-failure", reason)))

    return fail


def _scripted(name: str, path: str, folder: Path) -> Answer:
    """Answers by a file: the n-th line for item n, the next line for a call that is no item's; or
    by a function of the prompt's inputs."""
    if ".py:" in path:
        file, _, function = path.partition(":")
        code = Code(name, (), ANY, None, file, function, str(folder / "test.rlm"))
        return lambda q: say(q, called(code, (), q.inputs))
    lines = [json.loads(x) for x in read(folder / path).splitlines() if x.strip()]
    taken = iter(range(len(lines)))

    def answer(question: Question) -> str:
        index = question.call.index
        number = next(taken, len(lines)) if index is None else index
        if number >= len(lines):
            raise Stopped(_exhausted(name, path, len(lines), question))
        return say(question, lines[number])

    return answer


def _replayed(name: str, path: Path) -> Answer:
    """The words that were said in a recorded run, by the call's name and attempt."""
    events = [from_json(json.loads(line)) for line in read(path).splitlines()]
    said = {e.call: e.answer for e in events if isinstance(e, CallFinished | CallFailed)}

    def answer(question: Question) -> str:
        words = said.get(question.call)
        if words is None:
            raise Stopped(_not_recorded(path, question))
        return words

    return answer


def read(path: Path) -> str:
    """A file of a test. Raises CodedError (test-file)."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as mistake:
        hint = "paths are taken from the folder of the test's own file"
        raise failed("test-file", f"{path} cannot be read: {mistake}", hint=hint) from None


def _not_mocked(question: Question) -> CodedError:
    return failed(
        "not-mocked",
        f"{question.call} asked a model, and the test does not say what it answers",
        reason="A test reaches no model.",
        hint=f"add `mock {question.call.step} returns …`",
    )


def _exhausted(name: str, path: str, count: int, question: Question) -> CodedError:
    return failed(
        "mock-exhausted",
        f"{path} has {count:,} answers for {name}; {question.call} needs one more",
        hint="add a line, or expect fewer calls",
    )


def _not_recorded(path: Path, question: Question) -> CodedError:
    return failed(
        "not-recorded",
        f"{path.name} has no answer of {question.call}, attempt {question.call.attempt}",
        reason="The recipe asks otherwise than when the run was recorded.",
        hint="record it again: rlm test --record RUN",
    )
