"""Values from outside: of the command line, of files, of `rlm.toml` and of the environment."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from tests.conftest import Rlm

RECIPE = """rlm 1

enum Mood { glad, sad }

record Row {
  id: Int
  mood: Mood?
  day: Date
}

record Out {
  v: TYPE
}

recipe go(v: TYPE) -> Out {
  return Out(v: v)
}
"""
GOOD = [
    ("Int", "12", 12), ("Int", "1_000", 1000), ("Int", "-3", -3), ("Int?", "null", None), ("Int?", "4", 4),
    ("Float", "1e3", 1000.0), ("Float", "0.5", 0.5), ("Bool", "yes", True), ("Bool", "False", False),
    ("Mood", "glad", "glad"), ("Mood", '"glad"', "glad"), ("Mood?", "none", None),
    ("Date", "2026-11-30", "2026-11-30"), ("Date?", "", None), ("Text", "true", "true"), ("Text?", "", None),
    ("[Int]", '[1, "2"]', [1, 2]), ("[Mood]?", '["sad"]', ["sad"]), ("[Text]", "[]", []),
    ("[Row]", '[{"id": "12", "mood": "", "day": "2026-02-28"}]', [{"id": 12, "mood": None, "day": "2026-02-28"}]),
    ("Row", '{"id": 1, "day": "2026-02-28"}', {"id": 1, "mood": None, "day": "2026-02-28"}),
    ("Pair<Int, Mood>", '{"left": 1, "right": "sad"}', {"left": 1, "right": "sad"}),
]  # fmt: skip
BAD = [
    ("Int", "soon"), ("Int", "1.5"), ("Int", "true"), ("Int", "9" * 5000), ("Int", "１２"),
    ("Float", "nan"), ("Float", "1e999"), ("Float", "inf"), ("Bool", "2"), ("Bool", ""), ("Mood", "angry"),
    ("Date", "2020-13-01"), ("Date", "02/01/2024"), ("[Int]", "3"), ("[Int]", "[true]"), ("[Int]", "[1.5]"),
    ("[Float]", "[NaN]"), ("[Float]", "[1e999]"), ("[Int]", "[1,"), ("[Int]", "[" * 9000), ("[Int]", "[null]"),
    ("[Row]", '[{"id": 1}]'), ("[Row]", '[{"id": 1, "day": "2026-02-30"}]'), ("Row", "[]"),
]  # fmt: skip


def recipe(folder: Path, kind: str, more: str = "") -> None:
    text = RECIPE.replace("TYPE", kind)
    (folder / "r.rlm").write_text(text.replace(f"go(v: {kind})", f"go(v: {kind}{more})"))


def result(out: str) -> object:
    return json.loads(out)["v"]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_value_is_read_as_one_of_its_type(
    folder: Path, rlm: Rlm, kind: str, text: str, value: object
) -> None:
    recipe(folder, kind)
    (folder / "v").write_text(text)
    for given in (text, "@v"):
        done = rlm("run", "r.rlm", "-q", "--set", f"v={given}")
        assert done.code == 0, done.err
        assert result(done.out) == value
    (folder / "rlm.toml").write_text(f"[values]\nv = {json.dumps(text)}\n")
    assert result(rlm("run", "r.rlm", "-q").out) == value


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_what_is_none_of_its_type_is_told_in_one_way_with_its_place(
    folder: Path, rlm: Rlm, kind: str, text: str
) -> None:
    recipe(folder, kind)
    (folder / "v").write_text(text)
    told = [rlm("run", "r.rlm", "--set", f"v={given}") for given in (text, "@v")]
    (folder / "rlm.toml").write_text(f"[values]\nv = {json.dumps(text, ensure_ascii=False)}\n")
    told.append(rlm("run", "r.rlm"))
    words = set()
    for done in told:
        assert done.code == 2, done.err
        assert "error[wrong-input]" in done.err and "r.rlm:15:11" in done.err
        words.add(done.err.partition(": ")[2].partition(" v: ")[2])
    assert len(words) == 1


def test_what_toml_has_words_of_its_own_for_is_taken_too(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "[Row]")
    (folder / "rlm.toml").write_text(
        '[values]\nv = [{ id = 1, day = 2026-02-28 }]\n[recipe.go]\nv = [{ id = 2, day = "2026-03-01" }]\n'
    )
    done = rlm("run", "r.rlm")
    assert result(done.out) == [{"id": 2, "mood": None, "day": "2026-03-01"}]
    assert "v from rlm.toml" in done.err
    given = '[{"id": 3, "day": "2026-03-01"}]'
    assert '"id": 3' in rlm("run", "r.rlm", "--set", f"v={given}").out
    found = rlmlang.run(folder / "r.rlm", values={"v": []}, store=None)
    assert found.result == {"v": []}


def test_a_default_stands_behind_the_file_and_the_file_behind_the_command(
    folder: Path, rlm: Rlm
) -> None:
    recipe(folder, "Int", " = 1")
    assert result(rlm("run", "r.rlm").out) == 1
    (folder / "rlm.toml").write_text("[values]\nv = 2\n")
    assert result(rlm("run", "r.rlm").out) == 2
    assert result(rlm("run", "r.rlm", "--set", "v=3").out) == 3


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[recipe.go]\nw = 1\n", "the recipe has no parameter `w`"),
        ("[values]\nv = true\n", "[values] v: `v` is True, not Int"),
        ("[values]\nv = nan\n", "`v` is nan, not Int"),
        ("values = 1\n", "write it as a section: [values]"),
        ("[recipe]\ngo = 1\n", "rlm.toml:2: `recipe.go` is a table"),
    ],
)
def test_what_the_file_cannot_give_is_refused(folder: Path, rlm: Rlm, toml: str, said: str) -> None:
    recipe(folder, "Int")
    (folder / "rlm.toml").write_text(toml)
    done = rlm("run", "r.rlm")
    assert done.code == 2 and said in done.err, done.err


def test_a_value_that_no_recipe_takes_is_doubted(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "Int", " = 1")
    text = (folder / "r.rlm").read_text()
    (folder / "r.rlm").write_text(text.replace("go(v", "go(value").replace(": v)", ": value)"))
    (folder / "rlm.toml").write_text("[values]\nvalve = 1\nother = 3\n")
    done = rlm("run", "r.rlm")
    assert (
        done.code == 0 and done.err.count("unknown-input]") == 1 and "`value` is near" in done.err
    )


# ── files ────────────────────────────────────────────────────────────────────


def test_a_text_of_a_file_is_the_file_to_the_letter(folder: Path, rlm: Rlm) -> None:
    recipe(folder, "Text")
    (folder / "v").write_text(" é @ \n\n")
    assert result(rlm("run", "r.rlm", "--set", "v=@v").out) == " é @ \n\n"
    assert result(rlm("run", "r.rlm", "--set", "v=@@v").out) == "@v"
    assert result(rlm("run", "r.rlm", "--set", "v=a@b").out) == "a@b"
    assert rlmlang.run(folder / "r.rlm", sets={"v": "@v"}, store=None).result == {"v": "@v"}


def test_standard_input_is_read_once(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe(folder, "[Int]")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[1, 2]\n")))
    assert result(rlm("run", "r.rlm", "--set", "v=@-").out) == [1, 2]
    done = rlm("run", "r.rlm", "--set", "v=@-", "--source", "w=-")
    assert done.code == 2 and "only once" in done.err


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("none", None, "source-missing"),
        ("", None, "source-missing"),
        (".", None, "source-unreadable"),
        ("bytes", b"\xff", "not-utf8"),
        ("long", b"a" * ((16 << 20) + 1), "source-too-large"),
    ],
)
def test_a_file_that_is_no_text_is_told(
    folder: Path, rlm: Rlm, name: str, data: bytes | None, code: str
) -> None:
    recipe(folder, "Text")
    if data is not None:
        (folder / name).write_bytes(data)
    done = rlm("run", "r.rlm", "--set", f"v=@{name}")
    assert f"error[{code}]" in done.err


# ── the environment ──────────────────────────────────────────────────────────


def test_the_environment_fills_what_asks_for_it(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, text, value in (
        ("Int", "12", 12),
        ("Bool", "no", False),
        ("Mood", "sad", "sad"),
        ("Date", "2026-01-02", "2026-01-02"),
        ("Path", str(folder), str(folder)),
    ):
        recipe(folder, kind, ' = env("RLMTEST_V")')
        monkeypatch.setenv("RLMTEST_V", text)
        done = rlm("run", "r.rlm")
        assert result(done.out) == value, done.err
        assert "v from RLMTEST_V of the environment" in done.err
        saved = rlm("plan", "r.rlm", "--json", "--out", "p.json")
        assert saved.code == 0 and '"variable": "RLMTEST_V"' in (folder / "p.json").read_text()
        assert result(rlm("run", "p.json").out) == value
        monkeypatch.setenv("RLMTEST_V", "sk-nothing-that-fits")
        done = rlm("run", "r.rlm")
        assert done.code == 2 and "wrong-input" in done.err and "sk-nothing" not in done.err
        monkeypatch.delenv("RLMTEST_V")
        done = rlm("run", "r.rlm")
        assert "error[env-unset]: the environment has no RLMTEST_V" in done.err
        assert "r.rlm:15:11" in done.err
        assert rlm("plan", "r.rlm").code == rlm("check", "r.rlm").code == 0


def test_a_fallback_holds_where_nothing_is_set(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe(folder, "Mood", ' = env("RLMTEST_V", glad)')
    assert result(rlm("run", "r.rlm").out) == "glad"
    monkeypatch.setenv("RLMTEST_V", "sad")
    assert result(rlm("run", "r.rlm").out) == "sad"
    (folder / "rlm.toml").write_text('[values]\nv = "glad"\n')
    assert result(rlm("run", "r.rlm").out) == "glad"


def test_a_text_is_read_only_where_a_trusted_file_allows_it(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe(folder, "Text", ' = env("RLMTEST_V", "nobody")')
    assert result(rlm("run", "r.rlm").out) == "nobody"
    monkeypatch.setenv("RLMTEST_V", "hunter2hunter2")
    for allow in ("", '[env]\nallow = ["RLMTEST_W"]\n', '[env]\nallow = ["RLMTEST_V"]\n'):
        (folder / "rlm.toml").write_text(allow)
        done = rlm("run", "r.rlm")
        assert done.code == 2 and "error[env-untrusted]" in done.err
        assert "hunter2" not in done.out + done.err
    assert rlm("trust", ".").code == 0
    assert result(rlm("run", "r.rlm").out) == "hunter2hunter2"
    (folder / "rlm.toml").write_text('[env]\nallow = ["RLMTEST_V", "HOME"]\n')
    assert "error[env-untrusted]" in rlm("run", "r.rlm").err


CONST = """rlm 1

