"""DSPy modules that answer prompts: bounded, paid, kept, recorded and tuned like any other call."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.lm import engine_of
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.trust_list import Listed, keep
from rlmlang.trajectory.events import CallFinished, Event
from tests.conftest import BOOK, Rlm
from tests.program.rules import asked_of, rule_lm, saying

HEAD = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor
import dspy
LEFT = []

class Careful(dspy.Module):
    def __init__(self, signature):
        super().__init__()
        self.draft = dspy.ChainOfThought(signature)
        self.judge = dspy.Predict("draft -> verdict")
"""
CAREFUL = """
    def forward(self, **inputs):
        found = self.draft(**inputs)
        said = self.judge(draft=str(found.result))
        return dspy.Prediction(result=f"{found.result}, {said.verdict}")
"""
RECIPE = """rlm 1
prompt answer(page: Slice, question: Text) -> {result} {{
  module: "mine.py:Careful"
  calls <= {calls}
  {more}
  task: "Answer the question from the page."
}}
recipe find(question: Text, book: Text) -> {result} {{
  budget {{ calls <= {budget} }}
  return answer(book, question)
}}
"""
SAID = saying({"result": "bees", "verdict": "sure", "reasoning": "so"})


def answering(body: str = CAREFUL, **changes: Any) -> None:
    """A recipe whose prompt is answered by a module of this body."""
    said = {"result": "Text max 100tok", "calls": 2, "more": "", "budget": 50, **changes}
    Path("mine.py").write_text(HEAD + body)
    Path("find.rlm").write_text(RECIPE.format(**said))


def find(lm: dspy.LM | None = None, **settings: Any) -> Any:
    """The recipe called with a page of text."""
    module = rlmlang.load("find.rlm", model=lm or rule_lm(SAID), store=None, **settings)
    return module(book="The bees hang behind the bell.", question="who?")


def refused(code: str, lm: dspy.LM | None = None, **settings: Any) -> str:
    """The words of the problem, which has that code."""
    with pytest.raises(CodedError) as caught:
        find(lm, **settings)
    assert caught.value.diagnostic.code == code, str(caught.value)
    return str(caught.value)


# ── a module of the user's ───────────────────────────────────────────────────


def test_it_answers_with_calls_that_are_the_runs(folder: Path) -> None:
    answering()
    events, lm = list[Event](), rule_lm(SAID)
    (folder / "book.txt").write_text("The bees hang behind the bell.")
    options = Options(
        store=None,
        models=("rule/one",),
        sources={"book": "book.txt"},
        values={"question": "who?"},
    )
    ready = prepare("find.rlm", options, need_all=True)
    found = execute(ready, engine=engine_of(lm), listener=events.append)
    assert (found.result, found.usage.calls) == ("bees, sure", 2)
    calls = [e for e in events if isinstance(e, CallFinished)]
    assert [str(e.call) for e in calls] == ["result.call 1", "result.call 2"]
    assert [bool(e.ranges) for e in calls] == [True, False]
    assert ready.plan.totals.worst.calls.value() == 2
    first, second = asked_of(lm)
    assert "The bees hang behind the bell." in str(first.messages[-1].text)
    assert "bees" in str(second.messages[-1].text)
    assert first.config.max_tokens == 1_000


def test_it_answers_in_map_filter_reduce_and_recurse(folder: Path) -> None:
    Path("mine.py").write_text(HEAD + "    def forward(self, **inputs):\n"
                               "        return self.draft(**inputs)\n")  # fmt: skip
    block = '{ module: "mine.py:Careful"  calls <= 1  task: "Do." }'
    Path("find.rlm").write_text(f"""rlm 1
prompt note(page: Slice) -> Text max 30tok {block}
prompt good(note: Text) -> Bool {block}
prompt merge(notes: [Text]) -> Text max 30tok {block}
record Found {{ joined: Text max 30tok, recursed: Text max 30tok }}
recipe find(book: Text) -> Found {{
  let notes = map (split book by tokens(max: 100tok)) with note()
  let kept = filter notes with good()
  let joined = reduce kept with merge()
  let recursed = recurse book {{
    leaf <= 200tok with note()
    branch by tree(into: 2)
    join with merge()
    depth <= 8
  }}
  return Found(joined: joined, recursed: recursed)
}}
""")
    lm = rule_lm(saying({"result": "True", "reasoning": "so"}))
    module = rlmlang.load("find.rlm", model=lm, store=None)
    lines = "".join(f"line {n} of many\n" for n in range(60))
    found = module(book=lines)
    assert (found.joined, found.recursed) == ("True", "True")


