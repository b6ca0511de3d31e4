"""`code` functions that take a model of the recipe: what they ask is the run's."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime import check
from tests.conftest import Rlm
from tests.program.rules import AsyncRuleEngine, RuleEngine, asked_of, rule_lm

RECIPE = """rlm 1
model reader {{ output <= 300tok }}
code who(page: Slice, ask: reader, question: Text) -> Text max 60tok from "who.py:who" {{
  calls <= {calls}
}}
recipe find(question: Text, book: Text) -> [Text] {{
  let pages = split book by lines(per: 1, max: 30tok)
  return map pages with who(question: question)
}}
"""
BOOK = "The bees.\nThe wasps.\n"


def given(body: str, calls: int = 2, top: str = "") -> None:
    """The recipe, and the function with this body."""
    Path("find.rlm").write_text(RECIPE.format(calls=calls))
    Path("who.py").write_text(f"{top}\ndef who(page, ask, question):\n    {body}\n")


def ask(lm: Any, store: str | None = None, book: str = BOOK) -> Any:
    """What a run gives, or the problem that stopped it."""
    try:
        return rlmlang.load("find.rlm", model=lm, store=store)(book=book, question="who?")
    except CodedError as problem:
        return problem.diagnostic


def echo(system: str, messages: list[str]) -> str:
    """The last word that is asked, with what was said first."""
    return f"{system}{messages[-1].split()[-1]}"


def test_its_calls_are_counted_paid_kept_and_told(folder: Path) -> None:
    given("return ask(ask(page, system='the '), temperature=1.0) + question")
    plan = rlmlang.plan_recipe("find.rlm", values={"book": BOOK, "question": "who?"})
    assert plan.totals.worst.calls.value() == 8  # of four pieces, which two lines may be
    lm = rule_lm(echo)
    found = ask(lm, "s.db")
    assert found.result == ["bees.who?", "wasps.who?"]
    assert found.usage.calls == len(asked_of(lm)) == 4
    assert {c.id: c.answer for c in found.trajectory.calls} == {
        "result[0].call 1": "the bees.",
        "result[0].call 2": "bees.",
        "result[1].call 1": "the wasps.",
        "result[1].call 2": "wasps.",
    }
    assert [line.read for line in found.receipt if line.source == "book"] == [len(BOOK)]
    assert ask(lm, "s.db").result == found.result and len(asked_of(lm)) == 4


def test_a_call_too_many_is_not_sent_whatever_is_caught(folder: Path) -> None:
    given("ask('a')\n    try: ask('b')\n    except Exception: pass\n    return 'x'", 1)
    lm = rule_lm(echo)
    found = ask(lm, book="The bees.\n")
    assert (found.code, len(asked_of(lm))) == ("module-calls-spent", 1)


def test_in_dspy_it_is_the_model_that_is_set_and_no_other_is_asked(folder: Path) -> None:
    other = "dspy.LM('openai/x', api_key='x')('hello')"
    predict = "dspy.Predict('page -> result')(page=page).result"
    given(f"return {other} if 'wasps' in page else {predict}", 1, "import dspy")
    lm = rule_lm(lambda s, m: "[[ ## result ## ]]\nbees")
    assert ask(lm, book="The bees.\n").result == ["bees"]
    assert "[[ ## page ## ]]\nThe bees.\n" in str(asked_of(lm)[0].messages[-1].text)
    assert ask(lm, book="The wasps.\n").code == "unpaid-call"
    assert len(asked_of(lm)) == 1


def test_an_answer_that_is_cut_may_be_caught(folder: Path) -> None:
    given(
        "try: return ask('long')\n    except NoAnswer as no: return str(no)[:6]",
        top="from rlmlang.code import NoAnswer",
    )
    lm = rule_lm(echo)
    whole = lm._engine_spec.complete
    lm._engine_spec.complete = lambda r: dataclasses.replace(whole(r), finish_reason="length")
    assert ask(lm, book="The bees.\n").result == ["the an"]


def test_a_thread_that_is_left_behind_asks_nobody(folder: Path) -> None:
    given(
        "waits = threading.Event()\n"
        "    late = threading.Thread(target=lambda: (waits.wait(), SAID.append(tried(ask))))\n"
        "    LEFT.append((waits, late)); late.start()\n"
        "    if len(LEFT) == 1: return ask(page)\n"
        "    before = LEFT[0]; before[0].set(); before[1].join()\n"
        "    waits.set(); late.join()\n"
        "    return ' '.join(SAID)",
        3,
        "import threading\nLEFT, SAID = [], []\n"
        "def tried(ask):\n"
        "    try: return ask('b')\n"
        "    except BaseException as no: return type(no).__name__\n",
    )
    lm = rule_lm(echo)
    assert ask(lm, book="The bees.\n").result == ["bees."]
    assert ask(lm, book="The wasps.\n").result == ["AskedTooMuch b"]
    assert len(asked_of(lm)) == 2


def test_a_mock_is_what_its_model_says(folder: Path, rlm: Rlm) -> None:
    given("return ask(page).upper()")
    mocked = """
test "who" for find {
  given question: "who?"
  given book: "The bees."
  mock who returns "bees"
  expect result == ["BEES"]
}
"""
    Path("find.rlm").write_text(Path("find.rlm").read_text() + mocked)
    ran = rlm("test", "find.rlm")
    assert ran.code == 0, ran.out + ran.err


def test_functions_wait_for_their_answers_together(folder: Path) -> None:
    given("return ask(page)", 1)

    class Together(AsyncRuleEngine):
        """Answers when four are asked."""

        barrier = asyncio.Barrier(4)

        async def complete(self, request: Any) -> Any:
            await self.barrier.wait()
            return await super().complete(request)

    lm = rule_lm(echo)
    engine = RuleEngine(echo)
    lm = lm.copy(engine=engine, async_engine=Together(engine))
    book = "".join(f"page {n}\n" for n in range(4))
    assert ask(lm, book=book).result == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "asked",
    ["ask(3)", "ask('a', max_tokens='many')", "ask('a', temperature=9)", "ask.chat([])",
     "ask.chat([('system', 'a')])", "ask.chat([('user', 3)])"],
)  # fmt: skip
def test_what_no_model_can_be_asked_is_the_functions_mistake(folder: Path, asked: str) -> None:
    given(f"return {asked}")
    lm = rule_lm(echo)
    assert (ask(lm, book="The bees.\n").code, asked_of(lm)) == ("code-failed", [])


HEAD = """rlm 1
model reader { }
"""
PLAIN = 'code who(page: Text, ask: reader) -> Text max 9tok from "who.py:who" { calls <= 1 }\n'
MISUSES = {
    "module-unbounded": 'code who(x: Text, ask: reader) -> Text from "who.py:who"',
    "wrong-setting": 'code who(x: Text) -> Text from "who.py:who" { calls <= 1 }',
    "wrong-type": 'code who(a: reader, b: reader) -> Text from "who.py:who" { calls <= 1 }',
    "unnamed-step": PLAIN + 'recipe r(x: Text) -> Text { return join([who(x)], ",") }',
    "unknown-tool": PLAIN + 'prompt p(x: Text) -> Text { task: "t" repl { tools: [who] } }',
    "unknown-type": 'metric m(x: reader) -> Float from "m.py:m"',
}


@pytest.mark.parametrize("code", MISUSES)
def test_what_cannot_be_is_refused_in_words(folder: Path, code: str) -> None:
    Path("r.rlm").write_text(HEAD + MISUSES[code])
    assert code in [d.code for d in check("r.rlm").diagnostics]
