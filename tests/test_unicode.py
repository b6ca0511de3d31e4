"""Halves of characters, and bytes that are no UTF-8, wherever text comes in or goes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.unicode import encodable, file_name, flaw
from tests.conftest import Rlm

RECIPE = """rlm 1
record Found { what: Text, more: [Text] }
prompt note(page: Slice) -> Text { task: "Note." retry <= 0 }
prompt find(page: Slice) -> Found { task: "Find." retry <= 0 }
recipe notes(book: Text) -> [Text] { return map (split book by lines(per: 1)) with note() }
recipe finds(book: Text) -> [Found] { return map (split book by lines(per: 1)) with find() }
"""
NO_PATHS = ["a\ud83d.txt", "a\0b.txt", "x" * 5_000, "a/" * 3_000 + "b"]
ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_encodable_text_can_be_encoded_and_changes_only_halves(text: str) -> None:
    made = encodable(text)
    made.encode()
    assert not flaw(made)
    assert encodable(made) == made
    if not flaw(text):
        assert made == text


def test_halves_that_belong_together_are_joined() -> None:
    assert encodable("a\ud83d\ude00b") == "a\U0001f600b"
    assert encodable("\ud83dab\ude00") == "�ab�"
    assert "U+D83D at character 2" in flaw({"k": [1, "a\ud83d"]})
    assert "byte e9 at character 4" in flaw(os.fsdecode(b"caf\xe9"))


@pytest.mark.parametrize("path", NO_PATHS, ids=["half", "null", "long", "deep"])
@pytest.mark.parametrize("kind", ["Text", "[Text]", "Tree"])
def test_what_can_be_no_path_is_a_coded_problem(folder: Path, path: str, kind: str) -> None:
    (folder / "p.rlm").write_text(
        f'rlm 1\nprompt p(x: {kind}) -> Text "P."\nrecipe r(x: {kind}) -> Text {{ return p(x) }}\n'
    )
    with pytest.raises(CodedError) as raised:
        rlmlang.run("p.rlm", sources={"x": path})
    assert raised.value.diagnostic.code in ("source-missing", "source-unreadable")
    raised.value.diagnostic.message.encode()


@pytest.mark.parametrize("path", NO_PATHS, ids=["half", "null", "long", "deep"])
def test_what_can_be_no_path_among_several_is_one_too(folder: Path, path: str) -> None:
    for paths in ([Path(path), Path("b.txt")], Path(path)):
        with pytest.raises(CodedError) as raised:
            rlmlang.completion("What?", paths, model="offline")
        assert raised.value.diagnostic.code in ("source-missing", "source-unreadable")
    with pytest.raises(CodedError) as raised:
        rlmlang.run(path)
    assert raised.value.diagnostic.code == "recipe-missing"


def ask(folder: Path, recipe: str, say: Any, **more: Any) -> Any:
    (folder / "r.rlm").write_text(RECIPE)
    (folder / "b.txt").write_text("one\ntwo\n")
    engine = ScriptedEngine(say)
    outcome = rlmlang.run("r.rlm", engine=engine, recipe=recipe, sources={"book": "b.txt"}, **more)
    return outcome, engine


@pytest.mark.parametrize("kept", [True, False])
def test_half_a_character_in_an_answer_is_read_as_u_fffd(
    folder: Path, rlm: Rlm, kept: bool
) -> None:
    store = ".rlm/store.db" if kept else None
    outcome, _ = ask(folder, "notes", lambda t: "cut \ud83d", store=store)
    assert outcome.problem is None
    assert outcome.result == ["cut �", "cut �"]
    if kept:
        again, engine = ask(folder, "notes", lambda t: "another", store=store)
        assert (again.result, len(engine.requests)) == (outcome.result, 0)
        assert "cut �" in rlm("show").out
        assert "cut �" in rlm("export").out


def test_half_a_character_behind_an_escape_is_read_so_too(folder: Path) -> None:
    said = '[[ ## result ## ]]\n{"what": "a\\ud83d", "more": ["\\udca9", "\\ud83d\\ude00"]}'
    outcome, _ = ask(folder, "finds", lambda t: Raw(said))
    assert outcome.problem is None, outcome.problem
    assert outcome.result[0] == {"what": "a�", "more": ["�", "\U0001f600"]}


NUMBERS = """rlm 1
record R {{ n: {0} }}
prompt one(page: Slice) -> {0} {{ task: "N." retry <= 0 }}
prompt rec(page: Slice) -> [R] {{ task: "R." retry <= 0 }}
recipe ones(book: Text) -> [{0}] {{
  let x = map (split book by lines(per: 1)) with one() {{ on_error: skip }}
  return x
}}
recipe recs(book: Text) -> [[R]] {{
  let x = map (split book by lines(per: 1)) with rec() {{ on_error: skip }}
  return x
}}
"""


@pytest.mark.parametrize("kind", ["Int", "Float"])
@pytest.mark.parametrize(
    "said",
    ["9" * 5000, "1e999", "-1e999", "NaN", "Infinity", "[" * 3000, '{"n":' * 3000],
    ids=lambda s: s[:9],
)
def test_numbers_that_are_none_and_deep_answers_are_refused(
    folder: Path, kind: str, said: str
) -> None:
    (folder / "n.rlm").write_text(NUMBERS.format(kind))
    (folder / "b.txt").write_text("one\n")
    for recipe, form in (("ones", "{}"), ("recs", '[{{"n": {}}}]'), ("recs", "{}")):
        words = Raw("[[ ## result ## ]]\n" + form.format(said))
        outcome = rlmlang.run(
            "n.rlm",
            engine=ScriptedEngine(lambda t, w=words: w),
            recipe=recipe,
            sources={"book": "b.txt"},
            store=None,
        )
        assert outcome.problem is None, outcome.problem
        assert outcome.result == []


@pytest.mark.parametrize("value", [b"caf\xe9", b"\xff", b'["\\ud83d"]'])
def test_what_is_given_is_never_changed_but_refused(book: Path, rlm: Rlm, value: bytes) -> None:
    (book / "x.rlm").write_text(
        "rlm 1\nrecipe r(a: Text, xs: [Text] = []) -> [Text] { return concat(xs, [a]) }\n"
    )
    given = b"xs=" + value if value.startswith(b"[") else b"a=" + value
    more = ("--set", "a=1") if value.startswith(b"[") else ()
    done = rlm("run", "x.rlm", *more, "--set", os.fsdecode(given))
    assert (done.code, "[wrong-input]" in done.err) == (2, True)


def test_a_context_with_half_a_character_is_refused(folder: Path) -> None:
    with pytest.raises(CodedError) as found:
        rlmlang.completion("what?", "ab\ud83d", engine=ScriptedEngine(lambda t: "x"))
    assert found.value.diagnostic.code == "wrong-input"
    assert "character 3" in found.value.diagnostic.message


def test_code_that_gives_half_a_character_is_told(folder: Path, rlm: Rlm) -> None:
    (folder / "c.py").write_text("def f(x):\n    return {'a': [x + '\\ud83d']}\n")
    (folder / "c.rlm").write_text(
        'rlm 1\ncode f(x: Text) -> [Text] from "c.py:f"\n'
        "recipe r(x: Text) -> [Text] { return f(x) }\n"
    )
    done = rlm("run", "c.rlm", "--set", "x=a")
    assert (done.code, "[code-failed]" in done.err) == (1, True)


def test_file_names_that_are_no_utf8_are_read(folder: Path, rlm: Rlm) -> None:
    (folder / "d").mkdir()
    for name in (b"d/caf\xe9.txt", b"d/\xff\xfe", b"lone\xe9.txt"):
        Path(os.fsdecode(name)).write_text("The key hangs here.\n")
    (folder / "t.rlm").write_text("""rlm 1
