"""Sources of every kind, opened for real."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.types import ANY
from rlmlang.partitions.functions import function_ends
from rlmlang.sources.files import open_glob
from rlmlang.sources.jsonl import jsonl
from rlmlang.sources.lines import lines
from rlmlang.sources.local import open_file
from rlmlang.sources.remote import remote
from rlmlang.sources.tree import open_tree
from tests.conftest import BOOK, SIMPLE, Rlm

ROWS = """rlm 1
record Row { id: Int, name: Text max 20tok }
source rows: [Row] = %s
recipe all_ids(rows: [Row] = rows) -> [Int] { return ids(rows) }
"""


@pytest.fixture
def web(book: Path) -> Iterator[str]:
    """The folder over HTTP on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(book)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_url(book: Path, rlm: Rlm, web: str) -> None:
    done = rlm(
        "run", "find.rlm", "--source", f"book={web}/book.txt", "--set", "question=where is the key"
    )
    assert (done.code, done.out) == (0, "The key hangs behind the third bell.\n"), done.err
    assert "100.0%" in done.err
    missing = rlm("run", "find.rlm", "--source", f"book={web}/nope.txt", "--set", "question=x")
    assert "[source-unreachable]" in missing.err


def test_a_server_that_knows_no_ranges(book: Path, web: str) -> None:
    text = "".join(f"line {n}\n" for n in range(3_000))
    (book / "long.txt").write_text(text)
    document = remote(f"{web}/long.txt")
    assert document.read(0, document.size).decode() == text
    assert document.read(10_000, 10_100).decode() == text[10_000:10_100]


def test_memory_and_other_filesystems(book: Path, rlm: Rlm) -> None:
    import fsspec

    with fsspec.open("memory://shelf/book.txt", "wb") as file:
        file.write(BOOK.encode())
    done = rlm(
        "run",
        "find.rlm",
        "--source",
        "book=memory://shelf/book.txt",
        "--set",
        "question=where is the key",
    )
    assert done.out == "The key hangs behind the third bell.\n"


def test_rows_of_a_query(folder: Path, rlm: Rlm) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/a.db")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (id int, name text)"))
        connection.execute(sqlalchemy.text("insert into t values (3, 'ann'), (5, 'bob')"))
    engine.dispose()
    (folder / "q.rlm").write_text(
        ROWS % f'sql("select * from t order by id", url: "sqlite:///{folder}/a.db")'
    )
    assert json.loads(rlm("run", "q.rlm").out) == [3, 5]
    (folder / "q.rlm").write_text(
        ROWS % f'sql("select * from nope", url: "sqlite:///{folder}/a.db")'
    )
    assert "[source-unreadable]" in rlm("run", "q.rlm").err
    (folder / "q.rlm").write_text(
        ROWS % f'sql("select id, x\'00\' as name from t", url: "sqlite:///{folder}/a.db")'
    )
    assert "row 1: holds bytes" in rlm("run", "q.rlm").err


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("jsonl", "a.jsonl", '\ufeff{"id": 1, "name": "x"}\r\n\r\n{"id": 2, "name": "y"}'),
        ("csv", "a.csv", '\ufeffname,id,more\r\n"a, ""b""\nc",1,z\r\nd,2,z\r\n'),
        ("csv", "a.tsv", "id\tname\n1\tx\n2\ty\n"),
    ],
)
def test_rows_in_all_their_forms(folder: Path, rlm: Rlm, kind: str, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode())
    (folder / "r.rlm").write_text(ROWS % f'{kind}("{name}")')
    done = rlm("run", "r.rlm")
    assert json.loads(done.out) == [1, 2], done.err


def test_files_and_trees(folder: Path) -> None:
    for name in ("a.md", "b/c.md", "b/d.txt", ".git/e.md", "__pycache__/f.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("text\n")
    (folder / "g.md").write_bytes(b"\x00\x01")
    (folder / "h.md").write_text("")
    (folder / "i.md").write_bytes(b"ok so far \xff")
    reasons = {
        ".git": "skipped by name",
        "__pycache__": "skipped by name",
        "g.md": "binary",
        "h.md": "empty",
        "i.md": "not UTF-8",
    }
    glob = open_glob("**/*.md", str(folder))
    assert [d.id for d in glob.documents] == ["a.md", "b/c.md"]
    assert {one.name: one.reason for one in glob.left_out} == reasons
    assert [d.id for d in open_glob(".git/*.md", str(folder)).documents] == [".git/e.md"]
    tree = open_tree(str(folder))
    assert [d.id for d in tree.documents] == ["a.md", "b/c.md", "b/d.txt"]
    assert {one.name: one.reason for one in tree.left_out} == reasons


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.text(alphabet="ab é漢\t", max_size=20), max_size=30),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_rows_tile_their_document(texts: list[str], end: str, last: bool) -> None:
    data = end.join(json.dumps(x) for x in texts) + (end if last and texts else "")
    document = TextDocument("a", data.encode())
    rows = jsonl(document, ANY)
    assert list(rows) == texts == [rows[i] for i in range(len(rows))]
    if texts:
        assert (rows.starts[0], rows.starts[-1]) == (0, len(data.encode()))
    plain = TextDocument("b", end.join(t for t in texts if t.strip()).encode())
    assert list(lines(plain)) == [t for t in texts if t.strip()]


