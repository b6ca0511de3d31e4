"""Secrets: nowhere on disk and in no message, and never taken out of a value that is in use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlmlang.stores.reader import StoreReader
from rlmlang.stores.redact import MASK, Redactor, secrets_in, speaks_of_secrets, written
from tests.conftest import Rlm
from tests.servers import chat_server, completion, field

KEY = "sk-abcdefghijklmnopqrstuvwx0123456789"
ASK = """rlm 1

prompt note(page: Text, question: Text) -> Text "Answer the question about the page."

recipe find(page: Text, question: Text) -> Text {
  return note(page, question)
}
"""
RUN = ("run", "ask.rlm", "--model", "my/model", "--set", "page=A page.")
MANY = """rlm 1

prompt note(page: Slice) -> Text { task: "Say it again." retry <= 1 }

recipe find(rows: [Text] max 50) -> [Text] {
  return map rows with note()
}
"""


def on_disk(folder: Path, secret: str) -> list[str]:
    """The kept files that hold a secret."""
    return [
        str(p)
        for p in (folder / ".rlm").rglob("*")
        if p.is_file() and secret.encode() in p.read_bytes()
    ]


@pytest.fixture
def ask(folder: Path) -> Path:
    """A folder with a recipe that asks once."""
    (folder / "ask.rlm").write_text(ASK)
    return folder


# ── what a secret is ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "API_KEY",
        "OPENAI_API_KEY",
        "apiKey",
        "OPENAI_APIKEY",
        "GITHUBTOKEN",
        "accessToken",
        "DB_PASS",
        "PGPASSWORD",
        "MYSQL_PWD",
        "GITHUB_PAT",
        "my-secret",
        "AWSSecretKey",
        "MY0_TOKEN",
        "SENTRY_DSN",
        "DATABASE_URL",
        "AUTHORIZATION",
        "aws_credentials",
    ],
)
def test_names_that_speak_of_secrets(name: str) -> None:
    assert list(secrets_in({name: "k7Gh-29xQ-81"})) == ["k7Gh-29xQ-81"]


@pytest.mark.parametrize(
    "name",
    [
        "MONKEY",
        "KEYBOARD_LAYOUT",
        "TURKEY_REGION",
        "AUTHOR",
        "GIT_AUTHOR_NAME",
        "PATH",
        "PATTERN",
        "TOKENIZERS_PARALLELISM",
        "COMPASS",
        "PASSENGER",
        "SECRETARY",
        "KEYCLOAK_HOST",
        "BYPASS",
    ],
)
def test_names_are_read_as_words(name: str) -> None:
    assert not speaks_of_secrets(name)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "none",
        "EMPTY",
        "password",
        "not-needed",
        "lm-studio",
        "Alexander",
        "localhost",
        "true",
        "16777216",
        "/tmp/ssh-x/agent.12",
        "https://login.example.org/in",
        "  \n",
    ],
)
def test_common_words_numbers_and_places_are_no_secrets(value: str) -> None:
    assert Redactor({"API_KEY": value})(f"It says {value} here.") == f"It says {value} here."


@pytest.mark.parametrize(
    "text",
    [
        "task-management-and-planning-for-all",
        "a disk-assessment-methodology",
        "EURASIAPACIFICTRADEROUTES",
        "The bearer responsibilities-of-office",
        "see http://example.org:80/a and b@c",
    ],
)
def test_words_that_look_like_a_shape_stay(text: str) -> None:
    assert Redactor({})(text) == text


def test_a_secret_is_found_in_the_forms_it_is_written_in() -> None:
    value = 'pa"ss\\wo\nrd-é1'
    redact = Redactor({"DB_PASSWORD": value})
    for form in (value, json.dumps(value), json.dumps({"x": value}, ensure_ascii=False)):
        assert MASK in redact(form)
        assert "wo" not in redact(form)
    for text in (f"key={KEY}", f'"{KEY}"', json.dumps(f"a\n{KEY}"), f"q=%20{KEY}", f"MY_{KEY}"):
        assert KEY not in Redactor({})(text)


VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(
        [KEY, "a://b", "c:d@e", "://u:p@h", "-----BEGIN PRIVATE KEY-----", '"', "Bearer abc123defghijklmn"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_kept_stays_json_of_the_same_shape(values: dict[str, Any]) -> None:
    kept = written(values, Redactor({}))
    assert KEY not in kept
    assert len(json.loads(kept)) <= len(values)


# ── what was given ───────────────────────────────────────────────────────────


def test_a_key_that_is_set_is_nowhere_on_disk(ask: Path, rlm: Rlm) -> None:
    with chat_server(lambda body: field(f"yes, {KEY} is valid")) as server:
        where = ("--set", f"question=is {KEY} valid?", "--api-base", server.base)
        done = rlm(*RUN, *where)
        assert done.out == f"yes, {KEY} is valid\n", "the answer in use is the answer"
        assert KEY in server.requests[0]["messages"][-1]["content"], "so is the question"
        assert KEY not in done.err
    assert on_disk(ask, KEY) == []
    for command in (("export", "last"), ("runs", "--json"), ("show", "--all")):
        found = rlm(*command)
        assert (found.code, KEY in found.out + found.err) == (0, False)
    reader = StoreReader(Path(".rlm/store.db"))
    (run,) = reader.runs()
    reader.close()
    assert run.data["sets"]["question"] == f"is {MASK} valid?"


def test_a_key_that_is_set_is_nowhere_on_disk_after_kill_9(ask: Path) -> None:
    asked, over = threading.Event(), threading.Event()

    def hang(body: dict[str, Any]) -> Any:
        asked.set()
        over.wait(60)
        return field("late")

    with chat_server(hang) as server:
        run = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "rlmlang",
                *RUN,
                "--set",
                f"question=is {KEY} valid?",
                "--api-base",
                server.base,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert asked.wait(60)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        over.set()
    assert (ask / ".rlm" / "store.db").is_file()
    assert on_disk(ask, KEY) == []


@pytest.mark.parametrize(
    "given",
    ["-----BEGIN PRIVATE KEY-----\nMIIabc", "x://user", "y:z@w", 'say "k7Gh-29xQ-81" twice'],
)
def test_the_row_of_a_run_stays_readable(
    ask: Path, rlm: Rlm, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_TOKEN", "k7Gh-29xQ-81")
    with chat_server(lambda body: field("x")) as server:
        assert rlm(*RUN, "--set", f"question={given}", "--api-base", server.base).code == 0
    (run,) = json.loads(rlm("runs", "--json").out)
    assert run["state"] == "finished"
    assert on_disk(ask, "MIIabc") == on_disk(ask, "k7Gh-29xQ-81") == []


def test_an_input_whose_name_speaks_of_secrets_is_one(ask: Path, rlm: Rlm) -> None:
    (ask / "ask.rlm").write_text(ASK.replace("question", "password"))
    with chat_server(lambda body: field("x")) as server:
        done = rlm(*RUN, "--set", "password=k7Gh29xQ81", "--api-base", server.base)
        assert done.code == 0
        assert "k7Gh29xQ81" in server.requests[0]["messages"][-1]["content"]
        assert on_disk(ask, "k7Gh29xQ81") == []
        done = rlm(*RUN, "--set", "password=Who keeps the password?", "--api-base", server.base)
        assert done.code == 0
    assert "Who keeps the password?" in rlm("show", "--all", "last", "result").out


# ── what was answered ────────────────────────────────────────────────────────


def test_an_answer_with_a_secret_is_asked_again_and_no_other(ask: Path, rlm: Rlm) -> None:
    with chat_server(
        lambda body: field(
            f"it is {KEY}" if "secret" in body["messages"][-1]["content"] else "nothing"
        )
    ) as server:
        for question, asks in (("a secret?", 2), ("anything?", 1)):
            before = len(server.requests)
            said = {
                rlm(*RUN, "--set", f"question={question}", "--api-base", server.base).out
                for _ in range(2)
            }
            assert len(said) == 1, "the second run has the same answer, not one without its secret"
            assert len(server.requests) - before == asks
        assert KEY in rlm(*RUN, "--set", "question=a secret?", "--api-base", server.base).out
        done = rlm(*RUN, "--set", "question=a secret?", "--api-base", server.base, "--replay")
        assert (done.code, "[not-kept]" in done.err) == (1, True)
    assert on_disk(ask, KEY) == []


def test_within_a_run_an_answer_is_used_again_as_it_was(folder: Path) -> None:
    import rlmlang

    (folder / "many.rlm").write_text(MANY.replace("page: Slice", "page: Text"))
    with chat_server(lambda body: field(f"it is {KEY}")) as server:
        outcome = rlmlang.run(
            "many.rlm",
            models=("my/model",),
            api_base=server.base,
            values={"rows": ["same"] * 6},
            parallel=1,
            store=".rlm/store.db",
        )
        assert outcome.result == [f"it is {KEY}"] * 6
        assert len(server.requests) == 1
    assert on_disk(folder, KEY) == []


def test_a_run_that_is_gone_on_with_never_sees_a_mask(folder: Path, rlm: Rlm) -> None:
    (folder / "many.rlm").write_text(MANY.replace("page: Slice", "page: Text"))
    (folder / "rows.jsonl").write_text("".join(json.dumps(f"row {i}") + "\n" for i in range(4)))
    seen: list[str] = []

    def answer(body: dict[str, Any]) -> Any:
        seen.append(body["messages"][-1]["content"])
        if len(seen) == 3:
            return 402, {"error": {"message": "insufficient_quota"}}
        return field(f"it is {KEY}" if "row 0" in seen[-1] else "plain")

    import rlmlang

    given = {
        "models": ("my/model",),
        "values": {"rows": [f"row {i}" for i in range(4)]},
        "parallel": 1,
        "store": ".rlm/store.db",
    }
    with chat_server(answer) as server:
        first = rlmlang.run("many.rlm", api_base=server.base, **given)
        assert first.problem is not None
        again = rlmlang.run("many.rlm", api_base=server.base, **given)
    assert again.resumed
    assert again.result == [f"it is {KEY}", "plain", "plain", "plain"]
    assert sum("row 0" in s for s in seen) == 2
    assert sum("row 1" in s for s in seen) == 1
    assert on_disk(folder, KEY) == []


def test_a_variable_that_is_no_secret_leaves_answers_alone(
    ask: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONKEY", "capuchin-2024")
    monkeypatch.setenv("KEYBOARD_LAYOUT", "us-intl-dvorak")
    monkeypatch.setenv("API_KEY", "not-needed")
    said = "A capuchin-2024 at us-intl-dvorak is not-needed."
    with chat_server(lambda body: field(said)) as server:
        for _ in range(2):
            done = rlm(*RUN, "--set", "question=q", "--api-base", server.base)
            assert done.out == f"{said}\n"
        assert len(server.requests) == 1
    assert said in rlm("show", "--all", "last", "result").out


def test_a_problem_quotes_an_answer_without_its_secrets(ask: Path, rlm: Rlm) -> None:
    with chat_server(lambda body: completion(f"I found {KEY} in it")) as server:
        (ask / "ask.rlm").write_text(
            ASK.replace('-> Text "', '-> Int "').replace(
                "question: Text) -> Text {", "question: Text) -> Int {"
            )
        )
        done = rlm(*RUN, "--set", "question=q", "--api-base", server.base, "--json")
    assert (done.code, KEY in done.err + done.out, MASK in done.err) == (1, False, True)
    assert on_disk(ask, KEY) == []


def test_a_problem_quotes_a_line_of_the_recipe_without_its_secrets(ask: Path, rlm: Rlm) -> None:
    recipe = f'recipe r(n: Int = 0) -> Text {{\n  return if 1 / n > 2 then "{KEY}" else ""\n}}\n'
    (ask / "ask.rlm").write_text(f"rlm 1\n{recipe}")
    done = rlm("run", "ask.rlm", "--json")
    assert (done.code, KEY in done.err + done.out, MASK in done.err) == (1, False, True)
    assert done.err.count("^") == len(f'return if 1 / n > 2 then "{MASK}" else ""')


@pytest.mark.parametrize(
    "text",
    [
        "Basic {b64}",
        "{b64_behind}",
        "{url_safe}",
        "a {first}\n{second} b",
        "a {first}\\n  {second} b",
        "> {first}\n> {second}",
        "https://x.example/?q={quoted}",
    ],
)
def test_a_secret_in_another_form_is_one(text: str) -> None:
    secret = "Zx81-Quiet+Harbor/7731-vault"
    forms = {
        "b64": b64encode(secret.encode()).decode().rstrip("="),
        "b64_behind": b64encode(f"me:{secret}".encode()).decode(),
        "url_safe": urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        "first": secret[:11],
        "second": secret[11:],
        "quoted": quote(secret, safe=""),
    }
    left = Redactor({"MY_SERVICE_TOKEN": secret})(text.format(**forms))
    assert MASK in left
    for form in (secret, secret[2:11], forms["b64"][4:-4], forms["quoted"][5:-5]):
        assert form not in left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://x.example/v1?api_key=s3cr3tvalue9911&x=1", "https://x.example/v1?api_key=[secret]&x=1"),
        ("X-Api-Key: abcd1234efgh", "X-Api-Key: [secret]"),
        ('{"Authorization": "Basic dXNlcjpwYXNz1"}', '{"Authorization": "Basic [secret]"}'),
        (f"{KEY[:20]}\n{KEY[20:]}\nthe end", "[secret]\nthe end"),
        ("the token: twelve, a key=value pair, ?sort=descending", None),
    ],
)  # fmt: skip
def test_what_is_said_to_be_a_key_is_one(text: str, left: str | None) -> None:
    assert Redactor()(text) == (text if left is None else left)
