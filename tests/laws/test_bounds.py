"""Calls made ≤ the bound, and requests no larger than the plan says: sound, and tight."""

from __future__ import annotations

import base64
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import Usage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rlmlang
from rlmlang.models.engines.call_context import system_text
from rlmlang.models.offline.request import Task
from rlmlang.partitions.measure import Estimate
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.testing import ScriptedEngine

RELAXED = settings(max_examples=40, deadline=None,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


def engine_refused(times: int) -> ScriptedEngine:
    """Answers badly `times` times before it answers well, whatever it is asked."""

    def script(task: Task) -> str:
        before = re.search(r"bad(\d)", task.inputs.get("earlier_answer", ""))
        count = int(before.group(1)) if before else 0
        return f"bad{count + 1}" if count < times else "good answer"

    return ScriptedEngine(script)


@st.composite
def recipes(draw: st.DrawFn) -> tuple[str, int]:
    """A recipe over a text, and how often each of its prompts may ask again."""
    retry = draw(st.integers(0, 2))
    size, fanin = draw(st.integers(60, 600)), draw(st.integers(2, 7))
    cut = draw(
        st.sampled_from(
            [
                f"tokens(max: {size}tok)",
                f"tokens(max: {size}tok, slack: 40%)",
                f"tokens(max: {size}tok, overlap: {size // 8}tok)",
                "lines(per: 3)",
                f"paragraphs(max: {size}tok)",
                f"stable(around: {size}tok)",
                f"tokens(max: {size}tok).gather(before: 20tok, after: 10tok)",
            ]
        )
    )
    more = draw(
        st.sampled_from(
            [
                "",
                'let kept = filter notes where it != "x"',
                "let kept = map notes with again(question)",
                "let kept = filter notes with keep(question)",
            ]
        )
    )
    last = "kept" if more else "notes"
    block = f'{{ task: "Do it." check: result == "good answer" retry <= {retry} }}'
    yes = f'{{ task: "Do it." retry <= {retry} }}'
    return (
        f"""rlm 1
model m {{ output <= 60tok }}
prompt note(page: Slice, question: Text) -> Text {block}
prompt again(note: Text, question: Text) -> Text {block}
prompt keep(note: Text, question: Text) -> Bool {yes}
prompt merge(notes: [Text], question: Text) -> Text {block}
recipe find(question: Text, book: Text) -> Text {{
  budget {{ calls <= 100_000 }}
  let pages = split book by {cut}
  let notes = map pages with note(question)
  {more}
  return reduce {last} with merge(question) {{ fanin: {fanin} }}
}}
""",
        retry,
    )


def answers(engine: ScriptedEngine) -> ScriptedEngine:
    """The engine, saying True where a Bool is asked for."""
    inner = engine.script
    engine.script = lambda t: "True" if t.outputs[0].kind == "bool" else inner(t)
    return engine


@RELAXED
@given(made=recipes(), words=st.integers(1, 1500), wide=st.sampled_from([3, 9, 40]))
def test_calls_and_tokens_stay_within_the_bound(
    tmp_path: Path, made: tuple[str, int], words: int, wide: int
) -> None:
    text, retry = made
    path = tmp_path / "r.rlm"
    path.write_text(text)
    book = "".join(f"word{i}" + ("\n\n" if i % wide == 0 else " ") for i in range(words))
    (tmp_path / "book.txt").write_text(book)
    sources, sets = {"book": str(tmp_path / "book.txt")}, {"question": "what is it"}
    plan = rlmlang.plan_recipe(str(path), sources=sources, sets=sets)
    engine = answers(engine_refused(retry))
    outcome = rlmlang.run(str(path), engine=engine, sources=sources, sets=sets, store=None)
    assert outcome.problem is None, outcome.problem
    worst = plan.totals.worst
    assert len(engine.requests) == outcome.usage.calls <= worst.calls.value()
    sent = sum(Estimate().tok(r) for r in engine.requests)
    assert sent <= worst.tokens_in.value()
    assert len(engine.requests) + outcome.reused >= plan.totals.best.calls.value()


RENDERINGS = {
    "digits": st.text("0123456789", min_size=1, max_size=3_000),
    "hex": st.binary(min_size=1, max_size=1_500).map(bytes.hex),
    "base64": st.binary(min_size=1, max_size=2_000).map(lambda b: base64.b64encode(b).decode()),
    "times": st.lists(st.datetimes().map(str), min_size=1, max_size=60).map("\n".join),
    "floats": st.lists(st.floats(0, 1).map(repr), min_size=1, max_size=150).map(",".join),
    "cjk": st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1),
    "rare": st.text(st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF), min_size=1),
    "emoji": st.text("😀👩‍👧🏽🇩🇪", min_size=1, max_size=500),
    "blank": st.text(" \n\t", max_size=2_000).map(lambda t: "x" + t),
}


