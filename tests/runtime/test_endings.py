"""How an answer ended and what it is said to have used: only whole answers are read, only usage
that can be true is believed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from rlmlang.stores import rows, schema
from rlmlang.stores.maintenance import verify
from rlmlang.stores.migrate import OLD
from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion, field

LIST = """rlm 1

model reader {{ output <= 100tok temperature: {temperature} }}

prompt names(page: Text) -> {result} {{
  model: reader
  task: "Name them all."
  retry <= {retry}
}}

recipe go(page: Text) -> {result} {{
  return names(page)
}}
"""
RUN = ("run", "go.rlm", "--set", "page=Ada, Bo, Cy and Di are named here.", "--model", "my/model",
       "--json")  # fmt: skip


def recipe(folder: Path, result: str = "[Text]", temperature: float = 0.0, retry: int = 2) -> None:
    (folder / "go.rlm").write_text(LIST.format(result=result, temperature=temperature, retry=retry))


def ended(text: Any, finish: Any, **message: Any) -> Reply:
    """A completion that ended in these words."""
    status, body = field(text) if isinstance(text, str) else completion("")
    choice = body["choices"][0]
    choice["finish_reason"] = finish
    choice["message"] = {"role": "assistant", **choice["message"], **message}
    return status, body


ENDINGS = [
    ("length", ended('["Ada", "Bo"]', "length"), "answer-cut"),
    ("max tokens", ended('["Ada", "Bo"]', "MAX_TOKENS"), "answer-cut"),
    ("all of it thought", ended("", "length", content=None), "answer-cut"),
    ("a filter", ended('["Ada"]', "content_filter"), "answer-filtered"),
    ("a filter in other words", ended('["Ada"]', "PROHIBITED_CONTENT"), "answer-filtered"),
    ("a refusal", ended("", "stop", content=None, refusal="I may not."), "answer-declined"),
    ("a tool", ended("", "tool_calls", content=None), "answer-tool-call"),
    ("an abort", ended('["Ada"]', "abort"), "answer-broken-off"),
    ("a word nobody knows", ended('["Ada"]', "insufficient_system_resource"), "answer-broken-off"),
]


@pytest.mark.parametrize(("what", "reply", "code"), ENDINGS, ids=[e[0] for e in ENDINGS])
def test_an_answer_that_is_not_whole_is_never_read(
    folder: Path, rlm: Rlm, what: str, reply: Reply, code: str
) -> None:
    recipe(folder, retry=0 if code == "answer-broken-off" else 2)
    with chat_server(lambda body: reply) as server:
        done = rlm(*RUN, "--api-base", server.base)
        found = json.loads(done.out)
        assert (found["result"], found["problem"]["code"]) == (None, code)
        assert len(server.requests) == 1  # at temperature 0 the same would come
        again = json.loads(rlm(*RUN, "--api-base", server.base).out)
        assert (again["problem"]["code"], len(server.requests)) == (code, 1)
        assert code in rlm("show").out
        rlm(*RUN, "--api-base", server.base, "--retry-failed")
        assert len(server.requests) == 2


WHOLE = ["stop", "STOP", "eos", "eos_token", "end_turn", "stop_sequence", "COMPLETE", "", None]


@pytest.mark.parametrize("finish", WHOLE)
def test_servers_call_a_whole_answer_by_many_names(folder: Path, rlm: Rlm, finish: Any) -> None:
    recipe(folder)
    with chat_server(lambda body: ended('["Ada", "Bo"]', finish)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == ["Ada", "Bo"]


def test_a_server_that_names_no_end_cut_what_reached_the_limit(folder: Path, rlm: Rlm) -> None:
    recipe(folder)

    def reply(body: dict[str, Any]) -> Reply:
        status, made = ended('["Ada", "Bo"]', None)
        made["usage"] = {"prompt_tokens": 100, "completion_tokens": 100}
        return status, made

    with chat_server(reply) as server:
        done = rlm(*RUN, "--api-base", server.base)
    assert "error[answer-cut]" in done.err
    assert "100 tok" in done.err
    assert "output <=" in done.err


def test_a_missing_end_marker_alone_is_no_cut(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "Text")
    with chat_server(lambda body: completion("[[ ## result ## ]]\nAda and Bo.")) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == "Ada and Bo."


def test_above_temperature_0_the_plain_request_is_repeated(folder: Path, rlm: Rlm) -> None:
    recipe(folder, temperature=0.7)
    replies = iter([ended('["Ada"]', "length"), ended('["Ada", "Bo"]', "stop")])
    with chat_server(lambda body: next(replies)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == ["Ada", "Bo"]
    first, second = (r["messages"] for r in server.requests)
    assert first == second


def test_a_cut_turn_is_no_code(folder: Path, rlm: Rlm) -> None:
    (folder / "go.rlm").write_text(
        'rlm 1\n\nprompt dig(page: Text) -> Text {\n  task: "Find it."\n'
        "  repl { iters <= 2 calls <= 1 }\n}\n\n"
        "recipe go(page: Text) -> Text {\n  return dig(page)\n}\n"
    )
    cut = ended("```python\nSUBMIT('half", "length")
    whole = field("```python\nSUBMIT('Ada')\n```")

    def reply(body: dict[str, Any]) -> Reply:
        return whole if "was cut off" in str(body["messages"]) else cut

    with chat_server(reply) as server:
        found = json.loads(rlm(*RUN, "--api-base", server.base).out)
    assert (found["result"], len(server.requests)) == ("Ada", 2)


FORMS = [
    ("parts", [{"type": "text", "text": "[[ ## result ## ]]\nAda\n\n[[ ## completed ## ]]"}]),
    ("output text", [{"type": "output_text", "text": "[[ ## result ## ]]\nAda"}]),
    ("thinking first", [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                        {"type": "text", "text": "[[ ## result ## ]]\nAda"}]),
    ("in pieces", [{"type": "text", "text": "[[ ## result ##"}, {"type": "text", "text": " ]]\nAda"}]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "content"), FORMS, ids=[f[0] for f in FORMS])
def test_content_comes_in_parts(folder: Path, rlm: Rlm, what: str, content: Any) -> None:
    recipe(folder, "Text")
    with chat_server(lambda body: ended("", "stop", content=content)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == "Ada"


def test_thinking_beside_the_content_is_no_part_of_it(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "Text")
    thought = {"reasoning_content": "[[ ## result ## ]]\nBo?"}
    with chat_server(lambda body: ended("Ada", "stop", **thought)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == "Ada"


INSIDE = [
    ("busy", {"message": "Rate limit exceeded", "code": 429}, 0, 3),
    ("busy in words", {"message": "slow down", "code": "rate_limit_exceeded"}, 0, 3),
    ("wrong name", {"message": "Invalid model name", "code": 400}, 1, 1),
    ("wrong name in words", {"message": "no", "type": "invalid_request_error"}, 1, 1),
    ("key", {"message": "bad key", "code": 401}, 1, 1),
    ("busy, of a router", {"message": "overloaded", "code": 503}, 0, 3),
]


@pytest.mark.parametrize(("what", "error", "code", "asked"), INSIDE, ids=[i[0] for i in INSIDE])
def test_an_error_inside_a_200(
    folder: Path, rlm: Rlm, what: str, error: dict[str, Any], code: int, asked: int
) -> None:
    recipe(folder, "Text")
    replies = iter([(200, {"error": error})] * 2)
    with chat_server(lambda body: next(replies, field("Ada"))) as server:
        done = rlm(*RUN, "--api-base", server.base)
    assert (done.code, len(server.requests)) == (code, asked), done.err
    assert code == 0 or error["message"] in done.err


@pytest.mark.parametrize(
    "body",
    [
        {
            "object": "error",
            "message": "no such model",
            "type": "invalid_request_error",
            "code": 404,
        },
        {
            "choices": [
                {
                    "error": {"message": "no such model", "code": 404},
                    "finish_reason": "error",
                    "message": {"content": ""},
                }
            ]
        },
        {"error": "no such model", "code": 404},
    ],
)
def test_an_error_in_another_place(folder: Path, rlm: Rlm, body: dict[str, Any]) -> None:
    recipe(folder, "Text")
    with chat_server(lambda asked: (200, body)) as server:
        done = rlm(*RUN, "--api-base", server.base, "--max-wait", "1")
    assert done.code == 1
    assert "no such model" in done.err


def test_a_server_that_broke_off_is_asked_again(folder: Path, rlm: Rlm) -> None:
    recipe(folder)
    replies = iter([ended('["Ada"]', "abort"), ended('["Ada", "Bo"]', "stop")])
    with chat_server(lambda body: next(replies)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == ["Ada", "Bo"]


def test_a_byte_order_mark_before_the_body(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "Text")
    data = b"\xef\xbb\xbf" + json.dumps(field("Ada")[1]).encode()
    with chat_server(lambda body: (200, data)) as server:
        assert json.loads(rlm(*RUN, "--api-base", server.base).out)["result"] == "Ada"


# ── usage ────────────────────────────────────────────────────────────────────

MANY = """rlm 1

