"""Addresses of endpoints in every form, servers of one's own without key or price, and their moods."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models import keys
from rlmlang.models.endpoints import address_of, is_local
from rlmlang.models.listing import listed
from rlmlang.models.routes import WithinOutput
from rlmlang.partitions.measure import Estimate
from rlmlang.runtime.project import model_and_name
from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion, serving

ANSWER = completion("[[ ## result ## ]]\nbees\n\n[[ ## completed ## ]]")[1]
RECIPE = """rlm 1

prompt say(page: Text max 2ktok) -> Text max 100tok "Which animal?"

recipe go(page: Text max 2ktok) -> Text {
  budget {
    calls <= 20
    usd <= 1.00
  }
  return say(page)
}
"""
RUN = ("run", "go.rlm", "--set", "page=A page about bees.", "--quiet")


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe."""
    (folder / "go.rlm").write_text(RECIPE)
    return folder


@contextmanager
def at(
    path: str, replies: list[tuple[int, Any, dict[str, str]]]
) -> Iterator[tuple[str, list[str]]]:
    """A server with one route and its replies in turn, the last again and again; the host and port,
    and the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            right = self.path.partition("?")[0] == path
            status, body, more = replies.pop(0) if len(replies) > 1 else replies[0]
            self.say(status if right else 404, body if right else {"error": "no route"}, more)

        def do_GET(self) -> None:
            right = self.path == path.replace("chat/completions", "models")
            self.say(200 if right else 404, {"data": [{"id": "smol"}]}, {})

        def say(self, status: int, body: Any, more: dict[str, str]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**more, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        yield address, asked


ROUTE = "/v1/chat/completions"
FORMS = {
    "http://{}": ROUTE, "http://{}/": ROUTE, "{}": ROUTE, "//{}": ROUTE, "{}/v1": ROUTE,
    "http://{}/v1": ROUTE, "http://{}/v1/": ROUTE, "http://{}/v1//": ROUTE, " http://{}/v1\n": ROUTE,
    "http://{}/v1/chat/completions": ROUTE, "http://{}/v1/chat/completions/": ROUTE,
    "http://{}/v1/chat": ROUTE, "http://{}/v1/models": ROUTE, "http://{}/v1/responses/": ROUTE, "http://{}/chat/completions": ROUTE, "HTTP://{}/v1": ROUTE,
    "http://{}/v1?api-version=1": f"{ROUTE}?api-version=1",
    "http://{}/v1/?a=1&b=%20": f"{ROUTE}?a=1&b=%20",
    "http://{}/v1/chat/completions?api-version=1": f"{ROUTE}?api-version=1",
    "http://{}?a=1": f"{ROUTE}?a=1",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_an_address_may_be_written_in_any_form(here: Path, rlm: Rlm, form: str) -> None:
    with at(ROUTE, [(200, ANSWER, {})]) as (host, asked):
        done = rlm(*RUN, "--model", "smol", "--api-base", form.format(host))
    assert (done.code, done.out) == (0, "bees\n"), done.err
    assert asked == [FORMS[form]]


@pytest.mark.parametrize(
    ("route", "form"),
    [
        ("/chat/completions", "http://{}"),
        ("/api/v3/chat/completions", "http://{}/api/v3"),
        ("/models/chat/completions", "http://{}/models"),
        ("/openai/deployments/d/chat/completions", "http://{}/openai/deployments/d?api-version=1"),
    ],
)
def test_routes_that_do_not_lie_below_v1_are_found(
    here: Path, rlm: Rlm, route: str, form: str
) -> None:
    with at(route, [(200, ANSWER, {})]) as (host, asked):
        done = rlm(*RUN, "--model", "smol", "--api-base", form.format(host))
    assert (done.code, done.out) == (0, "bees\n"), done.err
    assert len(asked) <= 2


BAD = ("api.example.com/v1", "ftp://localhost/v1", "http://", "http://localhost:99999/v1",
       "http://me:secret@localhost:1/v1", "http://[::1/v1", "localhost:many/v1", "http://a b/v1",
       "api.openai.com:443/v1", "v1.example.org")  # fmt: skip


@pytest.mark.parametrize("base", BAD)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_is_no_address_is_told_before_anything_is_sent(
    here: Path, rlm: Rlm, base: str, command: str
) -> None:
    done = rlm(command, "go.rlm", "--set", "page=x", "--model", "smol", "--api-base", base)
    assert done.code == 2
    assert "error[bad-api-base]" in done.err
    assert "http://" in done.err
    assert "secret" not in done.err


@given(st.text(max_size=60))
def test_any_text_is_an_address_that_stays_itself_or_a_coded_problem(text: str) -> None:
    try:
        found = address_of(text)
    except CodedError:
        return
    assert all(found.url(p).startswith(("http://", "https://")) for p in found.paths)
    assert address_of(found.url(found.paths[0])).identity == found.identity


HOSTS = {
    True: ("localhost", "127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "192.168.0.4", "172.16.0.1",
           "fd00::1", "fe80::1%eth0", "vllm", "gpu.local", "box.lan", "a.svc.cluster.local",
           "host.docker.internal", "LOCALHOST", "169.254.1.1"),
    False: ("api.openai.com", "8.8.8.8", "172.32.0.1", "2606:4700::1", "localhost.example.com",
            "example.org", "127.0.0.1.nip.io", ""),
}  # fmt: skip


@pytest.mark.parametrize(("host", "local"), [(h, k) for k, hosts in HOSTS.items() for h in hosts])
def test_what_is_of_this_machine_or_network(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_a_server_of_ones_own_needs_no_key_and_no_price(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at(ROUTE, [(200, ANSWER, {})]) as (host, _):
        base = f"http://{host}/v1"
        done = rlm(*RUN[:-1], "--model", "smol", "--api-base", base, "--json")
        assert done.code == 0, done.err
        assert "warning[price-unknown]" in done.err
        assert "{ input = 0, output = 0 }" in done.err
        assert json.loads(done.out)["usage"]["usd"] is None
        planned = rlm("plan", *RUN[1:-1], "--model", "smol", "--api-base", base)
        assert (planned.code, "price unknown" in planned.out) == (0, True)
        assert "warning[price-unknown]" in planned.err
        assert rlm("graph", *RUN[1:-1], "--api-base", base).code == 0
        (here / "book.txt").write_text("bees\n")
        asked = rlm("ask", "Which?", "--source", "book.txt", "--model", "smol", "--api-base", base)
        assert asked.code == 0, asked.err
        found = rlmlang.completion("Which?", "bees", model="smol", api_base=base, store=None)
        assert (found.text, found.usd) == ("bees", None)
        (here / "rlm.toml").write_text('[prices]\n"smol" = { input = 0, output = 0 }\n')
        done = rlm(*RUN[:-1], "--model", "smol", "--api-base", base, "--json", "--fresh")
        assert "price-unknown" not in done.err
        assert json.loads(done.out)["usage"]["usd"] == 0
    remote = rlm(*RUN, "--model", "smol2", "--api-base", "https://llm.example.com/v1")
    assert (remote.code, "error[price-unknown]" in remote.err) == (2, True)


def test_evals_and_tunings_say_that_dollars_are_not_counted(here: Path, rlm: Rlm) -> None:
    (here / "rows.jsonl").write_text('{"page": "x", "want": "bees"}\n' * 12)
    (here / "go.rlm").write_text(RECIPE + TRIALS)
    with at(ROUTE, [(200, ANSWER, {})]) as (host, _):
        where = ("--model", "smol", "--api-base", f"http://{host}")
        done = rlm("eval", "go.rlm", *where)
        assert (done.code, "warning[price-unknown]" in done.err) == (0, True), done.err
        assert "dollars are not counted" in rlm("tune", "go.rlm", "--dry-run", *where).out


TRIALS = """
dataset rows {
  path: "rows.jsonl"
  want: want
}