class Dense(ScriptedEngine):
    """Counts as models do that know no merges: a token for each byte, and a chat template's marks
    around the messages."""

    counted = 0

    async def complete(self, request: Any) -> Any:
        response = await super().complete(request)
        texts = [system_text(request), *(m.text for m in request.messages)]
        tokens = sum(len(t.encode()) + 9 for t in texts) + 90
        self.counted += tokens
        said = min(len(response.message.text.encode()), request.config.max_tokens)
        return replace(response, usage=Usage(input_tokens=tokens, output_tokens=said))


@RELAXED
@given(
    made=recipes(),
    text=st.one_of(*RENDERINGS.values()),
    times=st.integers(1, 4),
    share=st.sampled_from([0.05, 0.3, 1.0]),
)
def test_a_token_for_each_byte_stays_within_the_plan_and_the_budget(
    tmp_path: Path, made: tuple[str, int], text: str, times: int, share: float
) -> None:
    recipe, retry = made
    path, book = tmp_path / "r.rlm", tmp_path / "book.txt"
    path.write_text(recipe)
    book.write_bytes("\n".join([text] * times).encode())
    sources, sets = {"book": str(book)}, {"question": "what is it"}
    worst = rlmlang.plan_recipe(str(path), sources=sources, sets=sets).totals.worst
    tokens = worst.tokens_in.value() + worst.tokens_out.value()
    most = max(1_500, int(tokens * share))  # a call or two fit, so that it is begun
    engine = answers(Dense(engine_refused(retry).script))
    outcome = rlmlang.run(
        str(path),
        engine=engine,
        sources=sources,
        store=None,
        sets={**sets, "budget.tokens": str(most)},
    )
    code = outcome.problem.diagnostic.code if outcome.problem else ""
    assert code in ("", "budget-spent", "budget-cannot-fit"), outcome.problem
    assert engine.counted <= worst.tokens_in.value()
    assert outcome.usage.tokens <= most
    assert share < 1 or not code


