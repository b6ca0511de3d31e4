"""Models over HTTP on loopback: good answers, every kind of bad one, and dead endpoints."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion, field

RUN = ("run", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key",
       "--model", "my/model")  # fmt: skip


def test_a_run_over_http(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_API_KEY", "secret-key")
    with chat_server(lambda body: field("behind the third bell")) as server:
        done = rlm(*RUN, "--api-base", server.base, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["result"] == "behind the third bell"
    assert found["usage"]["calls"] == len(server.requests)
    assert found["usage"]["tokens_in"] == 10 * len(server.requests)
    assert found["notice"] == ""
    assert server.requests[0]["model"] == "my/model"
    assert server.requests[0]["max_tokens"] == 1000
    assert {h["Authorization"] for h in server.headers} == {"Bearer secret-key"}
    assert all(
        b"secret-key" not in p.read_bytes() for p in (book / ".rlm").iterdir() if p.is_file()
    )


def test_the_environment_and_the_project_file_name_the_model(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(lambda body: field("x")) as server:
        (book / "rlm.toml").write_text(f'[models]\ndefault = "a/b"\napi_base = "{server.base}"\n')
        assert rlm("trust", ".").code == 0
        assert rlm(*RUN[:-2], "--quiet").code == 0
        assert server.requests[-1]["model"] == "a/b"
        monkeypatch.setenv("RLM_MODEL", "c/d")
        assert rlm(*RUN[:-2], "--quiet").code == 0
        assert server.requests[-1]["model"] == "c/d"
        assert rlm(*RUN, "--quiet").code == 0
        assert server.requests[-1]["model"] == "my/model"


GARBAGE: list[tuple[str, Reply, str]] = [
    ("no form", completion("I think it is behind the bell."), "answer-refused"),
    ("nothing", completion(""), "answer-refused"),
    ("white space", completion(" \n "), "answer-refused"),
    (
        "another field",
        completion("[[ ## reslt ## ]]\nx\n\n[[ ## completed ## ]]"),
        "answer-refused",
    ),
    ("no json", (200, b"<html>gateway</html>"), "model-failed"),
    ("no choices", (200, {"choices": []}), "model-failed"),
    ("null content", (200, {"choices": [{"message": {"content": None}}]}), "answer-refused"),
    ("bad key", (401, {"error": "bad key"}), "model-refused-key"),
    ("forbidden", (403, {"error": "no"}), "model-refused-key"),
    ("unknown model", (404, {"error": "no such model"}), "model-refused-request"),
    ("bad request", (400, {"error": "bad"}), "model-refused-request"),
    ("too long", (400, {"error": {"code": "context_length_exceeded"}}), "model-context-exceeded"),
    ("too many", (429, {"error": "slow down"}), "model-rate-limited"),
    ("server error", (500, {"error": "boom"}), "model-failed"),
    ("unavailable", (503, b""), "model-failed"),
]


@pytest.mark.parametrize(("what", "reply", "code"), GARBAGE, ids=[g[0] for g in GARBAGE])
def test_bad_answers_are_told(book: Path, rlm: Rlm, what: str, reply: Reply, code: str) -> None:
    with chat_server(lambda body: reply) as server:
        done = rlm(*RUN, "--api-base", server.base, "--max-wait", "1")
    assert done.code == (75 if what == "too many" else 1)
    assert f"error[{code}]" in done.err, done.err
    assert len(done.err.splitlines()) < 25


TYPED = """rlm 1
enum Mood { glad, sad }
record Row { mood: Mood, n: Int where it > 0, why: Text max 4tok, quote: Quote }
prompt judge(page: Slice) -> %s { task: "Judge." retry <= 1 }
recipe find(book: Text) -> %s { let answer = judge(book) return answer }
"""
GOOD_ROW = {"mood": "glad", "n": 2, "why": "short", "quote": "third bell"}
WRONG: list[tuple[str, str, str]] = [
    ("Int", "many", "cannot be read as Int"),
    ("Bool", "perhaps", "cannot be read as Bool"),
    ("Mood", "angry", "cannot be read as Mood"),
    ("[Int]", "1, 2 and 3 apples", "cannot be read as"),
    ("Row", json.dumps({**GOOD_ROW, "n": "two"}), "cannot be read as Row"),
    ("Row", json.dumps({**GOOD_ROW, "n": -1}), "must fulfil it > 0"),
    ("Row", json.dumps({**GOOD_ROW, "why": "far too many words " * 5}), "too long"),
    ("Row", json.dumps({**GOOD_ROW, "quote": "not in the book"}), "copied exactly"),
    ("Row", json.dumps({"mood": "glad"}), "cannot be read as Row"),
    ("Row?", "here you are", "cannot be read as"),
    ("[Row] max 1", json.dumps([GOOD_ROW, GOOD_ROW]), "at most 1"),
]


@pytest.mark.parametrize(("type_", "text", "words"), WRONG, ids=[f"{t} {w}" for t, _, w in WRONG])
def test_answers_of_the_wrong_type_are_asked_again(
    book: Path, rlm: Rlm, type_: str, text: str, words: str
) -> None:
    (book / "typed.rlm").write_text(TYPED % (type_, type_.replace(" max 1", "")))
    with chat_server(lambda body: field(text)) as server:
        done = rlm(
            "run",
            "typed.rlm",
            "--source",
            "book=book.txt",
            "--model",
            "m",
            "--api-base",
            server.base,
        )
    assert done.code == 1
    assert "answer-refused" in done.err
    assert words in " ".join(done.err.split()), done.err
    assert len(server.requests) == 2
    again = server.requests[1]["messages"][-1]["content"]
    assert "[[ ## problem ## ]]" in again
    assert "[[ ## earlier_answer ## ]]" in again


def test_a_good_record_passes(book: Path, rlm: Rlm) -> None:
    (book / "typed.rlm").write_text(TYPED % ("Row", "Row"))
    with chat_server(lambda body: field(json.dumps(GOOD_ROW))) as server:
        done = rlm(
            "run",
            "typed.rlm",
            "--source",
            "book=book.txt",
            "--model",
            "m",
            "--api-base",
            server.base,
        )
    assert done.code == 0, done.err
    assert json.loads(done.out) == GOOD_ROW


def test_a_second_answer_is_taken(book: Path, rlm: Rlm) -> None:
    (book / "typed.rlm").write_text(TYPED % ("Int", "Int"))

    def answer(body: dict[str, Any]) -> Reply:
        return field("7" if "[[ ## problem ## ]]" in str(body) else "seven")

    with chat_server(answer) as server:
        done = rlm(
            "run",
            "typed.rlm",
            "--source",
            "book=book.txt",
            "--model",
            "m",
            "--api-base",
            server.base,
        )
    assert (done.code, done.out) == (0, "7\n")
    shown = rlm("show")
    assert "2 tries" in shown.out
    node = rlm("show", "last", "answer")
    assert "not taken" in node.out
    assert "[[ ## page ## ]]" in node.out


def test_a_dead_endpoint(book: Path, rlm: Rlm) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = rlm(*RUN, "--api-base", f"http://127.0.0.1:{port}/v1")
    assert done.code == 1
    assert "error[model-unreachable]" in done.err


def test_an_endpoint_that_says_nothing(book: Path, rlm: Rlm) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        done = rlm(*RUN, "--api-base", f"http://127.0.0.1:{port}/v1", "--timeout", "0.3")
    assert done.code == 1
    assert "error[model-timeout]" in done.err


def test_prices_are_charged_and_limits_in_dollars_hold(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[prices]\n"my/model" = { input = 1000.0, output = 2000.0 }\n')
    with chat_server(lambda body: field("x")) as server:
        done = rlm(*RUN, "--api-base", server.base, "--json", "--set", "budget.usd=1000")
        assert done.code == 0, done.err
        calls = len(server.requests)
        assert json.loads(done.out)["usage"]["usd"] == pytest.approx(calls * 0.02)
        server.requests.clear()
        done = rlm(*RUN, "--api-base", server.base, "--set", "budget.usd=5", "--json", "--fresh")
        assert done.code == 0, done.err  # one at a time: each waits for what the last gives back
        assert len(server.requests) == calls
        server.requests.clear()
        done = rlm(*RUN, "--api-base", server.base, "--set", "budget.usd=0.5", "--fresh")
    assert done.code == 75
    assert "budget-spent" in done.err
    assert server.requests == []


def test_what_is_sent_is_what_dspy_would_send(book: Path, rlm: Rlm) -> None:
    import dspy

    from rlmlang.program.signatures import signature_of
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options

    with chat_server(lambda body: field("x")) as server:
        assert rlm(*RUN, "--api-base", server.base, "--quiet").code == 0
    ready = prepare("find.rlm", Options(sources={"book": "book.txt"}), need_all=False)
    step = ready.plan.node("notes").step
    signature = signature_of(step.work.ask.prompt)  # type: ignore[union-attr]
    text = (book / "book.txt").read_text()
    first = next(r for r in server.requests if text[:300] in r["messages"][-1]["content"])
    page = first["messages"][-1]["content"].split("]]\n", 1)[1].split("\n\n[[ ## question", 1)[0]
    wanted = dspy.JSONAdapter().format(  # a `Text?`, at a server of this machine
        signature, [], {"page": page, "question": "where is the key"}
    )
    assert first["messages"] == wanted


@pytest.mark.filterwarnings("ignore")
def test_other_providers_through_litellm(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("litellm")
    import asyncio

    from dspy.lm15 import AuthError, Config, Message, Request, TextPart

    from rlmlang.models.http import LiteLlm

    request = Request(
        model="openai/m",
        messages=(Message("user", (TextPart("hi"),)),),
        config=Config(max_tokens=5, temperature=0.0),
    )
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with chat_server(lambda body: completion("hello")) as server:
        monkeypatch.setenv("OPENAI_API_BASE", server.base)
        response = asyncio.run(LiteLlm().complete(request))
        assert (response.message.text, response.usage.input_tokens) == ("hello", 10)
        assert (server.requests[0]["max_tokens"], len(server.requests)) == (5, 1)
    with chat_server(lambda body: (401, {"error": {"message": "no"}})) as server:
        monkeypatch.setenv("OPENAI_API_BASE", server.base)
        with pytest.raises(AuthError):
            asyncio.run(LiteLlm().complete(request))
