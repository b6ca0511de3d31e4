"""`rlm.toml`: everything in it is either used or refused, with the line and what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlmlang.runtime.project import load
from rlmlang.runtime.projectfile import line_of
from rlmlang.runtime.root import root_at
from rlmlang.schema.project import SETTINGS
from tests.conftest import Rlm
from tests.servers import chat_server, field

WRONG = [
    # unknown sections and keys, the near name in the hint
    ('[model]\ndefault = "a/b"\n', 1, "`[models]` is near"),
    ("[Prices]\n", 1, "`[prices]` is near"),
    (
        "[tools]\n",
        1,
        "sections are [models], [prices], [takes], [limits], [batches], [tokenizers], [sandbox]",
    ),
    ('api_base = "http://x/v1"\n[models]\n', 1, "`api_base` belongs below [models]"),
    ('defualt = "a/b"\n', 1, "`default` belongs below [models]"),
    ("tiers = []\n", 1, "`tiers` belongs below [sandbox]"),
    ('[models]\n# api_bse\napi_bse = "http://x/v1"\n', 3, "`api_base` is near"),
    ('[models]\nAPI_BASE = "http://x/v1"\n', 2, "`api_base` is near"),
    ('[models]\nbase_url = "http://x/v1"\n', 2, "it is called `api_base` here"),
    ('[models]\nserver = "http://x/v1"\n', 2, "an endpoint is called `api_base`"),
    ('[models]\napi_key = "sk-1"\n', 2, "it is called `api_key_env` here"),
    ('[prices]\n"a/b" = { input = 1, output = 2, outptu = 3 }\n', 2, "`output` is near"),
    ("[limits]\nm = { paralel = 3 }\n", 2, "`parallel` is near"),
    ('[sandbox]\ntier = ["monty"]\n', 2, "`tiers` is near"),
    # values of another kind, or out of range
    ("[models]\ndefault = 3\n", 2, 'default = "openai/gpt-5-mini"'),
    ('[models]\ndefault = ""\n', 2, "takes a model's name"),
    ('[models.reader]\nname = "a/b"\n', 1, "takes a model's name"),
    ('[models]\napi_base = "localhost:8000/v1"\n', 2, "begins with http:// or https://"),
    ('[models]\napi_key_env = "sk-1"\n', 2, "never the key itself"),
    ("models = 3\n", 1, "write it as a section: [models]"),
    ("[[models]]\n", 1, "write it as a section: [models]"),
    ("[prices]\nm = 3\n", 2, "input = 0.25, output = 2.00"),
    ("[prices]\nm = { input = 1 }\n", 2, "has no `output`"),
    ("[prices.m]\ninput = -5\noutput = 1\n", 2, "dollars per million tok"),
    ("[prices]\nm = { input = 1, output = nan }\n", 2, "0 or more"),
    ('[prices]\nm = { input = "1", output = 1 }\n', 2, "0 or more"),
    ("[prices]\nm = { input = true, output = 1 }\n", 2, "0 or more"),
    ("[prices]\nm = { input = 1e400, output = 1 }\n", 2, "0 or more"),
    ("[limits]\nm = { parallel = 2.5 }\n", 2, "a whole number"),
    ("[limits]\nm = { parallel = 0 }\n", 2, "a whole number"),
    ("[limits]\nm = { tokens_per_minute = inf }\n", 2, "tok a minute"),
    ('[sandbox]\ntiers = "monty"\n', 2, "a list of names"),
    ('[deps]\nBad = { path = ".." }\n', 2, "a package's name has small letters"),
    ('[models]\n"a b" = "a/b"\n', 2, "a name has letters, digits and _"),
    # what is no TOML
    ('[models]\na = "x"\na = "y"\n', 3, "this is no TOML"),
    ("[models]\n[prices]\n[models]\n", 3, "this is no TOML"),
    ("[models\n", 1, "this is no TOML"),
]


@pytest.mark.parametrize(("text", "line", "said"), WRONG, ids=lambda v: repr(v)[:40])
def test_what_the_table_does_not_know_is_refused(
    book: Path, rlm: Rlm, text: str, line: int, said: str
) -> None:
    (book / "rlm.toml").write_text(text)
    done = rlm("plan", "find.rlm")
    words = " ".join(done.err.split())
    assert (done.code, "[bad-project]" in words, f"rlm.toml:{line}: " in words) == (2, True, True)
    assert said in words
    assert "sk-1" not in words


def test_a_table_of_toml_that_is_too_deep(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text("a = " + "[" * 5000 + "]" * 5000 + "\n")
    done = rlm("plan", "find.rlm")
    assert (done.code, "[bad-project]" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("data", "line"),
    [("[models]\n# caf\xe9\n".encode("latin-1"), 2), ("[models]".encode("utf-16"), 1)],
)
def test_a_file_that_is_no_utf8(book: Path, rlm: Rlm, data: bytes, line: int) -> None:
    (book / "rlm.toml").write_bytes(data)
    done = rlm("plan", "find.rlm")
    assert (done.code, f"rlm.toml:{line}: this is not UTF-8 text" in done.err) == (2, True)


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(book: Path) -> None:
    (book / "rlm.toml").write_bytes(b"\xef\xbb\xbf[models]\r\ndefault = 'a/b'\r\n")
    assert load(root_at(book)).default == "a/b"


def test_what_lies_there_and_cannot_be_read_is_not_passed_over(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").symlink_to("gone.toml")
    assert "[bad-project]" in rlm("plan", "find.rlm").err
    (book / "rlm.toml").unlink()
    (book / "rlm.toml").mkdir()
    assert "[bad-project]" in rlm("plan", "find.rlm").err


def test_everything_that_the_table_knows_is_read(book: Path) -> None:
    (book / "rlm.toml").write_text("""
