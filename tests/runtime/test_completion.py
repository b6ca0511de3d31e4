"""`completion` with all that may be said of it: against a server that answers as models do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import dspy
import pytest

import rlmlang
from tests.questions import FAST, READER, ROOT, asked, models, plan


def test_models_are_asked_by_name_and_as_they_are_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """a = llm_query("one")
b, c = llm_query_batched(["two", "three"], model="fast")
try:
    llm_query("four", model="slow")
except ValueError as e:
    print(e)
SUBMIT(" | ".join([a, b, c]))"""
    with models(monkeypatch, code) as server:
        found = asked(
            server,
            sub_model=f"openai/{READER}",
            sub_models={"fast": f"openai/{FAST}"},
            temperature=0.3,
            top_p=0.9,
            seed=7,
            max_tokens=500,
            sets={"reader.temperature": 0.7},
        )
    assert str(found) == f"{READER} says | {FAST} says | {FAST} says"
    assert found.usage.calls == 4
    root, reader, *_ = server.requests
    assert [r["model"] for r in server.requests] == [ROOT, READER, FAST, FAST]
    sampled = {k: root.get(k) for k in ("temperature", "top_p", "seed", "max_tokens")}
    assert sampled == {"temperature": 0.3, "top_p": 0.9, "seed": 7, "max_tokens": 500}
    assert (reader["temperature"], reader.get("seed")) == (0.7, None)
    told = root["messages"][-1]["content"]
    assert "llm_query(…, model=NAME)" in told
    assert "asks 'fast' in place of 'reader'" in told


def test_a_model_of_another_name_is_refused_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "try:\n    llm_query('x', model='slow')\nexcept ValueError as e:\n    SUBMIT(str(e))"
    with models(monkeypatch, code) as server:
        found = asked(server, sub_models={"fast": f"openai/{FAST}"})
    assert str(found) == "there is no model 'slow': name one of reader, fast"


@pytest.mark.parametrize("sandbox", ["monty", "cpython"])
def test_every_sandbox_takes_the_name_of_a_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sandbox: str
) -> None:
    code = "SUBMIT(llm_query('x', model='fast') + llm_query_batched(['y'], None, 'fast')[0])"
    with models(monkeypatch, code) as server:
        found = asked(
            server, sub_models={"fast": f"openai/{FAST}"}, sandbox=sandbox, allow_unsafe=True
        )
    assert str(found) == f"{FAST} says{FAST} says"


def test_what_is_said_before_the_task_is_said_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = 'You are a "clerk" {question} {{ context }}.\n\tBe brief: \\n.'
    with models(monkeypatch, "SUBMIT('x')") as server:
        asked(server, system=system)
        asked(server)
    first, second = (r["messages"][0]["content"] for r in server.requests)
    lines = [line.strip() for line in first.splitlines()]
    assert 'You are a "clerk" {question} {{ context }}.' in lines
    assert "Be brief: \\n." in lines
    assert "clerk" not in second
    assert "Answer the question in the variable `question`" in first
    assert "Answer the question in the variable `question`" in second


def test_depth_turns_and_calls_move_the_plan_and_the_budget_that_nobody_set(folder: Path) -> None:
    usual, more = plan(), plan(max_iterations=200, max_calls=90, max_depth=3)
    assert usual.totals.worst.calls.value() == 16 + 1 + 60
    assert more.totals.worst.calls.value() == 200 + 1 + 90
    assert (usual.recipe.budget.calls, more.recipe.budget.calls) == (100, 291)
    assert (usual.recipe.budget.depth, more.recipe.budget.depth) == (3, 5)
    assert more.recipe.budget.usd == usual.recipe.budget.usd
    assert plan({"calls": 7}, max_iterations=200).recipe.budget.calls == 7
    assert plan(max_errors=2).totals.worst == usual.totals.worst


def test_the_dearest_model_that_code_may_ask_is_counted(folder: Path) -> None:
    cheap = plan(sub_models={"fast": "x"}, models=("fast=openai/gpt-4.1-nano",))
    dear = plan(sub_models={"slow": "x"}, models=("slow=openai/gpt-4.1",))
    assert dear.totals.worst.usd.value() > cheap.totals.worst.usd.value()
    long = plan(system="Be brief. " * 400)
    assert long.totals.worst.tokens_in.value() > plan().totals.worst.tokens_in.value()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"max_depth": -1}, "max_depth is at least 0"),
        ({"max_iterations": 0}, "max_iterations is at least 1"),
        ({"max_errors": "x"}, "max_errors takes a whole number, 0 or more"),
        ({"temperature": 5}, "temperature is at most 2"),
        ({"top_p": 1.5}, "top_p is at most 1"),
        ({"seed": True}, "seed takes a whole number"),
        ({"system": 4}, "system is a text, not a int"),
        ({"sub_models": {"root": "openai/x"}}, "'root' cannot be the name of a model"),
        ({"sub_models": {"a b": "openai/x"}}, "'a b' cannot be the name of a model"),
        ({"model": "openai/gpt-5-mini", "temperature": 0.5}, "gpt-5-mini takes no temperature"),
        ({"sets": {"explore.task": "x"}}, "`explore.task` may not be set from outside"),
        ({"context": 5}, "this is a int"),
    ],
)
def test_what_cannot_be_is_refused_before_a_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], words: str
) -> None:
    with models(monkeypatch) as server:
        with pytest.raises(rlmlang.CodedError) as refused:
            asked(server, **how)
        assert words in str(refused.value)
        assert not server.requests


def test_turns_that_fail_end_the_session_and_what_they_brought_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = ("x", "y = 1", "x", "x", "SUBMIT('late')")
    with models(monkeypatch, *codes) as server:
        with pytest.raises(rlmlang.CodedError) as failed:
            asked(server, max_errors=1, store="runs.db")
        assert failed.value.diagnostic.code == "session-failing"
        assert "2 turns in a row failed, 1 may" in str(failed.value)
        assert len(server.requests) == 4
        assert str(asked(server, max_errors=2, store="runs.db")) == "late"
        assert len(server.requests) == 5


MESSAGES = [{"role": "user", "content": "Who pays?"}, {"role": "assistant", "content": "Ann."}]


def opened(data: bytes, name: str = "") -> Any:
    file = io.BytesIO(data)
    if name:
        file.name = name
    return file


@pytest.mark.parametrize(
    ("context", "told", "code", "answer"),
    [
        (MESSAGES, "list of 2: [{'role': 'user'", "context[1]['content']", "Ann."),
        (dspy.History(messages=MESSAGES), "list of 2: [{'role'", "context[0]['role']", "user"),
        ({"a": [1, {"b": None}]}, "dict of 1: {'a': [1,", "str(context['a'][1])", "{'b': None}"),
        (["x", "y"], "list of 2: ['x', 'y']", "context[1]", "y"),
        ([{"n": i} for i in range(2500)], "rows of 2,500", "str(context[2400]['n'])", "2400"),
        (b"caf\xc3\xa9", "str of 4: 'café'", "context", "café"),
        (io.StringIO("a\r\nb"), "str of 4: 'a\\r\\nb'", "context[3]", "b"),
        (opened(b"<p>Hi</p>", "a.html"), "str of 3: 'Hi\\n'", "context.strip()", "Hi"),
        (opened(b""), "(no context)", "'none'", "none"),
        (None, "(no context)", "'none'", "none"),
        ([], "list of 0: []", "'none'", "none"),
    ],
)
def test_a_context_keeps_its_structure(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    context: Any,
    told: str,
    code: str,
    answer: str,
) -> None:
    with models(monkeypatch, f"SUBMIT({code})") as server:
        assert str(asked(server, context=context)) == answer
    assert told in server.requests[0]["messages"][-1]["content"]


def test_no_step_but_a_session_takes_data_of_which_nothing_is_known(folder: Path) -> None:
    recipe = "rlm 1\nrecipe said(data: Json) -> Text {\n  return text(data)\n}\n"
    Path("said.rlm").write_text(recipe)
    with pytest.raises(rlmlang.BadRecipe, match="`text` takes a known value, not Json"):
        rlmlang.plan_recipe("said.rlm")