def test_a_call_too_many_is_not_sent_and_no_except_hides_it(folder: Path) -> None:
    answering("""
    def forward(self, **inputs):
        for _ in range(9):
            try:
                self.draft(**inputs, config={"temperature": 1.0})
            except Exception:
                pass
        return dspy.Prediction(result="made up")
""")
    lm = rule_lm(SAID)
    assert "once more than the 2 calls" in refused("module-calls-spent", lm)
    assert len(asked_of(lm)) == 2


def test_a_spent_budget_ends_the_run_whatever_the_module_says(folder: Path) -> None:
    answering(
        """
    def forward(self, **inputs):
        try:
            self.draft(**inputs)
            self.judge(draft="a")
        except Exception:
            pass
        return dspy.Prediction(result="made up")
""",
        budget=1,
    )
    lm = rule_lm(SAID)
    assert "the budget of 1 calls" in refused("budget-spent", lm)
    assert len(asked_of(lm)) == 1


def test_a_request_larger_than_its_context_is_not_sent(folder: Path) -> None:
    answering(
        """
    def forward(self, **inputs):
        try:
            self.judge(draft="long " * 9_000)
        except Exception:
            pass
        return dspy.Prediction(result="made up")
""",
        more="context <= 3ktok  output <= 200tok",
    )
    lm = rule_lm(SAID)
    assert "the plan allows" in refused("request-too-large", lm)
    assert asked_of(lm) == []


def test_output_bounds_each_answer(folder: Path) -> None:
    answering(more="output <= 300tok")
    lm = rule_lm(SAID)
    find(lm)
    assert [r.config.max_tokens for r in asked_of(lm)] == [300, 300]


@pytest.mark.parametrize(("gives", "code", "words"), [
    ('"bees"', "module-failed", "gave a str"),
    ('dspy.Prediction(other="bees")', "module-failed", "without `result`: it has `other`"),
    ("1 / 0", "module-failed", "ZeroDivisionError"),
    ("sys.exit(3)", "module-failed", "SystemExit"),
    ('dspy.Prediction(result="bees " * 400)', "module-failed", "the result"),
    ("asyncio.run(asyncio.sleep(0)) or self.judge(1)", "module-failed", ""),
])  # fmt: skip
def test_what_is_no_answer_is_a_problem_of_the_item(
    folder: Path, gives: str, code: str, words: str
) -> None:
    answering(f"    def forward(self, **inputs):\n        return {gives}\n")
    assert words in refused(code)


def test_its_answer_has_the_prompts_type_and_holds_its_check(folder: Path) -> None:
    answering(
        "    def forward(self, **inputs):\n        return dspy.Prediction(result='seven')\n",
        result="Int",
    )
    assert "no Int" in refused("module-failed")
    answering(
        "    def forward(self, **inputs):\n        return dspy.Prediction(result=7)\n",
        result="Int",
        more="check: result > 8",
    )
    assert "result > 8" in refused("module-failed")
    answering(
        "    def forward(self, **inputs):\n        return dspy.Prediction(result='9')\n",
        result="Int",
    )
    assert find().result == 9


def test_a_record_may_be_the_fields_of_its_prediction(folder: Path) -> None:
    answering("    def forward(self, **inputs):\n"
              "        return dspy.Prediction(name='a', count=2, more=3)\n", result="Answer")  # fmt: skip
    recipe = Path("find.rlm").read_text()
    recipe = recipe.replace("rlm 1", "rlm 1\nrecord Answer { name: Text max 9tok, count: Int }")
    Path("find.rlm").write_text(recipe)
    assert find().result == {"name": "a", "count": 2}


def test_a_failing_item_may_be_left_out(folder: Path) -> None:
    Path("mine.py").write_text(
        HEAD
        + """
    def forward(self, **inputs):
        if "bell" in inputs["page"]:
            raise ValueError("no bells")
        return self.draft(**inputs)
"""
    )
    Path("find.rlm").write_text("""rlm 1
prompt note(page: Slice) -> Text max 30tok {
  module: "mine.py:Careful"
  calls <= 1
  task: "Do."
}
recipe find(book: Text) -> [Text] {
  return map (split book by tokens(max: 200tok)) with note() { on_error: skip(at_most: 50%) }
}
""")
    module = rlmlang.load("find.rlm", model=rule_lm(SAID), store=None)
    assert module(book=BOOK).result == ["bees"] * 3