[models]
default = "a/b"
api_base = "https://example.org/v1"
api_key_env = "MY_KEY"
base = "c/d"
"reader" = "lm studio model"

[prices]
"my model" = { input = 0, output = 2 }

[limits."a/b"]
parallel = 8
tokens_per_minute = 1e6

[sandbox]
tiers = ["monty", "cpython"]
""")
    found = load(root_at(book))
    assert (found.default, found.api_base, found.api_key_env) == (
        "a/b",
        "https://example.org/v1",
        "MY_KEY",
    )
    assert found.models == {"base": "c/d", "reader": "lm studio model"}
    assert (found.prices["my model"].input, found.prices["my model"].output) == (0.0, 2.0)
    assert found.paces == {"a/b": (8, None, 1e6)}
    assert found.sandbox == ("monty", "cpython")


def test_every_setting_has_a_kind_and_an_example_of_it() -> None:
    import tomllib

    for setting in SETTINGS:
        value = tomllib.loads(f"x = {setting.example}")["x"]
        assert not setting.refuses(value), setting
        assert setting.doc


def test_a_model_that_looks_like_one_of_the_recipe_is_asked_about(book: Path, rlm: Rlm) -> None:
    text = (book / "find.rlm").read_text()
    text = text.replace("prompt note", 'model reader { default: "a/b" }\n\nprompt note', 1)
    text = text.replace(
        '"What does the page say about the question?"',
        '{ task: "What does the page say?" model: reader }',
    )
    (book / "find.rlm").write_text(text)
    (book / "rlm.toml").write_text('[models]\nreeder = "c/d"\nother = "e/f"\n')
    done = rlm("plan", "find.rlm")
    assert done.code == 0, done.err
    assert "warning[undeclared-model]" in done.err
    assert "`reader` is near" in done.err
    assert "other" not in done.err


def test_lines_are_found_by_their_whole_path() -> None:
    text = '[limits]\n[prices]\n"a.b" = { input = 1 }\n[prices."c d"]\ninput = 2\n'
    assert line_of(text, ("prices", "a.b", "input")) == 3
    assert line_of(text, ("prices", "c d", "input")) == 5
    assert line_of(text, ("prices", "nowhere")) == 0


def test_a_slip_never_lets_another_model_answer(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text('[model]\ndefault = "a/b"\n')
    with chat_server(lambda body: field("x")) as server:
        done = rlm(
            "run",
            "find.rlm",
            "--source",
            "book=book.txt",
            "--set",
            "question=q",
            "--api-base",
            server.base,
            "--json",
        )
    assert (done.code, server.requests) == (2, [])
    assert json.loads(done.out)["problem"]["code"] == "bad-project"


def test_models_shows_the_prices_of_the_file_without_trust(book: Path, rlm: Rlm) -> None:
    (book / "rlm.toml").write_text(
        '[models]\napi_base = "http://example.org"\n[prices]\nm = { input = 1, output = 2 }\n'
    )
    found = json.loads(rlm("models", "--json").out)["models"]["m"]
    assert (found["input"], found["output"], found["from"]) == (1.0, 2.0, "rlm.toml")