enum Mood { glad, sad }

const MOST: Int = env("RLMTEST_MOST")

const MOOD: Mood = env("RLMTEST_MOOD", sad)

const PART: Float = env("RLMTEST_PART", 0.5)

recipe go(xs: [Int] max MOST) -> [Int] max MOST {
  return if MOOD == sad then xs else [MOST, -1]
}
"""


def test_a_constant_is_what_its_variable_holds(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "c.rlm").write_text(CONST)
    given = ("--set", "xs=[1, 2, 3]")
    assert rlm("check", "c.rlm").code == 0
    done = rlm("run", "c.rlm", *given)
    assert done.code == 65 and "error[env-unset]" in done.err and "c.rlm:5:19" in done.err
    monkeypatch.setenv("RLMTEST_MOST", "2")
    assert "error[input-too-large]" in rlm("run", "c.rlm", *given).err
    assert json.loads(rlm("run", "c.rlm", *given, "--set", "MOST=4").out) == [1, 2, 3]
    monkeypatch.setenv("RLMTEST_MOST", "3")
    assert json.loads(rlm("run", "c.rlm", *given).out) == [1, 2, 3]
    monkeypatch.setenv("RLMTEST_MOOD", "glad")
    assert json.loads(rlm("run", "c.rlm", *given).out) == [3, -1]
    monkeypatch.setenv("RLMTEST_MOST", "9007199254740993")
    assert "error[number-too-large]" in rlm("run", "c.rlm", *given).err
    monkeypatch.setenv("RLMTEST_MOST", "many")
    done = rlm("run", "c.rlm", *given)
    assert "error[wrong-input]: RLMTEST_MOST of the environment is no Int" in done.err
    assert "c.rlm:5:7" in done.err


def test_an_import_reads_nobodys_environment(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLMTEST_MOST", "2")
    (folder / "c.rlm").write_text(CONST)
    (folder / "own.rlm").write_text(
        'rlm 1\n\nuse "./c.rlm" { MOST }\n\nrecipe go(n: Int = 1) -> Int {\n  return n + MOST\n}\n'
    )
    done = rlm("check", "own.rlm")
    assert (done.code, done.err.count("error[")) == (65, 1) and "env-form" in done.err
    (folder / "test.rlm").write_text(
        'rlm 1\n\nuse "./r.rlm" { go }\n\ntest "t" for go {\n  given v: 3\n  expect result.v == 3\n}\n'
    )
    recipe(folder, "Int", ' = env("RLMTEST_V")')
    assert rlm("test", "test.rlm").code == 0


def test_a_test_reads_neither_the_file_nor_the_environment(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = '\ntest "t" for go {\n  expect result.v == 1\n}\n'
    for default, code in ((" = 1", 0), (' = env("RLMTEST_V", 1)', 0), (' = env("RLMTEST_V")', 1)):
        recipe(folder, "Int", default)
        (folder / "r.rlm").write_text((folder / "r.rlm").read_text() + test)
        (folder / "rlm.toml").write_text("[values]\nv = 3\n")
        monkeypatch.setenv("RLMTEST_V", "4")
        assert rlm("test", "r.rlm").code == code


@pytest.mark.parametrize(
    "written",
    ["n + env(\"X\")", "env()", "env(X)", 'env("X", 1, 2)', 'env("a b")', 'env(name: "X")', 'env("X", n)'],
)  # fmt: skip
def test_env_is_a_whole_value_with_a_plain_name(folder: Path, rlm: Rlm, written: str) -> None:
    (folder / "r.rlm").write_text(
        f"rlm 1\n\nrecipe go(n: Int, m: Int = {written}) -> Int {{\n  return n + m\n}}\n"
    )
    done = rlm("check", "r.rlm")
    assert done.code == 65 and "env-form" in done.err, done.err


def test_a_name_of_ones_own_stays_ones_own(folder: Path, rlm: Rlm) -> None:
    (folder / "c.py").write_text("def env(x):\n    return len(x)\n")
    (folder / "r.rlm").write_text(
        'rlm 1\n\ncode env(x: Text) -> Int from "c.py:env"\n\nrecipe go(n: Int = env("abc")) -> Int {\n'
        "  return n\n}\n"
    )
    assert rlm("run", "r.rlm").out == "3\n"


def test_no_half_of_a_character_comes_in(folder: Path) -> None:
    recipe(folder, "Text")
    with pytest.raises(CodedError) as found:
        rlmlang.run(folder / "r.rlm", sets={"v": "\ud800"}, store=None)
    assert found.value.diagnostic.code == "wrong-input"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('[["ab"], ["abcdefghijkl", "c"]]', ""),
        ('[["a"], ["b", "c", "d", "e"]]', "item 2 of `xs` has 4 items; at most 3 are taken"),
    ],
)
def test_a_list_in_a_list_is_no_longer_than_was_said(
    folder: Path, rlm: Rlm, given: str, words: str
) -> None:
    (folder / "n.rlm").write_text(
        "rlm 1\n\nrecipe n(xs: [[Text] max 3]) -> Int {\n  return count(flatten(xs))\n}\n"
    )
    done = rlm("run", "n.rlm", "--set", f"xs={given}")
    assert (done.code == 0, words in done.err) == (not words, True), done.err


def test_an_item_is_no_larger_than_was_said(folder: Path, rlm: Rlm) -> None:
    (folder / "n.rlm").write_text(
        "rlm 1\n\nrecipe n(xs: [Text max 3tok]) -> Int {\n  return count(xs)\n}\n"
    )
    assert rlm("run", "n.rlm", "--set", 'xs=["abcdef"]').code == 0
    done = rlm("run", "n.rlm", "--set", 'xs=["abcdef", "abcdefg"]')
    assert "item 2 of `xs` has 4 tok; at most 3 are taken" in done.err, done.err