def test_a_module_that_never_calls_reads_nothing(folder: Path) -> None:
    answering("    def forward(self, **inputs):\n        return dspy.Prediction(result='x')\n")
    (folder / "book.txt").write_text(BOOK)
    found = rlmlang.run("find.rlm", store=None, sources={"book": "book.txt"},
                        values={"question": "who?"})  # fmt: skip
    (line,) = found.receipt
    assert (found.result, found.usage.calls, line.read, line.by_code) == ("x", 0, 0, True)


# ── where it runs ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [
    """
        pairs = [(self.judge, dict(draft=t)) for t in "ab"]
        found = dspy.Parallel(num_threads=2, disable_progress_bar=True)(pairs)
        return dspy.Prediction(result=found[0].verdict + found[1].verdict)
""",
    """
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda t: self.judge(draft=t), "ab"))
        return dspy.Prediction(result=found[0].verdict + found[1].verdict)
""",
])  # fmt: skip
def test_threads_of_a_module_ask_through_the_run(folder: Path, body: str) -> None:
    answering("    def forward(self, **inputs):" + body)
    lm, other = rule_lm(SAID), rule_lm(SAID, "rule/other")
    with dspy.context(lm=other):
        found = find(lm)
    assert (found.result, found.usage.calls) == ("suresure", 2)
    assert (len(asked_of(lm)), asked_of(other)) == (2, [])


@pytest.mark.parametrize("body", [
    """
    async def aforward(self, **inputs):
        found, said = await asyncio.gather(self.draft.acall(**inputs), self.judge.acall(draft="a"))
        return dspy.Prediction(result=found.result + said.verdict)
""",
    """
    async def aforward(self, **inputs):
        return dspy.Prediction(result=self.draft(**inputs).result + self.judge(draft="a").verdict)
""",
])  # fmt: skip
def test_an_asynchronous_module_has_a_loop_of_its_own(folder: Path, body: str) -> None:
    answering(body)
    found = find()
    assert (found.result, found.usage.calls) == ("beessure", 2)


@pytest.mark.parametrize("asks", [
    "with dspy.context(lm=OTHER): self.draft.deepcopy().set_lm(OTHER) or dspy.Predict('a -> b')(a='x')",
    "OTHER('hello')",
    "self.judge.lm = OTHER; self.judge(draft='a')",
    "asyncio.run(OTHER.acall('hello'))",
])  # fmt: skip
def test_another_model_is_stopped_before_it_is_asked(folder: Path, asks: str) -> None:
    answering(f"""
    def forward(self, **inputs):
        OTHER = dspy.settings.get("another")
        try:
            {asks}
        except Exception:
            pass
        return dspy.Prediction(result="made up")
""")
    other = rule_lm(SAID, "rule/other")
    with dspy.context(another=other):
        assert "rule/other, which is not the run's" in refused("unpaid-call")
    assert asked_of(other) == []