eval quality for go {
  over: rows
  score exact weight 1
}

tune quality for go {
  optimizer: bootstrap
  split: { train: 34%, dev: 33%, test: 33%, seed: 1 }
  knob say.demos in [2]
  budget {
    usd <= 1.00
  }
}
"""


def test_an_endpoint_is_asked_what_it_serves() -> None:
    with at(ROUTE, [(200, ANSWER, {})]) as (host, _):
        assert listed(address_of(f"http://{host}")) == (("smol",), "serves ")
        assert listed(address_of(f"http://{host}/no"))[1].startswith("answers HTTP 404")
    assert listed(address_of(f"http://{host}"))[1].startswith("does not answer")


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (503, {"Retry-After": "0.2"}),
        (500, {"Retry-After": "0"}),
        (502, {"retry-after-ms": "50"}),
        (529, {"Retry-After": "0.1"}),
        (504, {"Retry-After": "0.1"}),
    ],
)
def test_a_pause_that_is_asked_for_is_made(
    here: Path, rlm: Rlm, status: int, headers: dict[str, str]
) -> None:
    busy = (status, {"error": {"message": "Model is loading"}}, headers)
    with at(ROUTE, [busy, busy, busy, busy, (200, ANSWER, {})]) as (host, asked):
        done = rlm(*RUN, "--model", "smol", "--api-base", f"http://{host}/v1")
    assert (done.code, done.out, len(asked)) == (0, "bees\n", 5), done.err


def test_a_pause_that_is_too_long_parks_the_run(here: Path, rlm: Rlm) -> None:
    busy = (503, {"error": {"message": "Model is loading"}}, {"Retry-After": "3600"})
    with at(ROUTE, [busy]) as (host, asked):
        done = rlm(*RUN, "--model", "smol", "--api-base", f"http://{host}/v1", "--max-wait", "9")
    assert (done.code, len(asked)) == (75, 1)
    assert "asks to wait 3,600 s" in done.err


def test_a_context_that_is_passed_says_what_to_declare(here: Path, rlm: Rlm) -> None:
    words = "request (5000 tokens) exceeds the available context size (4096 tokens)"
    with chat_server(lambda body: (400, {"error": {"message": words}})) as server:
        done = rlm(*RUN, "--model", "smol", "--api-base", server.base)
    assert "error[model-context-exceeded]" in done.err
    assert words in done.err
    assert "context <= …" in done.err


@pytest.mark.parametrize("key", ["sk-1\n", " sk-1", "sk-1\r\n", "\tsk-1 "])
def test_what_a_file_puts_around_a_key_is_dropped(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("RLM_API_KEY", key)
    with chat_server(lambda body: (200, ANSWER)) as server:
        assert rlm(*RUN, "--model", "smol", "--api-base", server.base).code == 0
    assert server.headers[0]["Authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("key", ["sk\n1", "sk 1", "schlüssel", "sk-1\x7f", "“sk-1”"])
@pytest.mark.parametrize("variable", ["RLM_API_KEY", "OPENAI_API_KEY"])
def test_a_key_that_cannot_be_sent_is_told(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, key: str, variable: str
) -> None:
    monkeypatch.setenv(variable, key)
    with chat_server(lambda body: (200, ANSWER)) as server:
        done = rlm(
            *RUN, "--model", "openai/gpt-4o", "--api-base", server.base, "--api-key-env", variable
        )
    assert (done.code, server.requests) == (1, [])
    assert f"error[model-key-missing]: what {variable} holds is no key" in done.err
    assert key not in done.err


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("gpt", ("", "gpt")),
        ("reader=gpt", ("reader", "gpt")),
        ("reader=a/b=c", ("reader", "a/b=c")),
        ("a/b=c", ("", "a/b=c")),
        ("llama3:8b=q4", ("", "llama3:8b=q4")),
        ("=a=b", ("", "a=b")),
        ("reader=", ("reader", "")),
        ("a-b=c", ("", "a-b=c")),
    ],
)
def test_names_of_models_may_have_any_signs(given: str, found: tuple[str, str]) -> None:
    assert model_and_name(given) == found


@pytest.mark.parametrize("name", ["a/b=c", "org/llama3:8b-q4=v2", "hf.co/a/b:Q4_K_M", "=x=y"])
def test_a_name_is_sent_as_it_is(here: Path, rlm: Rlm, name: str) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        return 200, ANSWER

    with chat_server(answer) as server:
        assert rlm(*RUN, "--model", name, "--api-base", server.base).code == 0
    assert server.requests[0]["model"] == name.removeprefix("=")


@pytest.mark.parametrize(("words", "reason"), [(2_000, "stop"), (20_000, "length")])
def test_an_answer_may_not_take_the_room_for_thinking(words: int, reason: str) -> None:
    class Writer:
        async def complete(self, request: Request) -> Response:
            said = Message.assistant([TextPart("bee " * (words // 4))])
            return Response(id=None, model="m", message=said, finish_reason="stop", usage=Usage())

    asked = Request(model="m", messages=(Message.user("Which?"),))
    found = asyncio.run(WithinOutput(Writer(), 1_000, Estimate()).complete(asked))
    assert found.finish_reason == reason


@contextmanager
def proxy(body: Any) -> Iterator[tuple[str, list[str]]]:
    """A proxy of HTTP that answers everything itself; its address, and the URLs it was asked."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        yield f"http://{address}", asked


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_gone_through(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (here / "rlm.toml").write_text('[prices]\n"m" = { input = 0, output = 0 }\n')
    with proxy(ANSWER) as (address, asked):
        monkeypatch.setenv(variable, address)
        done = rlm(*RUN, "--model", "m", "--api-base", "http://models.invalid/v1")
        assert done.code == 0, done.err
        assert asked == [f"http://models.invalid{ROUTE}"]
        with at(ROUTE, [(200, ANSWER, {})]) as (host, direct):  # this machine is asked directly
            assert rlm(*RUN, "--model", "m", "--api-base", f"http://{host}/v1").code == 0
        assert (len(asked), direct) == (1, [ROUTE])
        monkeypatch.setenv("NO_PROXY", "models.invalid")
        done = rlm(*RUN, "--model", "m", "--api-base", "http://models.invalid/v2")
        assert "model-unreachable" in done.err
        assert len(asked) == 1


def test_a_proxy_that_cannot_be_used_is_told_before_anything_is_sent(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "rlm.toml").write_text('[prices]\n"m" = { input = 0, output = 0 }\n')
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    done = rlm(*RUN, "--model", "m", "--api-base", "http://models.invalid/v1")
    assert "error[bad-proxy]" in done.err
    assert "NO_PROXY=models.invalid" in done.err


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("openai/gpt-5-mni", "openai/gpt-5-mini"),
        ("anthropic/claude-sonet-4-5", "anthropic/claude-sonnet-4-5"),
        ("gpt-4o-mni", "gpt-4o-mini"),
        ("openai/gpt-5-mini", ""),
        ("my/own-model", ""),
    ],
)
def test_a_name_that_nobody_knows_is_held_against_those_that_are_known(
    here: Path, rlm: Rlm, name: str, near: str
) -> None:
    said = rlm("plan", "go.rlm", "--set", "page=x", "--model", name).err
    assert (f"`{near}` is near" in said) if near else ("is near" not in said)


