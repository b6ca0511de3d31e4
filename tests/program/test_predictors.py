"""Every model call of a run is made by the predictor of its step in the recipe's DSPy program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import dspy
import pytest
from dspy.lm15 import Request
from dspy.utils.callback import BaseCallback

from rlmlang.ir.predictors import prompts_of
from rlmlang.program.predictor import PromptPredictor
from rlmlang.program.program import RecipeProgram
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options, Outcome
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.trajectory.events import CallFinished, Event


@pytest.fixture
def pages(book: Path) -> Path:
    """A book no two pages of which are alike, so that no answer is used twice."""
    lines = (f"The road was wet at mile {n}. Nobody sang.\n" for n in range(40))
    (book / "book.txt").write_text("".join(lines) + "The key hangs behind the third bell.\n")
    return book


class Kept(ScriptedEngine):
    """Keeps the requests themselves, too."""

    async def complete(self, request: Request) -> Any:
        self.sent = [*getattr(self, "sent", []), request]
        return await super().complete(request)


def find(
    change: Callable[[RecipeProgram], object],
    script: Any = lambda task: "bees",
    file: str = "find.rlm",
    values: dict[str, Any] | None = None,
) -> tuple[Outcome, Kept, list[Event]]:
    """A run through a program that `change` has worked on."""
    given: dict[str, Any] = {"sources": {"book": "book.txt"}, "sets": {"question": "which?"}}
    given = given if values is None else {"values": values}
    ready = prepare(file, Options(store=None, models=("s/m",), **given), need_all=True)
    program = RecipeProgram(prompts_of(ready.plan))
    change(program)
    engine, events = Kept(script), list[Event]()
    outcome = execute(ready, engine=engine, listener=events.append, program=program)
    return outcome, engine, events


def wrap(kind: Any, *steps: str) -> Callable[[RecipeProgram], None]:
    """Puts a module that holds the step's own predictor in its place."""

    def change(program: RecipeProgram) -> None:
        for step in steps:
            program.steps[step] = kind(program.steps[step])

    return change


class Counting(dspy.Module):  # type: ignore[misc]
    """Sees each call, and hands it on."""

    seen: list[dict[str, str]]

    def __init__(self, inner: dspy.Module) -> None:
        super().__init__()
        self.inner = inner
        type(self).seen = []

    async def aforward(self, **inputs: str) -> dspy.Prediction:
        self.seen.append(inputs)
        return await self.inner.acall(**inputs)


def test_a_deleted_predictor_fails_the_run(pages: Path) -> None:
    outcome, engine, _ = find(lambda program: program.steps.pop("notes"))
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "predictor-missing"
    assert "`notes`" in str(outcome.problem)
    assert engine.requests == []


def test_what_is_no_module_is_no_predictor(pages: Path) -> None:
    outcome, _, _ = find(lambda program: program.steps.update(result=len))
    assert outcome.problem is not None and "`result`" in str(outcome.problem)
    assert outcome.problem.diagnostic.code == "predictor-missing"


def test_a_wrapped_predictor_sees_each_call_of_its_step(pages: Path) -> None:
    outcome, engine, events = find(wrap(Counting, "notes"))
    assert outcome.problem is None and outcome.result == "bees"
    calls = [e for e in events if isinstance(e, CallFinished) and e.node == "find.notes"]
    assert len(Counting.seen) == len(calls) == len(engine.requests) - 1 > 3
    assert all(set(inputs) == {"page", "question"} for inputs in Counting.seen)
    assert "".join(sorted(i["page"] for i in Counting.seen)).count("third bell") == 1


def test_repeated_calls_are_seen_too(pages: Path) -> None:
    (pages / "ask.rlm").write_text("""rlm 1
prompt kind(page: Text) -> Int { task: "Count." retry <= 2 }
recipe ask(page: Text) -> Int { return kind(page) }
""")
    answers = iter(["many", "some", "7"])
    outcome, _, _ = find(
        wrap(Counting, "result"), lambda t: next(answers), "ask.rlm", {"page": "x"}
    )
    assert outcome.result == 7 and outcome.usage.calls == len(Counting.seen) == 3


def test_a_subclass_is_called(pages: Path) -> None:
    class Louder(PromptPredictor):
        async def aforward(self, **inputs: str) -> dspy.Prediction:
            found = await super().aforward(**{**inputs, "question": "WHICH?"})
            return dspy.Prediction(result=found.result.upper())

    def change(program: RecipeProgram) -> None:
        program.steps["notes"] = Louder(program.steps["notes"].signature)

    outcome, engine, _ = find(change, lambda t: t.inputs.get("notes", "bees"))
    assert "BEES" in outcome.result and "bees" not in outcome.result
    assert all("WHICH?" in text for text in engine.requests[:-1])


def test_a_module_may_answer_without_a_model(pages: Path) -> None:
    """Not asynchronous, and of the program's own making: what it says is what the run uses."""

    class Rule(dspy.Module):  # type: ignore[misc]
        def forward(self, page: str, question: str) -> dspy.Prediction:
            return dspy.Prediction(result="bell" if "bell" in page else "none")

    outcome, engine, _ = find(lambda p: p.steps.update(notes=Rule()), lambda t: t.inputs["notes"])
    assert outcome.problem is None, outcome.problem
    assert outcome.result == "bell"
    assert outcome.usage.calls == len(engine.requests) == 0  # one note needs no merging