def test_a_model_that_a_module_sets_for_the_process_is_not_asked(folder: Path) -> None:
    answering("""
    def forward(self, **inputs):
        dspy.configure(lm=dspy.LM("openai/other", api_key="k", api_base="http://127.0.0.1:9"))
        dspy.Predict("a -> b")(a="x")
        return self.draft(**inputs)
""")
    (folder / "book.txt").write_text(BOOK)
    command = [sys.executable, "-m", "rlmlang", "run", "find.rlm", "--source", "book=book.txt"]
    done = subprocess.run(
        [*command, "--set", "question=who?"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "2 calls" in done.stderr) == (0, True), done.stderr


def test_a_predictor_with_a_model_of_its_own_is_refused_when_it_is_loaded(folder: Path) -> None:
    answering(CAREFUL + "\n    _set = dspy.Module.set_lm\n")
    text = (
        Path("mine.py")
        .read_text()
        .replace(
            'dspy.Predict("draft -> verdict")',
            'dspy.Predict("draft -> verdict")\n        self.judge.lm = dspy.LM("openai/x", api_key="k")',
        )
    )
    Path("mine.py").write_text(text)
    assert "`judge` has a model of its own" in refused("module-missing")


def test_nothing_is_asked_once_it_has_answered(folder: Path) -> None:
    answering("""
    def forward(self, **inputs):
        go, predictor = threading.Event(), self.judge
        def later():
            go.wait(30)
            try:
                predictor(draft="late")
            except Exception as mistake:
                LEFT.append(str(mistake))
        thread = threading.Thread(target=later)
        thread.start()
        LEFT.append((thread, go))
        return self.draft(**inputs)
""")
    lm = rule_lm(SAID)
    module = rlmlang.load("find.rlm", model=lm, store=None)
    left = type(module.steps["result"]).forward.__globals__["LEFT"]

    async def both() -> Any:
        found = await module.acall(book="The bees.", question="who?")
        thread, go = left[0]
        go.set()
        await asyncio.to_thread(thread.join, 30)
        return found

    import asyncio

    assert asyncio.run(both()).usage.calls == 1
    assert "after it has answered" in left[1]
    assert len(asked_of(lm)) == 1


class Looking(BaseCallback):
    """Counts what DSPy tells of LMs."""

    def __init__(self) -> None:
        self.models = list[str]()

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.models.append(instance.model)


def test_onlookers_of_dspy_see_each_request_once(folder: Path) -> None:
    answering()
    looking, lm = Looking(), rule_lm(SAID)
    with dspy.context(callbacks=[looking], track_usage=True):
        found = find(lm)
    assert looking.models == ["rule/one"] * 2
    used = found.get_lm_usage()["rule/one"]
    assert used["prompt_tokens"] == found.usage.tokens_in
    assert len(lm.history) == 2


# ── kept ─────────────────────────────────────────────────────────────────────


def test_no_call_is_paid_twice(folder: Path) -> None:
    broken = CAREFUL.replace("said =", "1 / 0\n        said =")
    answering(broken)
    lm = rule_lm(SAID)
    given: Any = {"values": {"book": "The bees.", "question": "who?"}, "model": lm}
    first = rlmlang.run("find.rlm", **given)
    assert first.problem is not None and first.problem.diagnostic.code == "module-failed"
    answering()
    second = rlmlang.run("find.rlm", **given)
    assert (second.result, len(asked_of(lm)), second.reused) == ("bees, sure", 2, 1)
    assert rlmlang.run("find.rlm", **given).result == "bees, sure"
    assert len(asked_of(lm)) == 2


def test_the_record_has_each_call_below_that_of_the_item(folder: Path, rlm: Rlm) -> None:
    answering()
    (folder / "book.txt").write_text(BOOK)
    ran = rlm("run", "find.rlm", "--source", "book=book.txt", "--set", "question=who?")
    assert ran.code == 0
    shown = rlm("show").out
    assert re.search(r"result\.call 1 .*\n.*result\.call 2 ", shown)
    assert "[[ ## page ## ]]" in rlm("show", "last", "result.call 1").out


def test_a_plan_says_what_it_would_run(folder: Path, rlm: Rlm) -> None:
    answering("1 / 0\n")
    keep(Listed())
    planned = rlm("plan", "find.rlm")
    assert (planned.code, "runs mine.py:Careful" in planned.err) == (0, True)


# ── the user's file ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(("text", "words"), [
    (None, "is no file"),
    ("def Careful(signature): return 7", "it gives 7"),
    ("import nowhere_at_all", "ModuleNotFoundError"),
    ("x = 1", "no such name"),
    ("import dspy\nCareful = dspy.Predict", "a class that derives from dspy.Module"),
    ("import dspy\nclass Careful(dspy.Module):\n  def __init__(self, s):\n    raise ValueError('no')",
     "ValueError: no (line 4)"),
])  # fmt: skip
def test_what_cannot_be_loaded_is_said(folder: Path, text: str | None, words: str) -> None:
    answering()
    Path("mine.py").unlink() if text is None else Path("mine.py").write_text(text)
    with pytest.raises(CodedError) as caught:
        find()
    assert caught.value.diagnostic.code == "module-missing"
    assert words in str(caught.value) + str(caught.value.diagnostic.hint)


@pytest.mark.parametrize("text", [
    "import dspy\nfrom beside import Careful",
    "import dspy, beside\ndef Careful(signature): return beside.Careful(signature)",
    "import dspy, beside\ndef Careful(): return beside.Careful('page, question -> result')",
    "import dspy, beside\nCareful = beside.Careful('page, question -> result')",
])  # fmt: skip
def test_a_class_a_function_and_a_module_are_taken(folder: Path, text: str) -> None:
    answering()
    Path("mine.py").rename("beside.py")
    Path("mine.py").write_text(text)
    assert find().result == "bees, sure"