VARIABLES = [(v, p) for p, names in keys.VARIABLES.items() for v in names]


@pytest.mark.parametrize(("variable", "provider"), VARIABLES)
def test_a_provider_s_key_is_found_where_litellm_looks_for_it(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, variable: str, provider: str
) -> None:
    litellm = Path(pytest.importorskip("litellm").__file__).parent
    assert any(f'"{variable}"' in p.read_text("utf-8", "ignore") for p in litellm.rglob("*.py"))
    for name in keys.variables_of(f"{provider}/m"):
        monkeypatch.delenv(name, raising=False)
    (here / "rlm.toml").write_text(f'[prices]\n"{provider}/m" = {{ input = 0, output = 0 }}\n')
    assert keys.variables_of(f"{provider}/m")[0] in rlm(*RUN, "--model", f"{provider}/m").err
    monkeypatch.setenv(variable, "k")
    assert keys.key_for(f"{provider}/m", keys.Endpoint()).value == "k"


@pytest.mark.filterwarnings("ignore")
def test_ollama_and_bedrock_are_reached_without_a_key(
    here: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("litellm")
    names = ("ollama/smol", "bedrock/anthropic.claude-3-haiku-20240307-v1:0")
    prices = "".join(f'"{n}" = {{ input = 0, output = 0 }}\n' for n in names)
    (here / "rlm.toml").write_text(f"[prices]\n{prices}")
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            ollama = {"model": "smol", "message": {"role": "assistant", "content": "bees"},
                      "response": "bees", "done": True, "done_reason": "stop",
                      "prompt_eval_count": 10, "eval_count": 5}  # fmt: skip
            bedrock = {"output": {"message": {"role": "assistant", "content": [{"text": "bees"}]}},
                       "stopReason": "end_turn", "metrics": {"latencyMs": 1},
                       "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}}  # fmt: skip
            data = json.dumps(ollama if "/api/" in self.path else bedrock).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    here_too = f"http://127.0.0.1:{httpd.server_port}"
    monkeypatch.setenv("OLLAMA_API_BASE", here_too)
    monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", here_too)
    monkeypatch.setenv("AWS_REGION_NAME", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    try:
        for name in names:
            done = rlm(*RUN, "--model", name)
            assert (done.code, done.out) == (0, "bees\n"), done.err
    finally:
        httpd.shutdown()
        httpd.server_close()
    assert any("/api/" in path for path in asked)
    assert any("converse" in path for path in asked)