prompt note(page: Slice) -> Text "Note."
recipe tree(x: Tree) -> [Text] { return map (split x by files(max: 1ktok)) with note() }
recipe files(x: Tree) -> Tree { return x }
recipe text(x: Text) -> [Text] { return map (split x by lines(per: 1)) with note() }
""")
    done = rlm("run", "t.rlm", "--recipe", "files", "--source", "x=d")
    assert json.loads(done.out) == ["caf\\xe9.txt", "\\xff\\xfe"]
    assert rlm("run", "t.rlm", "--recipe", "tree", "--source", "x=d").code == 0
    done = rlm("run", "t.rlm", "--recipe", "text", "--source", "x=" + os.fsdecode(b"lone\xe9.txt"))
    assert done.code == 0
    assert "lone\\xe9.txt bytes" in done.err
    assert rlm("show").code == rlm("runs").code == 0
    assert file_name("plain.txt") == "plain.txt"


def test_a_terminal_that_knows_few_characters_gets_escapes(book: Path) -> None:
    (book / "x.rlm").write_text('rlm 1\nrecipe r(a: Text) -> [Text] { return [a + "é…"] }\n')
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for args in (["run", "x.rlm", "--set", "a=ü"], ["show"]):
        done = subprocess.run(
            [sys.executable, "-m", "rlmlang", *args], capture_output=True, env=environment
        )
        assert done.returncode == 0, done.stderr
        if args[0] == "run":
            assert json.loads(done.stdout) == ["üé…"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r", "cp1252", "utf-16"])
def test_a_result_as_json_can_be_read_in_every_encoding(book: Path, encoding: str) -> None:
    (book / "x.rlm").write_text('rlm 1\nrecipe r() -> [Text] { return ["üЖ…😀\x81"] }\n')
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", "run", "x.rlm", "-q"],
        capture_output=True,
        env=environment,
        check=True,
    )
    assert json.loads(done.stdout.decode(encoding)) == ["üЖ…😀\x81"]


def test_letters_that_no_name_takes_are_named(folder: Path, rlm: Rlm) -> None:
    for word, shown in (
        ("größe", "größe"),
        ("notę1", "note1"),
        ("名前", "名前"),
        ("na\u0308me", "na"),
    ):
        (folder / "u.rlm").write_text(
            f"rlm 1\nrecipe r({word}: Text) -> Text {{ return {word} }}\n"
        )
        done = rlm("check", "u.rlm")
        assert (done.code, "[unexpected-character]" in done.err) == (65, True), done.err
        assert f"`{word}` is no name: names are made of the letters a–z" in done.err
        assert shown in done.err


@pytest.mark.parametrize("tier", ["monty", "cpython"])
def test_code_may_say_halves_of_characters(folder: Path, tier: str) -> None:
    (folder / "r.rlm").write_text("""rlm 1
prompt tag(line: Text) -> Text "Say what it is."
prompt find(book: Text) -> Text { task: "Find." repl { iters <= 2 calls <= 3 tools: [tag] } }
recipe r(book: Text) -> Text { budget { depth <= 9 } return find(book) }
""")
    (folder / "b.txt").write_text("one\n")
    cell = (
        "half = '\\ud83d'\nprint(half, llm_query('ask ' + half, 'x' + half), tag(line=half))\n"
        "SUBMIT('a' + half)"
    )

    def say(task: Any) -> str:
        return f"```python\n{cell}\n```" if "turn" in task.inputs else "sub \ud83d"

    engine = ScriptedEngine(say)
    outcome = rlmlang.run(
        "r.rlm", engine=engine, sources={"book": "b.txt"}, sandbox=tier, allow_unsafe=True
    )
    assert outcome.problem is None, outcome.problem
    assert (outcome.result, len(engine.requests)) == ("a�", 3)
    assert not any(map(flaw, engine.requests))
