"""Whose settings hold, and which key goes where."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.models.keys import Endpoint, key_for, onward, owner_of, shown
from tests.conftest import SIMPLE, Rlm
from tests.servers import chat_server, field

RUN = ("run", "find.rlm", "--source", "book=book.txt", "--set", "question=where is the key")
KEYS = {"OPENAI_API_KEY": "openai-key-1", "ANTHROPIC_API_KEY": "anthropic-key", "RLM_API_KEY": ""}


@contextmanager
def redirecting(status: int, location: str) -> Iterator[str]:
    """A server that sends every request elsewhere but those to /v2."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            moved = not self.path.startswith("/v2")
            data = b"" if moved else json.dumps(field("moved here")[1]).encode()
            self.send_response(status if moved else 200)
            if moved:
                self.send_header("location", location)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ── trust ────────────────────────────────────────────────────────────────────


def test_an_endpoint_of_a_file_that_nobody_trusts_gets_nothing(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(lambda body: field("x")) as server:
        (book / "rlm.toml").write_text(f'[models]\ndefault = "a/b"\napi_base = "{server.base}"\n')
        done = rlm(*RUN)
        words = " ".join(done.err.split())
        assert (done.code, "[project-untrusted]" in words, server.requests) == (2, True, [])
        assert f'models.api_base = "{server.base}"' in words
        assert f"rlm trust {book}" in words
        assert not (book / ".rlm").exists()
        planned = rlm("plan", "find.rlm", "--source", "book=book.txt")
        assert (planned.code, "warning[project-untrusted]" in planned.err) == (0, True)
        assert rlm(*RUN, "--trust", "--fresh", "-q").out == "x\n"
        monkeypatch.setenv("RLM_TRUST", "1")
        assert rlm(*RUN, "--fresh", "-q").out == "x\n"
        monkeypatch.setenv("RLM_TRUST", "0")
        assert rlm(*RUN, "--fresh").code == 2
        assert rlm(*RUN, "--fresh", "-q", "--api-base", server.base).out == "x\n"


def test_a_file_is_trusted_as_it_is_and_where_it_is(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[sandbox]\ntiers = ["cpython"]\n')
    assert rlm(*RUN, "--model", "offline/reader").code == 2
    assert rlm("trust", str(book)).out.splitlines()[2:] == ['  sandbox.tiers = ["cpython"]']
    assert rlm(*RUN, "--model", "offline/reader").code == 0
    with (book / "rlm.toml").open("a") as file:
        file.write("# more\n")
    done = rlm(*RUN, "--model", "offline/reader")
    assert (done.code, "it changed since" in " ".join(done.err.split())) == (2, True)
    other = book / "clone"
    other.mkdir()
    (other / "find.rlm").write_text(SIMPLE)
    (other / "rlm.toml").write_text('[sandbox]\ntiers = ["cpython"]\n')
    assert rlm("run", "clone/find.rlm", *RUN[2:], "--model", "offline/reader").code == 2


def test_the_list(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text("")
    (book / "inside").mkdir()
    assert rlm("trust", "inside").code == 0, "the file above a folder is the folder's"
    place = Path(os.environ["XDG_CONFIG_HOME"]) / "rlmlang" / "trust.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    row, own, inside = json.loads(rlm("trust", "--list", "--json").out)
    assert (own["path"], own["state"]) == (str(book), "folder"), "of the tests' own"
    assert (inside["path"], inside["state"]) == (str(book / "inside"), "folder")
    assert (row["path"], row["state"]) == (str(book / "rlm.toml"), "trusted")
    (book / "rlm.toml").write_text("[models]\n")
    assert rlm("trust", "--list").out.startswith("changed")
    (book / "rlm.toml").unlink()
    assert rlm("trust", "--list").out.startswith("missing")
    assert rlm("trust", "--remove", ".").code == rlm("trust", "--remove", "inside").code == 0
    assert (rlm("trust", "--list").out, rlm("trust", "--remove", ".").code) == ("", 2)
    assert "[no-project-file]" in rlm("trust", "nowhere").err
    for bad in ("oops", "[]", '{"format": 9, "files": {}}', '{"format": 1, "files": []}'):
        place.write_text(bad)
        (book / "rlm.toml").write_text('[sandbox]\ntiers = ["cpython"]\n')
        assert "[trust-unreadable]" in rlm(*RUN).err


def test_a_list_is_never_looked_for_below_the_current_folder(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "settings")
    monkeypatch.setenv("HOME", ".")
    assert "[trust-unreadable]" in rlm("trust", "--list").err


def test_models_prices_and_limits_need_no_trust(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text(
        '[models]\ndefault = "offline/reader"\n[prices]\nm = { input = 1, output = 1 }\n'
        "[limits]\nm = { parallel = 2 }\n"
    )
    assert rlm(*RUN).code == 0


def test_tests_of_recipes_need_no_trust_in_endpoints(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[models]\napi_base = "http://example.org/v1"\n')
    with (book / "find.rlm").open("a") as file:
        file.write(
            '\ntest "t" for find {\n  given book: "x"\n  given question: "q"\n'
            '  mock note returns "y"\n  mock merge returns "y"\n'
            '  expect result == "y"\n}\n'
        )
    done = rlm("test", "find.rlm")
    assert done.code == 0, done.out + done.err


def test_from_python(book: Path) -> None:
    import rlmlang

    with chat_server(lambda body: field("x")) as server:
        (book / "rlm.toml").write_text(f'[models]\ndefault = "a/b"\napi_base = "{server.base}"\n')
        given = {"sources": {"book": "book.txt"}, "sets": {"question": "q"}}
        with pytest.raises(CodedError) as found:
            rlmlang.run("find.rlm", **given)
        assert found.value.diagnostic.code == "project-untrusted"
        with pytest.raises(CodedError) as found:
            rlmlang.completion("q", "text", model="openai/gpt-4o-mini", store=None)
        assert found.value.diagnostic.code == "project-untrusted"
        assert server.requests == []
        assert rlmlang.run("find.rlm", trust=True, **given).result == "x"


# ── keys ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "base", "sent", "held"),
    [
        ("gpt-4o", "", "openai-key-1", ""),
        ("openai/gpt-4o", "https://api.openai.com/v1", "openai-key-1", ""),
        ("openai/gpt-4o", "https://eu.api.openai.com/v1", "openai-key-1", ""),
        ("my/own-name", "https://api.openai.com/v1", "openai-key-1", ""),
        ("anthropic/claude", "https://api.anthropic.com/v1", "anthropic-key", ""),
        # a key goes to no other host, none that only looks alike, and never in the clear
        ("openai/gpt-4o", "http://api.openai.com/v1", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://api.openai.com:8443/v1", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://api.openai.com.evil.org/v1", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://evilapi.openai.com.org/v1", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://api.openai.com@evil.org/v1", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://evil.org/api.openai.com", "", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://openrouter.ai/api/v1", "", ""),
        ("openai/gpt-4o", "https://api.anthropic.com/v1", "anthropic-key", ""),
        ("gpt-4o", "http://127.0.0.1:8000/v1", "", "OPENAI_API_KEY"),
        ("my/model", "http://127.0.0.1:8000/v1", "", ""),
    ],
)
def test_a_provider_s_key_goes_to_its_own_host(
    model: str, base: str, sent: str, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RLM_API_BASE", raising=False)
    found = key_for(model, Endpoint(base))
    assert (found.value, found.held) == (sent, held)


def test_the_key_of_an_endpoint_goes_to_that_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_API_KEY", "mine")
    monkeypatch.delenv("RLM_API_BASE", raising=False)
    assert key_for("a/b", Endpoint("http://one.example/v1")).value == "mine"
    monkeypatch.setenv("RLM_API_BASE", "http://one.example:80/v1/")
    assert key_for("a/b", Endpoint("http://one.example/v1")).value == "mine"
    other = key_for("a/b", Endpoint("http://two.example/v1"))
    assert (other.value, other.held) == ("", "RLM_API_KEY")
    assert key_for("a/b", Endpoint("http://two.example/v1", "RLM_API_KEY")).value == "mine"
    assert "mine" not in repr(key_for("a/b", Endpoint("http://one.example/v1")))


def test_a_run_says_which_key_stays_here_and_sends_it_when_told(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai-0123456789")
    with chat_server(lambda body: field("x")) as server:
        where = ("--model", "openai/gpt-4o", "--api-base", server.base, "--fresh")
        done = rlm(*RUN, *where)
        assert done.code == 0
        assert f"openai/gpt-4o at {server.base}" in done.err.splitlines()[0]
        assert f"OPENAI_API_KEY is not sent to {server.base}" in done.err
        assert not any("Authorization" in h for h in server.headers)
        assert rlm(*RUN, *where, "--api-key-env", "OPENAI_API_KEY", "-q").code == 0
        assert server.headers[-1]["Authorization"] == "Bearer sk-openai-0123456789"
        done = rlm(*RUN, *where, "--api-key-env", "NOT_SET")
        assert "[model-key-missing]" in done.err
        monkeypatch.setenv("RLM_API_KEY", "made-for-it")
        assert "key-not-sent" not in rlm(*RUN, *where).err
        assert server.headers[-1]["Authorization"] == "Bearer made-for-it"


def test_a_trusted_file_names_the_variable_of_its_endpoint_s_key(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM", "team-key")
    with chat_server(lambda body: field("x")) as server, chat_server(lambda b: field("y")) as other:
        (book / "rlm.toml").write_text(
            f'[models]\ndefault = "a/b"\napi_base = "{server.base}"\napi_key_env = "TEAM"\n'
        )
        assert rlm(*RUN, "-q", "--trust").code == 0
        assert server.headers[-1]["Authorization"] == "Bearer team-key"
        assert rlm(*RUN, "-q", "--trust", "--api-base", other.base).code == 0
        assert "Authorization" not in other.headers[-1], "it is not the file's endpoint"


def test_the_name_of_a_model_is_no_endpoint(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "hf-key")
    done = rlm(*RUN, "--model", "huggingface/https://evil.example/v1")
    assert (done.code, "[no-model]" in done.err) == (1, True)


# ── redirects ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_server_gets_neither_prompt_nor_key(
    book: Path, rlm: Rlm, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_API_KEY", "made-for-the-first")
    with chat_server(lambda body: field("x")) as other:
        with redirecting(status, f"{other.base}/chat/completions?key=abc") as base:
            done = rlm(*RUN, "--model", "a/b", "--api-base", base)
        words = " ".join(done.err.split())
        assert (done.code, other.requests) == (1, [])
        assert f"the endpoint redirects to {other.base}/chat/completions, where nothing" in words


def test_a_redirect_on_the_same_server_is_followed(book: Path, rlm: Rlm) -> None:
    with redirecting(308, "/v2/chat/completions") as base:
        assert rlm(*RUN, "--model", "a/b", "--api-base", base, "-q").out == "moved here\n"
    with redirecting(307, "/v1/again") as base:
        done = rlm(*RUN, "--model", "a/b", "--api-base", base)
        assert (done.code, "redirects" in done.err) == (1, True)


def test_what_is_the_same_server() -> None:
    assert onward("http://h/v1", "https://h/v1") == "https://h/v1"
    assert onward("https://h/v1/chat", "/v2") == "https://h/v2"
    for other in ("http://h/v1", "https://h:8443/", "//other/v1", "https://h.evil/", ""):
        assert onward("https://h/v1", other) == ""
    assert shown("http://me:secret@h:8/v1?key=abc") == "http://h:8/v1"
    assert owner_of("https://h") == owner_of("no url") == owner_of("http://[bad") == ""