def test_a_module_that_is_not_asynchronous_asks_from_its_thread(pages: Path) -> None:
    class Twice(dspy.Module):  # type: ignore[misc]
        def __init__(self, inner: dspy.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, **inputs: str) -> dspy.Prediction:
            self.inner(**inputs)
            return self.inner(**{**inputs, "question": "really?"})

    outcome, engine, _ = find(wrap(Twice, "notes"))
    assert outcome.problem is None, outcome.problem
    assert outcome.usage.calls == len(engine.requests)
    assert sum("really?" in text for text in engine.requests) == (len(engine.requests) - 1) / 2


def test_what_a_module_gives_must_be_a_value_of_the_prompt(pages: Path) -> None:
    class Number(dspy.Module):  # type: ignore[misc]
        async def aforward(self, **inputs: str) -> dspy.Prediction:
            return dspy.Prediction(result=7)

    outcome, _, _ = find(lambda p: p.steps.update(result=Number()))
    assert outcome.problem is not None and "cannot be read as Text" in str(outcome.problem)


def test_a_module_that_breaks_off_is_told(pages: Path) -> None:
    class Broken(dspy.Module):  # type: ignore[misc]
        async def aforward(self, **inputs: str) -> dspy.Prediction:
            raise LookupError("no such page")

    outcome, _, _ = find(lambda p: p.steps.update(result=Broken()))
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "predictor-failed"
    assert "LookupError: no such page" in str(outcome.problem)


def test_instructions_and_demonstrations_set_on_a_predictor_are_sent(pages: Path) -> None:
    def change(program: RecipeProgram) -> None:
        for predictor in program.predictors():
            predictor.signature = predictor.signature.with_instructions("Say it in French.")
        program.steps["result"].demos = [dspy.Example(notes="abeilles", result="des abeilles")]

    _, engine, _ = find(change)
    assert all("Say it in French." in text for text in engine.requests)
    assert [("abeilles" in text) for text in engine.requests] == [False] * (
        len(engine.requests) - 1
    ) + [True]


def test_outside_a_run_a_predictor_says_who_asks_it(pages: Path) -> None:
    plan = prepare("find.rlm", Options(), need_all=False).plan
    program = RecipeProgram(prompts_of(plan))
    with pytest.raises(RuntimeError, match="asked by a run"):
        asyncio.run(program.steps["notes"].acall(page="x", question="y"))


def test_dspys_callbacks_and_usage_tracking_see_a_run(pages: Path) -> None:
    class Seen(BaseCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.called: list[dspy.Module] = []

        def on_module_start(self, call_id: str, instance: Any, inputs: Any) -> None:
            self.called.append(instance)

    seen = Seen()
    with dspy.context(callbacks=[seen]), dspy.track_usage() as tracker:
        outcome, engine, _ = find(lambda program: None)
    assert len([m for m in seen.called if isinstance(m, PromptPredictor)]) == len(engine.requests)
    used = tracker.get_total_tokens()["s/m"]
    assert used["prompt_tokens"] == outcome.usage.tokens_in > 0
    assert used["completion_tokens"] == outcome.usage.tokens_out > 0


TYPES: list[tuple[str, Any, str]] = [
    ("Text", str, "bees"), ("Int", int, "7"), ("[Text]", list[str], '["a"]'),
    ("Text?", str, "bees"), ("Kind", Literal["ant", "bee"], "bee"), ("Bool", bool, "True"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "python", "said"), TYPES)
@pytest.mark.parametrize("think", [False, True])
def test_requests_are_those_of_dspys_own_adapter(
    folder: Path, type_: str, python: Any, said: str, think: bool
) -> None:
    """Against a signature that is put together here, and DSPy's ChainOfThought and ChatAdapter."""
    more = "true" if think else "false"
    (folder / "ask.rlm").write_text(f"""rlm 1
enum Kind {{ ant bee }}
/// Pages of a field guide.
prompt kind(page: Text, about: Text) -> {type_} {{ task: "Which is it?" think: {more} answer: fields }}
recipe ask(page: Text) -> {type_} {{ return kind(page, "ants") }}
""")
    demo = dspy.Example(
        page="old", about="bees", result="x", **({"reasoning": "so"} if think else {})
    )
    thought = "[[ ## reasoning ## ]]\nso\n\n" if think else ""
    answer = Raw(f"{thought}[[ ## result ## ]]\n{said}\n\n[[ ## completed ## ]]")

    def change(program: RecipeProgram) -> None:
        program.steps["result"].demos = [demo]

    outcome, engine, _ = find(change, lambda t: answer, "ask.rlm", {"page": "six legs\n\nred"})
    assert outcome.problem is None, outcome.problem
    desc = "Leave it empty if there is nothing to say." if type_ == "Text?" else ""
    fields = {
        "page": (str, dspy.InputField(desc="")),
        "about": (str, dspy.InputField(desc="")),
        "result": (python, dspy.OutputField(desc=desc)),
    }
    signature = dspy.Signature(fields, "Pages of a field guide.\n\nWhich is it?")
    if think:
        signature = dspy.ChainOfThought(signature).predict.signature
    inputs = {"page": "six legs\n\nred", "about": "ants"}
    wanted = dspy.ChatAdapter().format(signature, [demo], inputs)
    (sent,) = engine.sent
    assert sent.system == wanted[0]["content"]
    assert [(m.role, m.text) for m in sent.messages] == [
        (m["role"], m["content"]) for m in wanted[1:]
    ]
