"""Logs of rlms and results of DSPy's RLM as runs: all of what they hold, or nothing."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.logs.log import UnreadableLogError
from rlmlang.trajectory.logs.table import read_log
from tests.conftest import Rlm
from tests.trajectory.test_trajectory import RECIPE, Answers

USAGE = {"gpt-5-mini": {"total_calls": 1, "total_input_tokens": 90, "total_output_tokens": 4,
                        "total_cost": 0.25}}  # fmt: skip
ASKED = {"root_model": "gpt-5-mini", "prompt": "how many?", "response": "two",
         "usage_summary": {"model_usage_summaries": USAGE}, "execution_time": 0.5}  # fmt: skip
METADATA = {"type": "metadata", "timestamp": "2026-02-08T12:00:00", "root_model": "gpt-5",
            "max_depth": 1, "max_iterations": 30, "backend": "openai", "backend_kwargs": {},
            "environment_type": "local", "environment_kwargs": {}, "other_backends": None}  # fmt: skip


def iteration(number: int, code: str, calls: list[Any], final: str | None) -> dict[str, Any]:
    result = {"stdout": f"printed {number}", "stderr": "", "locals": {}, "execution_time": 2.0,
              "rlm_calls": calls, "final_answer": final}  # fmt: skip
    return {"type": "iteration", "iteration": number, "timestamp": f"2026-02-08T12:00:{10 * number}",
            "prompt": [{"role": "system", "content": "You are"}, {"role": "user", "content": "Go"}],
            "response": f"```repl\n{code}\n```", "code_blocks": [{"code": code, "result": result}],
            "final_answer": final, "iteration_time": 8.0}  # fmt: skip


CHILD = {**ASKED, "metadata": {"run_metadata": METADATA, "iterations": [iteration(1, "x", [ASKED], "3")]},
         "usage_summary": {"model_usage_summaries": {"gpt-5": {"total_calls": 2, "total_input_tokens": 100,
                                                              "total_output_tokens": 10, "total_cost": 1.0}}}}  # fmt: skip
BROKEN = {**ASKED, "response": "", "error": "rate limit"}
LINES = [METADATA, iteration(1, "llm_query('how many?')", [ASKED, BROKEN], None),
         iteration(2, "FINAL_VAR(x)", [CHILD], "two")]  # fmt: skip
LOG = "".join(json.dumps(x) + "\n" for x in LINES)
DSPY = {
    "answer": "42",
    "trajectory": [
        {"reasoning": "look", "code": "print(context[:3])", "output": "abc"},
        {"reasoning": "", "code": "boom", "output": "[Error] NameError: boom"},
        {"reasoning": "done", "code": "SUBMIT(answer='42')", "output": "FINAL: {'answer': '42'}"},
    ],
    "final_reasoning": "done",
}


def test_a_log_of_rlms_is_a_run(folder: Path, rlm: Rlm) -> None:
    Path("log.jsonl").write_text(LOG)
    kept = rlm("import", "log.jsonl")
    assert kept.code == 0 and "rlms, 6 calls" in kept.out
    again = rlm("import", "log.jsonl")
    assert again.code == 0 and "was kept already" in again.out
    (run,) = json.loads(rlm("runs", "--json").out)
    assert (run["state"], run["recipe"], run["calls"]) == ("finished", "rlms", 6)
    assert run["models"] == ["gpt-5-mini", "openai/gpt-5"]
    assert (run["tok_in"], run["tok_out"], run["usd"]) == (90 * 2 + 100, 4 * 2 + 10, 0.25 * 2 + 1)
    found = rlmlang.trajectory_of(store=".rlm/store.db")
    assert found.answer == "two" and not found.problem
    turn = found["answer.turn 0"]
    assert turn.prompt == "system: You are\n\nuser: Go" and turn.seconds == 6.0
    assert found["answer.turn 0.cell"].answer == "printed 1"
    assert found["answer.query 1"].parent == "answer.turn 0.cell"
    assert (found["answer.query 2"].problem, found["answer.query 1"].cost) == ("rate limit", 0.25)
    assert found["answer.child 3"].parent == "answer.turn 1.cell"
    own, asked = found["answer.child 3.turn 0"], found["answer.child 3.query 1"]
    assert (own.usage.tokens_in, own.cost, asked.usage.tokens_in) == (10, 0.75, 90)
    assert "answer.turn 1" in rlm("show").out and "two" in rlm("show", "last", "answer.turn 1").out
    assert rlm("store", "verify").code == 0
    assert rlm("export", "--format", "perfetto").code == 0
    assert "a log that was imported has none" in rlm("show", "--plan").err


def test_a_result_of_dspy_is_a_run(folder: Path, rlm: Rlm) -> None:
    Path("one.json").write_text(json.dumps(DSPY, indent=1))
    Path("two.json").write_text(json.dumps(DSPY["trajectory"]))
    assert rlm("import", "one.json", "two.json").code == 0
    assert rlm("diff", *[r["run"] for r in json.loads(rlm("runs", "--json").out)]).code in (0, 1)
    first, second = (run.trajectory for run in rlmlang.runs(".rlm/store.db"))
    assert first.answer == "42" and second.answer == "{'answer': '42'}"
    assert [c.code for c in first.cells] == [t["code"] for t in DSPY["trajectory"]]
    assert [c.error for c in first.cells] == ["", "[Error] NameError: boom", ""]
    assert "look" in first["answer.turn 0"].answer and first.cost is None
    assert "price unknown" in rlm("show").out


def test_what_rlm_exports_comes_back(folder: Path, rlm: Rlm) -> None:
    Path("sizes.rlm").write_text(RECIPE)
    Path("book.txt").write_text("one\ntwo\nthree\n")
    made = rlmlang.run("sizes.rlm", sources={"book": Path("book.txt")}, store="made.db",
                       engine=ScriptedEngine(Answers()))  # fmt: skip
    assert rlm("export", "--store", "made.db", "--format", "rlms", "--out", "log.jsonl").code == 0
    assert rlm("import", "log.jsonl").code == 0
    found = rlmlang.trajectory_of(store=".rlm/store.db")
    assert (found.usage, found.answer) == (made.usage, made.result)
    assert [c.code for c in found.cells] == [c.code for c in made.trajectory.cells]


def test_what_is_kept_of_a_log_answers_no_request_and_has_no_secret(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "hidden-0123456789")
    Path("log.jsonl").write_text(LOG.replace("how many?", "hidden-0123456789"))
    assert rlm("import", "log.jsonl").code == 0
    assert "hidden-0123456789" not in rlm("export").out and "[secret]" in rlm("export").out
    with sqlite3.connect(".rlm/store.db") as store:
        assert store.execute("SELECT COUNT(*) FROM call WHERE finish IS NOT NULL").fetchone() == (
            0,
        )


def test_half_a_log_leaves_nothing_behind(folder: Path, rlm: Rlm) -> None:
    for cut in (0, 1, 80, len(LOG) // 2, len(LOG) - 3):
        Path("log.jsonl").write_text(LOG[:cut])
        found = rlm("import", "log.jsonl")
        assert found.code == 2 and "error[log-unreadable]" in found.err
    assert not Path(".rlm").exists()
    Path("log.jsonl").write_bytes(LOG.encode() + b"\xff")
    assert "no UTF-8" in rlm("import", "log.jsonl").err
    assert "error[log-unreadable]" in rlm("import", ".").err
    assert "error[log-unreadable]" in rlm("import", "missing.jsonl").err
    Path("log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in (METADATA, LINES[2])))
    assert "line 2: iteration 2 follows 0" in rlm("import", "log.jsonl").err
    assert not Path(".rlm").exists()


def test_a_log_that_ends_early_is_a_run_that_failed(folder: Path, rlm: Rlm) -> None:
    Path("log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in LINES[:2]))
    assert rlm("import", "log.jsonl").code == 0
    assert json.loads(rlm("runs", "--json").out)[0]["state"] == "failed"
    assert "ends without a final answer" in rlm("show").out


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["type", "code_blocks", "result", "rlm_calls", "metadata", "iterations", "usage_summary",
         "trajectory", "code"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(found: Any) -> list[tuple[Any, Any]]:
    """Every place in a value that can be given another one."""
    if not isinstance(found, dict | list):
        return []
    inner = found.items() if isinstance(found, dict) else enumerate(found)
    return [pair for key, one in inner for pair in ((found, key), *places(one))]


@given(st.data())
def test_a_hostile_log_is_read_or_refused(data: st.DataObject) -> None:
    lines = json.loads(json.dumps(data.draw(st.sampled_from([LINES, [DSPY]]))))
    where, key = data.draw(st.sampled_from(places(lines)))
    where[key] = data.draw(JSON)
    text = "".join(json.dumps(x) + "\n" for x in lines)
    try:
        _, events = read_log(text, "log", 1.0)
    except UnreadableLogError:
        return
    assert [e.seq for e in events] == [*range(1, len(events) + 1)]
    assert all(0 <= e.at < 1e12 for e in events)


def test_what_is_nested_without_end_is_refused() -> None:
    deep = '{"type": "metadata", "root_model": ' + "[" * 100_000
    child: Any = ASKED
    for _ in range(60):
        child = {**ASKED, "metadata": {"iterations": [iteration(1, "x", [child], None)]}}
    nested = json.dumps(METADATA) + "\n" + json.dumps(iteration(1, "x", [child], None))
    for text in (
        deep,
        nested,
        "[]",
        "{}",
        "3",
        '{"trajectory": []}',
        '[{"code": 3, "output": ""}]',
    ):
        with pytest.raises(UnreadableLogError):
            read_log(text, "log", 1.0)
