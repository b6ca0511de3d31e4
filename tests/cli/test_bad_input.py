"""What a user gets wrong: each has a code, an exit code, one screen, and no traceback."""

from __future__ import annotations

import importlib.util
import os
import stat
from pathlib import Path

import pytest

from tests.conftest import SIMPLE, Rlm

Q, B = ("--set", "question=where is the key"), ("--source", "book=book.txt")
ROWS = """rlm 1
enum Mood { glad, sad }
record Row { id: Int, mood: Mood, score: Float?, ok: Bool }
prompt look(rows: Slice<Row>) -> Text "Look."
recipe all(rows: [Row] max 50) -> [Text] {
  let parts = split rows by items(per: 2)
  let said = map parts with look()
  return said
}
"""
NO_TABLE = "source-unreadable" if importlib.util.find_spec("pyarrow") else "extra-missing"
GOOD = '{"id": 1, "mood": "glad", "score": 1.5, "ok": true}\n'

# arguments, exit code, code of the problem; files are made by `book` and by FILES
CASES: list[tuple[tuple[str, ...], int, str]] = [
    (("run", "nowhere.rlm"), 2, "recipe-missing"),
    (("run", "std/nothing"), 2, "recipe-missing"),
    (("run", "folder"), 2, "recipe-missing"),
    (("check", "binary.rlm"), 65, "recipe-unreadable"),
    (("check", "junk.rlm"), 65, "unknown-declaration"),
    (("check", "empty.rlm"), 65, "missing-edition"),
    (("run", "empty-recipe.rlm"), 2, "no-recipe"),
    (("run", "broken.rlm", *B, *Q), 65, "unknown-name"),
    (("plan", "broken.rlm"), 65, "unknown-name"),
    (("graph", "broken.rlm"), 65, "unknown-name"),
    (("fmt", "junk.rlm"), 65, "unknown-declaration"),
    (("run", "two.rlm", *B, *Q), 2, "no-recipe"),
    (("run", "two.rlm", "--recipe", "thrd", *B, *Q), 2, "no-recipe"),
    (("run", "find.rlm"), 2, "missing-input"),
    (("run", "find.rlm", *Q), 2, "missing-input"),
    (("run", "find.rlm", *B), 2, "missing-input"),
    (("run", "find.rlm", *B, *Q, "--set", "year=3"), 2, "unknown-input"),
    (("run", "find.rlm", *Q, "--source", "bok=book.txt"), 2, "unknown-input"),
    (("run", "find.rlm", *Q, "--source", "book=bok.txt"), 1, "source-missing"),
    (("run", "find.rlm", *Q, "--source", "book=folder"), 1, "source-is-folder"),
    (("run", "find.rlm", *Q, "--source", "book=empty.txt"), 1, "empty-source"),
    (("run", "find.rlm", *Q, "--source", "book=binary.bin"), 1, "binary-source"),
    (("run", "find.rlm", *Q, "--source", "book=latin.txt"), 1, "not-utf8"),
    (("run", "find.rlm", *Q, "--source", "book=utf16.txt"), 1, "not-utf8"),
    (("run", "find.rlm", *Q, "--source", "book=https://127.0.0.1:1/x"), 1, "source-unreachable"),
    (("run", "find.rlm", *Q, "--source", "book=nope://x/y"), 1, "source-unreachable"),
    (("run", "find.rlm", *B, *Q, "--model", "reader=x"), 2, "undeclared-model"),
    (("run", "find.rlm", *B, *Q, "--model", "openai/gpt-5-mini"), 1, "model-key-missing"),
    (("run", "find.rlm", *B, *Q, "--model", "anthropic/claude-x"), 1, "model-key-missing"),
    (("run", "find.rlm", *B, *Q, "--model", "offline/writer"), 1, "no-model"),
    (("run", "find.rlm", *B, *Q, "--set", "budget.calls=1"), 75, "budget-cannot-fit"),
    (("plan", "find.rlm", *B, *Q, "--set", "budget.calls=1"), 75, ""),
    (("run", "find.rlm", *B, *Q, "--set", "budget.tokens=900"), 75, "budget-spent"),
    (("run", "find.rlm", *B, *Q, "--set", "budget.calls=many"), 2, "wrong-input"),
    (("run", "find.rlm", *B, *Q, "--set", "budget.coins=3"), 2, "wrong-input"),
    (("run", "priced.rlm", *B, *Q, "--model", "my/model"), 2, "price-unknown"),
    (("run", "small.rlm", *B, *Q), 1, "input-too-large"),
    (("run", "typed.rlm", *B, "--set", "n=three"), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", "on=maybe"), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", "mood=angry"), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", "xs=[1,"), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=" + "9" * 5000), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", 'xs=["a"]'), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", "xs=[1e999]"), 2, "wrong-input"),
    (("run", "typed.rlm", *B, "--set", "n=3", "--set", "xs=" + "[" * 9000), 2, "wrong-input"),
    (("run", "find.rlm", *B, *Q, "--set", "budget.wall=" + "9" * 400), 2, "wrong-input"),
    (("check", "large.rlm"), 65, "number-too-large"),
    (("run", "power.rlm", "--set", "n=" + "9" * 3900), 1, "wrong-value"),
    (("run", "several.rlm"), 65, "not-a-field"),
    (("run", "code.rlm", *B), 1, "code-missing"),
    (("run", "fails.rlm", *B), 1, "code-failed"),
    (("run", "require.rlm", *B), 1, "requirement-failed"),
    (("run", "pattern.rlm", *B), 1, "bad-pattern"),
    (("run", "slow.rlm", *B), 1, "slow-pattern"),
    (("run", "best.rlm", *B), 1, "empty-list"),
    (("run", "groups.rlm", "--source", "rows=rows.jsonl"), 1, "too-many-groups"),
    (("run", "align.rlm", "--source", "rows=rows.jsonl"), 1, "align-mismatch"),
    (("run", "declared.rlm"), 1, "source-missing"),
    (("run", "glob.rlm"), 1, "nothing-matches"),
    (("run", "tree.rlm", "--source", "code=book.txt"), 1, "source-is-file"),
    (("run", "tree.rlm", "--set", "code=book.txt"), 2, "wrong-input"),
    (("run", "rows.rlm", "--source", "rows=text.jsonl"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=id.jsonl"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=mood.jsonl"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=short.jsonl"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=list.jsonl"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=columns.csv"), 1, "missing-column"),
    (("run", "rows.rlm", "--source", "rows=cells.csv"), 1, "bad-row"),
    (("run", "rows.rlm", "--source", "rows=many.jsonl"), 1, "input-too-large"),
    (("run", "rows.rlm", "--source", "rows=rows.parquet"), 1, NO_TABLE),
    (("run", "find.rlm", *B, *Q, "--set", "note.task=x"), 2, "not-settable"),
    (("run", "find.rlm", *B, *Q, "--set", "notes.paralel=3"), 2, "not-settable"),
    (("explain", "unknwon-name"), 2, "unknown-code"),
    (("show",), 1, "unknown-run"),
    (("show", "2031"), 1, "unknown-run"),
    (("new", "find.rlm"), 2, "file-exists"),
    (("new", "x.rlm", "--from", "nedle"), 2, "recipe-missing"),
    (("new", "no/where/x.rlm"), 2, "file-unwritable"),
    (("import", "x"), 2, ""),
    (("run",), 2, ""),
    (("run", "find.rlm", "--set", "question"), 2, ""),
    (("run", "find.rlm", *Q, *Q), 2, ""),
    (("run", "find.rlm", "--parallel", "0"), 2, ""),
    (("plan", "find.rlm", "--out", "no/where"), 2, "file-unwritable"),
    (("plan", "find.rlm", "--out", "folder"), 2, "file-unwritable"),
    (("graph", "find.rlm", "--out", "no/where.svg"), 2, "file-unwritable"),
    (("export", "--out", "no/where"), 2, "file-unwritable"),
    (("test", "find.rlm", "--junit", "no/where.xml"), 2, "file-unwritable"),
    (("run", "find.rlm", "--timeout", "0"), 2, ""),
    (("run", "find.rlm", "--max-wait", "-1"), 2, ""),
    (("eval", "find.rlm", "--worst", "-1"), 2, ""),
    (("store", "gc", "--older", "-1"), 2, ""),
    (("check", "deep.rlm"), 65, "too-deep"),
    (("plan", "sum.rlm"), 65, "too-deep"),
    (("fmt", "deep.rlm"), 65, "too-deep"),
]
BODY = "recipe r(book: Text) -> {} {{ {} }}\n"
FILES: dict[str, str | bytes] = {
    "binary.rlm": b"rlm 1\n\xff\xfe\x00",
    "junk.rlm": "rlm 1\nhello world\n",
    "empty.rlm": "",
    "empty-recipe.rlm": "rlm 1\nconst a = 1\n",
    "broken.rlm": SIMPLE.replace("split book", "split bok"),
    "two.rlm": SIMPLE + SIMPLE.split("\n\n")[-1].replace("find", "look"),
    "priced.rlm": SIMPLE.replace("-> Text {\n", "-> Text {\n  budget { usd <= 1.00 }\n"),
    "small.rlm": SIMPLE.replace("book: Text)", "book: Text max 10tok)"),
    "typed.rlm": "rlm 1\nenum Mood { glad, sad }\nrecipe r(book: Text, n: Int, on: Bool = true, "
                 'mood: Mood = glad, xs: [Int] = []) -> Text { return if on and n > 0 and mood == glad '
                 'and n in xs then book else "" }\n',
    "large.rlm": "rlm 1\nconst big = 9007199254740993\n",
    "deep.rlm": "rlm 1\nconst a = " + "(" * 3000 + "-1" + ")" * 3000 + "\n",
    "sum.rlm": "rlm 1\nrecipe r(a: Int) -> Int { return " + "a + " * 3000 + "a }\n",
    "power.rlm": "rlm 1\nrecipe r(n: Int) -> Int { return n * n }\n",
    "several.rlm": "rlm 1\nrecord F { a: Int, b: Int }\nrecipe r(fs: [F] = []) -> [Int] { return column(fs, of: [a, b]) }\n",
    "code.rlm": 'rlm 1\ncode f(x: Text) -> Text from "nope.py:f"\n' + BODY.format("Text", "return f(book)"),
    "fails.rlm": 'rlm 1\ncode f(x: Text) -> Text from "c.py:f"\n' + BODY.format("Text", "return f(book)"),
    "c.py": "def f(x):\n    return x.titel()\n\n\ndef few(rows):\n    return rows[1:]\n",
    "require.rlm": "rlm 1\n" + BODY.format("Text", "require length(book) > 99_999 return book"),
    "pattern.rlm": "rlm 1\n" + BODY.format("Bool", 'return matches(book, "(")'),
    "slow.rlm": "rlm 1\n" + BODY.format("Bool", 'return matches("' + "a" * 60 + '" + book, "^(a|aa)+$")'),
    "best.rlm": 'rlm 1\nrecord F { score: Int }\nrecipe r(book: Text, fs: [F] = []) -> F '
                '{ return if book == "" then best(fs, by: score) else best(fs, by: score) }\n',
    "groups.rlm": ROWS.split("prompt")[0] + "recipe g(rows: [Row]) -> Table<T> { return "
                  "count_by(rows, keys: [id], max_groups: 2) }\nrecord T { id: Int, n: Int }\n",
    "align.rlm": ROWS.split("prompt")[0] + 'code few(rows: [Row]) -> [Row] from "c.py:few"\n'
                 "recipe g(rows: [Row]) -> [Row] { return align(rows, few(rows), on: id) }\n",
    "declared.rlm": SIMPLE.replace("book: Text)", "book: Text = b)").replace(
        "recipe find", 'source b: Text = text("nope.txt")\n\nrecipe find').replace(
        "question: Text, book", 'question: Text = "x", book'),
    "glob.rlm": 'rlm 1\nsource code: Tree = files("*.nope")\nrecipe r(t: Tree = code) -> [Text] '
                '{ let said = map (split t by files(max: 4ktok)) with p() return said }\n'
                'prompt p(x: Slice) -> Text "x"\n',
    "tree.rlm": 'rlm 1\nrecipe r(code: Tree) -> [Text] { let said = map (split code by '
                'files(max: 4ktok)) with p() return said }\nprompt p(x: Slice) -> Text "x"\n',
    "rows.rlm": ROWS,
    "rows.jsonl": "".join(GOOD.replace("1,", f"{i},", 1) for i in range(5)),
    "text.jsonl": GOOD + "not json\n",
    "id.jsonl": GOOD + GOOD.replace('"id": 1', '"id": "one"'),
    "mood.jsonl": GOOD.replace("glad", "angry"),
    "short.jsonl": '{"id": 1}\n',
    "list.jsonl": "[1, 2]\n",
    "many.jsonl": GOOD * 51,
    "columns.csv": "id,mod\n1,glad\n",
    "cells.csv": "id,mood,score,ok\n1,glad,,true\n2,sad\n",
    "rows.parquet": "PAR1",
    "empty.txt": "",
    "binary.bin": b"abc\x00def",
    "latin.txt": "caf\xe9 au lait".encode("latin-1"),
    "utf16.txt": "hello".encode("utf-16"),
}  # fmt: skip


@pytest.fixture
def full(book: Path) -> Path:
    """The folder with every broken file in it."""
    (book / "folder").mkdir()
    for name, content in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        (book / name).write_bytes(data)
    return book


@pytest.mark.parametrize(
    ("args", "exit_code", "code"), CASES, ids=[" ".join(c[0])[:60] for c in CASES]
)
def test_bad_input(full: Path, rlm: Rlm, args: tuple[str, ...], exit_code: int, code: str) -> None:
    done = rlm(*args)
    assert done.code == exit_code, done.err
    if code:
        assert f"[{code}]" in done.err, done.err
    assert done.err.strip() or code == ""
    assert len(done.err.splitlines()) <= 30
    assert "internal" not in done.err


def test_there_are_at_least_sixty() -> None:
    assert len(CASES) >= 60


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_files_that_may_not_be_read(full: Path, rlm: Rlm) -> None:
    (full / "book.txt").chmod(0)
    assert "source-unreadable" in rlm("run", "find.rlm", *B, *Q).err
    (full / "book.txt").chmod(stat.S_IRUSR)
    full.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert "store-unwritable" in rlm("run", "find.rlm", *B, *Q).err
    finally:
        full.chmod(stat.S_IRWXU)


def test_a_record_that_cannot_be_kept_stops_the_run_before_it_pays(full: Path, rlm: Rlm) -> None:
    (full / ".rlm").write_text("a file where a folder should be")
    done = rlm("run", "find.rlm", *B, *Q)
    assert done.code == 1
    assert "store-unwritable" in done.err


def test_a_file_that_changes_during_the_run(full: Path) -> None:
    import rlmlang
    from rlmlang.testing import ScriptedEngine

    def change(task: object) -> str:
        (full / "book.txt").write_text("something else entirely\n" * 90)
        return "x"

    outcome = rlmlang.run(
        "find.rlm",
        engine=ScriptedEngine(change),
        sources={"book": "book.txt"},
        sets={"question": "q"},
        parallel=1,
    )
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "source-changed"


def test_a_project_file_that_is_broken(full: Path, rlm: Rlm) -> None:
    for text in ("[models", "models = 3\n", '[prices]\n"x" = 3\n'):
        (full / "rlm.toml").write_text(text)
        done = rlm("plan", "find.rlm")
        assert (done.code, "[bad-project]" in done.err) == (2, True)


def test_an_import_that_is_broken(full: Path, rlm: Rlm) -> None:
    (full / "use.rlm").write_text('rlm 1\nuse "./junk.rlm" { a }\n')
    done = rlm("check", "use.rlm")
    assert (done.code, "[import-broken]" in done.err) == (65, True)


def test_too_many_lost_items(full: Path) -> None:
    import rlmlang
    from rlmlang.testing import Raw, ScriptedEngine

    (full / "skip.rlm").write_text(
        SIMPLE.replace(
            "note(question)\n", "note(question) {\n    on_error: skip(at_most: 10%)\n  }\n"
        )
    )
    outcome = rlmlang.run(
        "skip.rlm",
        engine=ScriptedEngine(lambda t: Raw("junk")),
        sources={"book": "book.txt"},
        sets={"question": "q"},
    )
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "too-many-skipped"


def test_a_mistake_of_ours_is_told_as_such(
    full: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rlmlang.runtime import prepare

    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(prepare, "bind_inputs", fail)
    done = rlm("plan", "find.rlm")
    assert (done.code, "[internal]" in done.err) == (70, True)


def test_a_sandbox_whose_program_is_gone(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTY_BIN", str(book / "nothing"))
    done = rlm("run", "std/rlm", "--recipe", "ask", "--source", "context=book.txt", *Q)
    assert (done.code, "[sandbox-unavailable]" in done.err) == (1, True), done.err