@pytest.mark.parametrize(
    "text", ["0123456789\n", "2026-11-25T10:00:00.123,0.4711\n", "𠀀𠀁𠀂\n", "👩‍👧 "]
)
def test_pages_of_dense_text_are_as_large_as_the_plan_says(tmp_path: Path, text: str) -> None:
    path, book = tmp_path / "r.rlm", tmp_path / "book.txt"
    path.write_text("""rlm 1
prompt note(page: Slice) -> Text { task: "Do it." retry <= 0 }
recipe find(book: Text) -> [Text] {
  return map (split book by tokens(max: 4ktok)) with note()
}
""")
    book.write_text("".join(f"{i}{text}" for i in range(100_000 // len(text.encode()))))
    sources = {"book": str(book)}
    plan = rlmlang.plan_recipe(str(path), sources=sources)
    worst, expected = plan.totals.worst.tokens_in.value(), plan.totals.expected.tokens_in.value()
    engine = Dense(lambda task: "good answer")
    outcome = rlmlang.run(str(path), engine=engine, sources=sources, store=None)
    assert outcome.usage.tokens_in == engine.counted
    assert expected < engine.counted <= worst < 1.3 * engine.counted


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 8, 9, 36, 37])
@pytest.mark.parametrize("fanin", [2, 3, 6])
def test_the_bound_is_reached(tmp_path: Path, pieces: int, fanin: int) -> None:
    """Without retries, for split, map and reduce, some input takes every call of the bound."""
    path = tmp_path / "r.rlm"
    path.write_text(f"""rlm 1
prompt note(page: Slice) -> Text {{ task: "Do it." retry <= 0 }}
prompt merge(notes: [Text]) -> Text {{ task: "Join." retry <= 0 }}
recipe find(book: Text) -> Text {{
  let pages = split book by tokens(max: 100tok, slack: 10%)
  let notes = map pages with note()
  return reduce notes with merge() {{ fanin: {fanin} }}
}}
""")
    (tmp_path / "book.txt").write_text("".join(f"{i:03}{'x' * 176} " for i in range(pieces)))
    sources = {"book": str(tmp_path / "book.txt")}
    plan = rlmlang.plan_recipe(str(path), sources=sources)
    said = itertools.count()  # the same request is never sent twice, so no two notes are the same
    engine = ScriptedEngine(lambda task: f"note {next(said)}")
    outcome = rlmlang.run(str(path), engine=engine, sources=sources, store=None)
    assert outcome.problem is None
    assert len(engine.requests) == plan.totals.worst.calls.value()
    assert outcome.result.startswith("note")


def test_rounds_and_order_of_a_reduce(tmp_path: Path) -> None:
    path = tmp_path / "r.rlm"
    path.write_text("""rlm 1
prompt note(page: Slice) -> Text "Do it."
prompt merge(notes: [Text]) -> Text "Join."
recipe find(book: Text) -> Text {
  let notes = map (split book by lines(per: 1)) with note()
  return reduce notes with merge() { fanin: 3 }
}
""")
    (tmp_path / "book.txt").write_text("".join(f"{i}\n" for i in range(40)))

    def script(task: Task) -> str:
        if "page" in task.inputs:
            return task.inputs["page"].strip()
        items = [x.split("] ", 1)[1] for x in task.inputs["notes"].splitlines()]
        return ",".join(items)

    outcome = rlmlang.run(
        str(path),
        engine=ScriptedEngine(script),
        store=None,
        sources={"book": str(tmp_path / "book.txt")},
    )
    assert outcome.result == ",".join(str(i) for i in range(40))


@pytest.mark.parametrize(
    ("recipe", "calls"),
    [
        ("recurse", 36 * 2 + 7 * 2),
        ("ladder", 2 + 2),
        ("cross", 3 * 4 * 2),
        ("repl", 12 + 1 + 30),
    ],
)
def test_verbs_have_bounds(tmp_path: Path, recipe: str, calls: int) -> None:
    """leaves·(1+r) + I·⌈(q−1)/(f−1)⌉·(1+r); the rungs' sum; top·items; iters + 1 + calls."""
    steps = {
        "recurse": "return recurse book { leaf <= 20ktok with note()  branch by tree(into: 6, "
        "slack: 10%)  join with merge() { fanin: 6 }  depth <= 2 }",
        "ladder": 'return ladder accept (it != "") { rung "a" { let x = note(book) return x } '
        'rung "b" { let y = note(book) return y } }',
        "cross": "let pairs = cross rules, (split book by lines(per: 100)) by bm25(top: 4)\n"
        "let a = map pairs with judge() return join_text(a)",
        "repl": "return free(book)",
    }
    size = {"recurse": "Text max 400ktok", "repl": "Text"}.get(recipe, "Text max 4ktok")
    rules = ", rules: [Text] max 3" if recipe == "cross" else ""
    path = tmp_path / "r.rlm"
    path.write_text(f"""rlm 1
prompt note(page: Slice) -> Text "Do it."
prompt merge(notes: [Text]) -> Text "Join."
prompt judge(pair: Pair<Text, Slice>) -> Text "Judge."
prompt free(book: Text) -> Text {{ task: "Look." repl {{ iters <= 12  calls <= 30 }} }}
recipe find(book: {size}{rules}) -> Text {{ {steps[recipe]} }}
""")
    plan = rlmlang.plan_recipe(str(path))
    assert plan.totals.worst.calls.value() == calls
    ready = prepare(
        str(path), Options(sets={"book": "x", **({"rules": "[]"} if rules else {})}), need_all=True
    )
    code = "```python\nSUBMIT('x')\n```"
    engine = ScriptedEngine(lambda task: code if "turn" in task.inputs else "x")
    assert execute(ready, engine=engine).problem is None


@pytest.mark.parametrize("text", ["-" * 64 + " ", "\u200b", "𠀀", "12.5,"])
@pytest.mark.parametrize("retry", [0, 1, 2])
@pytest.mark.parametrize("taken", [True, False])
def test_answers_longer_than_counted_with_are_not_taken(
    tmp_path: Path, text: str, retry: int, taken: bool
) -> None:
    """A token may stand for many bytes: what is read again is cut or refused, so the bound holds."""
    where = "" if taken else ' where contains(it, "zzz")'
    path, book = tmp_path / "r.rlm", tmp_path / "book.txt"
    path.write_text(f"""rlm 1
model short {{ output <= 100tok }}
record Finding {{ note: Text{where} }}
prompt look(page: Slice) -> Finding {{ task: "Look." model: short retry <= {retry} }}
prompt note(page: Slice) -> Text {{ task: "Note." model: short retry <= {retry} }}
prompt merge(notes: [Text]) -> Text {{ task: "Merge." model: short retry <= {retry} }}
recipe find(book: Text) -> Text {{
  let pages = split book by tokens(max: 100tok)
  let found = map pages with look() {{ on_error: skip(at_most: 100%) }}
  let notes = map pages with note() {{ on_error: skip(at_most: 100%) }}
  let all = reduce notes with merge() {{ fanin: 4 }}
  return join_text([all, "{{count(found)}}"])
}}
""")
    book.write_text("".join(f"line {i} of it\n" for i in range(60)))
    sources = {"book": str(book)}
    worst = rlmlang.plan_recipe(str(path), sources=sources).totals.worst.tokens_in.value()
    said = itertools.count()

    def script(task: Task) -> Any:
        words = f"{next(said)} {text * (3_000 // len(text))}"
        return {"note": words} if "Look" in task.instructions else words

    engine = Dense(script)
    rlmlang.run(str(path), engine=engine, sources=sources, store=None)
    assert 0 < engine.counted <= worst
