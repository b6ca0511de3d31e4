"""Folders as sources: what is read, what is left out and said, and which file is meant."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.sources.files import open_glob
from rlmlang.sources.tree import open_several, open_tree
from rlmlang.testing import ScriptedEngine
from tests.conftest import Rlm

RECIPES = """rlm 1
prompt say(page: Slice) -> Text? max 40tok "What does the page say?"
prompt compare(left: Slice, right: Slice) -> Text? max 40tok "Compare."
recipe trees(a: Tree, b: Tree) -> [Text?] {
  let one = split a by files(max: 200tok)
  let two = split b by files(max: 200tok)
  let both = concat(one, two)
  return map both with say()
}
recipe mixed(a: Tree, b: Text) -> [Text?] {
  let one = split a by files(max: 200tok)
  let two = split b by tokens(max: 200tok)
  let both = concat(one, two)
  return map both with say()
}
recipe texts(a: Text, b: Text) -> Text? { return compare(a, b) }
recipe twice(a: Text) -> Text? { return compare(a, a) }
source book: Text = text("t1/a.txt")
recipe shared(a: Text = book, b: Text = book) -> Text? { return compare(a, b) }
source docs: Tree = tree(%s)
recipe folder(t: Tree = docs) -> [Text?] { return map (split t by files(max: 200tok)) with say() }
"""


@pytest.fixture
def mixed(folder: Path) -> Path:
    """A folder with a bit of everything, below `mix`, and a text beside it."""
    mix = folder / "mix"
    for name in ("sub", ".git", "node_modules"):
        (mix / name).mkdir(parents=True)
        (mix / name / "deep.txt").write_text("deep words\n")
    (folder / "out").mkdir()
    (folder / "out" / "o.txt").write_text("from outside\n")
    (mix / ".hidden.txt").write_text("hidden words\n")
    (mix / "empty.txt").write_text("")
    (mix / "bin.dat").write_bytes(b"\0\1")
    (mix / "latin.txt").write_bytes(b"caf\xe9 noir")
    (mix / "huge.bin").touch()
    os.truncate(mix / "huge.bin", 1 << 40)
    (Path(os.fsdecode(os.fsencode(mix) + b"/caf\xe9.txt"))).write_text("a name of bytes\n")
    for name, target in LINKS.items():
        (mix / name).symlink_to(target)
    os.mkfifo(mix / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("mix/sock")
    return mix


LINKS = {
    "sub/outside": "../../out",
    "sub/loop": "..",
    "self": "self",
    "broken": "nowhere",
    "again": "sub",
    "inner.txt": "sub/deep.txt",
    "outer.txt": "../out/o.txt",
}
LEFT_OUT = {
    ".git": "skipped by name",
    "node_modules": "skipped by name",
    "empty.txt": "empty",
    "bin.dat": "binary",
    "huge.bin": "binary",
    "latin.txt": "not UTF-8",
    "fifo": "pipe",
    "sock": "socket",
    "sub/outside": "linked from outside",
    "outer.txt": "linked from outside",
    "sub/loop": "linked in a circle",
    "self": "linked to nothing",
    "broken": "linked to nothing",
    "again": "linked to a folder of the tree",
}


def test_what_is_left_out_of_a_folder_is_named_with_its_reason(mixed: Path) -> None:
    tree = open_tree(str(mixed))
    assert {one.name: one.reason for one in tree.left_out} == LEFT_OUT
    texts = [".hidden.txt", "caf\\xe9.txt", "inner.txt", "sub/deep.txt"]
    assert [d.id for d in tree.documents] == texts
    assert [d.id for d in open_glob("mix/**", str(mixed.parent)).documents] == [
        f"mix/{name}" for name in texts
    ]


def test_links_lead_out_only_where_they_may_and_never_in_a_circle(mixed: Path) -> None:
    followed = open_tree(str(mixed), {"links": "follow"})
    names = [d.id for d in followed.documents]
    assert {"outer.txt", "sub/deep.txt", "sub/outside/o.txt"} <= set(names)
    assert not any(name.startswith(("again/", "sub/loop/")) for name in names)
    none = open_tree(str(mixed), {"links": "skip"})
    assert "inner.txt" not in [d.id for d in none.documents]
    assert {one.name for one in none.left_out if one.reason == "linked"} == {
        name for name in LINKS if name not in ("self", "broken")
    }


def test_folders_to_skip_can_be_set_and_a_glob_enters_what_it_names(mixed: Path) -> None:
    own = open_tree(str(mixed), {"skip": ("sub",)})
    assert {".git/deep.txt", "node_modules/deep.txt"} <= {d.id for d in own.documents}
    assert "sub" in {one.name for one in own.left_out if one.reason == "skipped by name"}
    base = str(mixed.parent)
    for pattern in ("mix/node_modules/*.txt", "*/node_modules/**/*.txt"):
        assert [d.id for d in open_glob(pattern, base).documents] == ["mix/node_modules/deep.txt"]
    assert [d.id for d in open_glob("*/*/d?ep.[t]xt", base).documents] == ["mix/sub/deep.txt"]
    with pytest.raises(CodedError) as none:
        open_glob("nowhere/**/*.txt", base)
    assert none.value.diagnostic.code == "nothing-matches"


def test_a_folder_of_which_nothing_may_be_left_out(mixed: Path, rlm: Rlm) -> None:
    (mixed.parent / "r.rlm").write_text(RECIPES % '"mix", left_out: fail')
    done = rlm("run", "r.rlm", "--recipe", "folder")
    assert done.code == 1
    assert "[files-left-out]: 10 of what stands below" in done.err
    (mixed.parent / "r.rlm").write_text(RECIPES % '"mix/sub", left_out: fail, links: skip')
    done = rlm("run", "r.rlm", "--recipe", "folder")
    assert done.code == 0, done.err
    for wrong, said in (
        ("left_out: never", "takes say | fail"),
        ("skip: [1]", "takes a list of texts"),
        ('links: "inside"', "takes inside | follow | skip"),
    ):
        (mixed.parent / "r.rlm").write_text(RECIPES % f'"mix", {wrong}')
        refused = rlm("check", "r.rlm")
        assert "[wrong-setting]" in refused.out + refused.err
        assert said in refused.out + refused.err


def test_a_run_says_what_was_left_out(mixed: Path, rlm: Rlm) -> None:
    (mixed.parent / "r.rlm").write_text(RECIPES % '"mix"')
    done = rlm("run", "r.rlm", "--recipe", "folder", "--json")
    assert "4 of 4 documents" in done.err
    assert "left out of t: 14 files (2 skipped by name, " in done.err
    said = json.loads(done.out)
    assert dict(said["left_out"]["t"]) == LEFT_OUT
    assert said["receipt"][0]["left_out"]["binary"] == 2
    shown = rlm("show").out
    assert "left out of t: 14 files" in shown
    assert "latin.txt  not UTF-8" in rlm("show", "--all").out
    events = [json.loads(line) for line in rlm("show", "--json").out.splitlines()]
    assert dict(next(e for e in events if e["event"] == "files_left_out")["files"]) == LEFT_OUT


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_files_that_may_not_be_read_are_left_out(mixed: Path) -> None:
    (mixed / "secret.txt").write_text("words")
    (mixed / "secret.txt").chmod(0)
    (mixed / "closed").mkdir(mode=0)
    code = (
        "import os, sys; os.chdir(sys.argv[1]); from rlmlang.sources.tree import open_tree;"
        "os.seteuid(65534); print({x.name: x.reason for x in open_tree('.').left_out})"
    )
    for above in (mixed, *mixed.parents):
        if above != Path("/"):
            above.chmod(above.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", code, str(mixed)], capture_output=True, text=True, check=True
    )
    assert "'secret.txt': 'not readable'" in done.stdout
    assert "'closed/': 'not readable'" in done.stdout


def lines_of(recipe: str, **sources: str) -> list[tuple[str, int, int, int]]:
    """The receipt of a run over some sources: name, bytes, bytes read and read twice."""
    outcome = rlmlang.run("r.rlm", recipe=recipe, sources=sources, store=None)
    assert outcome.problem is None, outcome.problem
    return [(x.source, x.total, x.read, x.repeated) for x in outcome.receipt]


@pytest.fixture
def trees(folder: Path) -> Path:
    """Two folders with files of the same names."""
    (folder / "r.rlm").write_text(RECIPES % '"t1"')
    for name, text in {"t1/a.txt": "The bell is red.\n", "t2/a.txt": "It is blue.\n"}.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "t2" / "b.txt").write_text("More words.\n")
    return folder


def test_files_of_one_name_and_files_given_twice_are_told_apart(trees: Path) -> None:
    assert lines_of("trees", a="t1", b="t2") == [("a", 17, 17, 0), ("b", 24, 24, 0)]
    assert lines_of("trees", a="t1", b="t1") == [("a", 17, 17, 0), ("b", 17, 17, 0)]
    assert lines_of("mixed", a="t1", b="t1/a.txt") == [("a", 17, 17, 0), ("b", 17, 17, 0)]
    assert lines_of("texts", a="t1/a.txt", b="t1/a.txt") == [("a", 17, 17, 0), ("b", 17, 17, 0)]
    assert lines_of("twice", a="t1/a.txt") == [("a", 17, 17, 0)]
    assert lines_of("shared") == [("a", 17, 17, 0), ("b", 17, 17, 0)]


def test_evidence_names_the_folder_where_two_have_such_a_file(trees: Path, rlm: Rlm) -> None:
    given = ("--source", "a=t1", "--source", "b=t2")
    done = rlm("run", "r.rlm", "--recipe", "trees", *given)
    assert "t1/a.txt bytes 0–17" in done.err
    assert "t2/a.txt … t2/b.txt" in done.err


def test_fields_that_no_record_declares_are_named(folder: Path, rlm: Rlm) -> None:
    (folder / "r.rlm").write_text(
        "rlm 1\nrecord Row { id: Int, name: Text max 20tok }\n"
        'prompt say(row: Row) -> Text? max 40tok "What?"\n'
        "recipe all(rows: [Row]) -> [Text?] { return map rows with say() }\n"
    )
    (folder / "a.csv").write_text("id,name,age,note\n1,ann,7,x\n2,bob,8,y\n")
    (folder / "a.jsonl").write_text('{"id": 1, "name": "ann"}\n{"id": 2, "name": "b", "age": 8}\n')
    for name, fields in {"a.csv": ["age", "note"], "a.jsonl": ["age"]}.items():
        done = rlm("run", "r.rlm", "--source", f"rows={name}", "--json")
        line = json.loads(done.out)["receipt"][0]
        assert (line["rows"], line["rows_read"], line["unread_fields"]) == (2, 2, fields)
        assert f"2 of 2 rows, 2 results, fields never shown: {', '.join(fields)}" in done.err


GIVEN = """rlm 1
prompt say(page: Slice) -> Text? max 400tok "What does the page say?"
code up(x: Text) -> Text from "up.py:up"
recipe cut(t: Text) -> [Text?] { return map (split t by tokens(max: 90tok)) with say() }
recipe whole(t: Text) -> Text? { return say(t) }
recipe coded(t: Text) -> Text { return up(t) }
"""


def test_texts_that_a_program_or_the_command_line_gives_are_counted(folder: Path, rlm: Rlm) -> None:
    (folder / "r.rlm").write_text(GIVEN)
    (folder / "up.py").write_text("def up(x):\n    return x.upper()\n")
    long = "Words of a page. " * 90
    for recipe, text, read in (
        ("cut", "A short text.", 13),
        ("cut", long, len(long)),
        ("whole", long, len(long)),
        ("whole", "A question?", 0),
    ):
        given = rlm("run", "r.rlm", "--recipe", recipe, "--set", f"t={text}", "--json")
        found = [(x["source"], x["read"]) for x in json.loads(given.out)["receipt"]]
        outcome = rlmlang.run("r.rlm", recipe=recipe, values={"t": text}, store=None)
        assert found == [(x.source, x.read) for x in outcome.receipt]
        assert found == ([("t", read)] if read else []), (recipe, text)
    coded = rlm("run", "r.rlm", "--recipe", "coded", "--set", f"t={long}")
    assert coded.out.strip() == long.upper().strip()


@pytest.mark.parametrize("how", ["rewritten", "times set back"])
def test_a_file_that_changes_during_a_run_is_noticed_and_nothing_paid_is_lost(
    folder: Path, how: str
) -> None:
    (folder / "r.rlm").write_text(GIVEN)
    book = folder / "book.txt"
    book.write_text("".join(f"Page {n} of a book about bells.\n" for n in range(60)))
    before = book.stat()
    calls = 0

    def answer(task: object) -> str:
        nonlocal calls
        calls += 1
        if calls == 3:
            book.write_text(book.read_text().replace("bells", "balls"))
            if how == "times set back":
                os.utime(book, ns=(before.st_atime_ns, before.st_mtime_ns))
        return f"answer {calls}"

    options = {"recipe": "cut", "sources": {"t": "book.txt"}, "parallel": 1}
    stopped = rlmlang.run("r.rlm", engine=ScriptedEngine(answer), **options)
    assert stopped.problem is not None
    assert (stopped.problem.diagnostic.code, stopped.result) == ("source-changed", None)
    paid = calls
    again = rlmlang.run("r.rlm", engine=ScriptedEngine(answer), **options)
    assert again.problem is None
    book.write_text(book.read_text().replace("balls", "bells"))
    first = rlmlang.run("r.rlm", engine=ScriptedEngine(answer), **options)
    assert first.reused >= paid - 1


def test_what_is_named_twice_is_read_once(trees: Path) -> None:
    names = [d.id for d in open_several(["t1/a.txt", "t1", "t2", "./t2"]).documents]
    assert names == ["t1/a.txt", "t2/a.txt", "t2/b.txt"]