model reader { output <= 50tok }

prompt say(line: Text) -> Text max 50tok { model: reader task: "Say it." retry <= 0 }

recipe go(lines: [Text]) -> [Text] {
  budget { calls <= 200 }

  return map lines with say() { parallel: 1 }
}
"""
UNTRUE = [
    ("none", None),
    ("a list", [1, 2]),
    ("text", {"prompt_tokens": "12", "completion_tokens": "3"}),
    ("negative", {"prompt_tokens": -5, "completion_tokens": -5}),
    ("zero", {"prompt_tokens": 0, "completion_tokens": 0}),
    ("nothing written", {"prompt_tokens": 9, "completion_tokens": 0}),
    ("huge", {"prompt_tokens": 10**25, "completion_tokens": 5}),
    ("endless", {"prompt_tokens": 9, "completion_tokens": 10**9}),
    ("no number", {"prompt_tokens": float("nan"), "completion_tokens": 12.7}),
    ("parts", {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 20}),
]


def lines(folder: Path, count: int) -> None:
    (folder / "go.rlm").write_text(MANY)
    (folder / "lines.txt").write_text("".join(f"line {i}\n" for i in range(count)))


@pytest.mark.parametrize(("what", "usage"), UNTRUE, ids=[u[0] for u in UNTRUE])
def test_usage_that_cannot_be_true_is_the_worst_case(
    folder: Path, rlm: Rlm, what: str, usage: Any
) -> None:
    lines(folder, 3)

    def reply(body: dict[str, Any]) -> Reply:
        return 200, {**field("x")[1], "usage": usage}

    run = ("--source", "lines=lines.txt", "--model", "my/model", "--json")
    plan = json.loads(rlm("plan", "go.rlm", *run).out)["totals"]["worst"]
    with chat_server(reply) as server:
        found = json.loads(rlm("run", "go.rlm", *run, "--api-base", server.base).out)
    assert (found["usage"]["tokens_out"], plan["tokens_out"]) == (150, 150)
    assert found["usage"]["tokens_in"] > 300
    assert [n["code"] for n in found["notices"]] == ["usage-unknown"]


def test_thinking_that_is_counted_apart_is_paid(folder: Path, rlm: Rlm) -> None:
    lines(folder, 1)
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 5,
        "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    with chat_server(lambda body: (200, {**field("x")[1], "usage": usage})) as server:
        found = json.loads(
            rlm(
                "run",
                "go.rlm",
                "--source",
                "lines=lines.txt",
                "--model",
                "m",
                "--api-base",
                server.base,
                "--json",
            ).out
        )
    assert (found["usage"]["tokens_out"], found["notices"]) == (35, [])


def test_a_model_that_ignores_its_limit_is_asked_once(folder: Path, rlm: Rlm) -> None:
    lines(folder, 20)
    usage = {"prompt_tokens": 100, "completion_tokens": 400, "total_tokens": 500}
    with chat_server(lambda body: (200, {**field("x")[1], "usage": usage})) as server:
        done = rlm(
            "run",
            "go.rlm",
            "--source",
            "lines=lines.txt",
            "--model",
            "m",
            "--api-base",
            server.base,
        )
    assert "error[model-ignores-limit]" in done.err
    assert "output <= 400tok" in done.err
    assert len(server.requests) == 1
    assert "nothing was overspent" not in done.err


def test_a_budget_that_an_endpoint_passed_is_not_said_to_hold(folder: Path, rlm: Rlm) -> None:
    lines(folder, 20)
    usage = {"prompt_tokens": 9_000, "completion_tokens": 4, "total_tokens": 9_004}
    with chat_server(lambda body: (200, {**field("x")[1], "usage": usage})) as server:
        done = rlm(
            "run",
            "go.rlm",
            "--source",
            "lines=lines.txt",
            "--model",
            "m",
            "--json",
            "--api-base",
            server.base,
            "--set",
            "budget.tokens=8_000",
        )
    codes = [n["code"] for n in json.loads(done.out)["notices"]]
    assert (done.code, codes) == (75, ["usage-above-worst", "budget-passed"])
    assert "nothing was overspent" not in done.err
    assert "1,004 more" in done.err


# ── answers that were kept before endings were ───────────────────────────────


def downgraded(path: Path, answer: str | None = None, used_out: int | None = None) -> None:
    """A store as version 1 wrote it."""
    c = sqlite3.connect(path, isolation_level=None)
    kept = [list(row[:-2]) for row in c.execute("SELECT * FROM call")]
    c.execute("DROP TABLE call")
    c.execute(f"CREATE TABLE call(id INTEGER PRIMARY KEY, {', '.join(OLD[1:])}, seal)")
    for row in kept:
        if answer is not None:
            row[OLD.index("answer")] = rows.pack(answer)
        if used_out is not None:
            row[OLD.index("used_out")] = used_out
        c.execute(
            f"INSERT INTO call VALUES({','.join('?' * (len(OLD) + 1))})",
            [*row, rows.digest("call", row)],
        )
    c.execute(schema.INDEXES[0])
    c.execute("PRAGMA user_version=1")
    c.close()


KEPT = [
    ("whole", "[[ ## result ## ]]\n[\"Ada\"]\n\n[[ ## completed ## ]]", 5, 0),
    ("without its end marker", "[[ ## result ## ]]\n[\"Ada\"]", 5, 0),
    ("at its limit", "[[ ## result ## ]]\n[\"Ada\"]\n\n[[ ## completed ## ]]", 100, 1),
    ("not closed", "[[ ## result ## ]]\n[\"Ada\", \"Bo", 5, 1),
]  # fmt: skip


@pytest.mark.parametrize(("what", "answer", "used", "asked"), KEPT, ids=[k[0] for k in KEPT])
def test_answers_of_the_first_version_are_used_if_they_were_surely_whole(
    folder: Path, rlm: Rlm, what: str, answer: str, used: int, asked: int
) -> None:
    recipe(folder)
    with chat_server(lambda body: field('["Ada"]')) as server:
        rlm(*RUN, "--api-base", server.base)
        server.requests.clear()
        downgraded(Path(".rlm/store.db"), answer, used)
        assert "finished" in rlm("runs").out
        assert not verify(Path(".rlm/store.db")).wrong
        found = json.loads(rlm(*RUN, "--api-base", server.base).out)
    assert (found["result"], len(server.requests)) == (["Ada"], asked)


def test_a_damaged_row_of_the_first_version_stays_damaged(folder: Path, rlm: Rlm) -> None:
    recipe(folder)
    with chat_server(lambda body: field('["Ada"]')) as server:
        rlm(*RUN, "--api-base", server.base)
    downgraded(Path(".rlm/store.db"))
    with sqlite3.connect(".rlm/store.db") as c:
        c.execute("UPDATE call SET used_in = used_in + 1")
    c.close()
    assert len(verify(Path(".rlm/store.db")).wrong) == 1