def test_a_large_file_is_never_read_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from rlmlang import plugins
    from rlmlang.context import whole
    from rlmlang.partitions.measure import Estimate

    path = folder / "large.txt"
    path.write_text("word " * 400_000)
    most = 0
    pread = os.pread

    def watched(fd: int, size: int, at: int) -> bytes:
        nonlocal most
        most = max(most, size)
        return pread(fd, size, at)

    monkeypatch.setattr(os, "pread", watched)
    document = open_file(str(path))
    for name, options in (
        ("tokens", {"max": 4000, "overlap": 0, "slack": 0.1}),
        ("lines", {"per": 9, "max": 4000}),
        ("paragraphs", {"max": 4000}),
        ("stable", {"around": 2000}),
    ):
        assert sum(1 for _ in plugins.partition(name, options).split(whole(document), Estimate()))
    assert 0 < most <= 1 << 18


def test_functions_of_python_are_whole() -> None:
    text = b"import os\n\n\n# why\n@decorated\ndef f():\n    return 1\n\n\nclass C:\n    def g(self):\n        pass\n"
    ends = function_ends(TextDocument("a.py", text), 0, len(text))
    assert ends is not None
    pieces = [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert pieces[1].startswith(b"# why\n@decorated\ndef f")
    assert pieces[2].startswith(b"class C")
    for end in (b"\r", b"\r\n"):
        other = text.replace(b"\n", end)
        found = function_ends(TextDocument("a.py", other), 0, len(other)) or []
        cuts = [other[a:b] for a, b in zip([0, *found], found, strict=False)]
        assert [x.replace(end, b"\n") for x in cuts] == pieces
    assert function_ends(TextDocument("a.py", b"def ("), 0, 5) is None
    assert function_ends(TextDocument("a.txt", b"def f(): 1"), 0, 10) is None


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("a.js", "function a() { return 1 }\n\n", "function b() { return 2 }\n"),
        ("a.ts", "type A = number\n\n", "export function b(): A { return 2 }\n"),
        ("a.tsx", "const a = <b>c</b>\n\n", "function b() { return 2 }\n"),
        ("a.go", "package a\n\n", "func b() int { return 2 }\n"),
    ],
)
def test_functions_of_other_languages_by_tree_sitter(name: str, first: str, second: str) -> None:
    text = (first + second).encode()
    ends = function_ends(TextDocument(name, text), 0, len(text))
    assert ends is not None
    assert len(first) in ends
    assert ends[-1] == len(text)


def test_thinking_asks_for_reasoning_first(book: Path) -> None:
    import rlmlang
    from rlmlang.testing import Raw, ScriptedEngine

    text = SIMPLE.replace(
        '"What does the page say about the question?"',
        '{\n  task: "What does the page say?"\n  think: true\n}',
    )
    (book / "think.rlm").write_text(text)
    done = "[[ ## reasoning ## ]]\nbecause\n\n[[ ## result ## ]]\nbell\n\n[[ ## completed ## ]]"
    engine = ScriptedEngine(lambda task: Raw(done))
    outcome = rlmlang.run(
        "think.rlm", engine=engine, sources={"book": "book.txt"}, sets={"question": "q"}, store=None
    )
    assert (outcome.result, outcome.problem) == ("bell", None)
    assert any("reasoning" in r for r in engine.requests)


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_a_file_of_a_store_that_changed_is_not_read_on(scheme: str, tmp_path: Path) -> None:
    """Another text of the same length, a longer one, or none at all."""
    fsspec = pytest.importorskip("fsspec")
    url = f"{scheme}://{tmp_path}/book.txt"
    for then in (b"b" * 20_000, b"a" * 30_000, None):
        with fsspec.open(url, "wb") as file:
            file.write(b"a" * 20_000)
        document = remote(url)
        assert document.read(10_000, 10_004) == b"aaaa"
        if then is None:
            document.fs.rm(document.path)
        else:
            with fsspec.open(url, "wb") as file:
                file.write(then)
        with pytest.raises(CodedError) as problem:
            document.read(10_000, 10_004)
        code = "source-unreachable" if then is None else "source-changed"
        assert problem.value.diagnostic.code == code
