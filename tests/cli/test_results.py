"""A result on its way out: formats, what they refuse, where it goes, and lists while the run goes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.cli.delivery import Delivery
from rlmlang.execute.streamed import KEPT
from rlmlang.ir.types import BOOL, FLOAT, INT, TEXT, Field, list_of, record
from rlmlang.report.formats.format import Shape
from rlmlang.report.formats.table import FORMATS
from tests.conftest import ROOT, Rlm

RECIPES = """rlm 1

record Row {
  id: Int
  user: Text
  on: Bool?
}

record Deep {
  id: Int
  rows: [Row]
}

main recipe rows(xs: [Row]) -> [Row] {
  let found = filter xs where it.id > 0
  return found
}

recipe deep(xs: [Row]) -> [Deep] {
  return [Deep(id: 1, rows: xs)]
}

recipe one(n: Int = 3) -> Int {
  return n
}

recipe few(xs: [Row]) -> [Row] max 2 {
  let found = filter xs where it.id > 0
  return found
}
"""
ROWS = [
    {"id": 1, "user": 'a,"b"\nc|d\te', "on": True},
    {"id": 2, "user": "=1+1 <b>é", "on": None},
    {"id": 3, "user": "", "on": False},
]
XS = ("--source", "xs=xs.jsonl")


@pytest.fixture
def work(folder: Path) -> Path:
    (folder / "r.rlm").write_text(RECIPES)
    (folder / "xs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    return folder


class Cells(HTMLParser):
    """The texts of a table's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag not in ("b", "script")
        if tag == "td":
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1] += data


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|' /C'!A0", "'+cmd|' /C'!A0"),
        ("-2+3", "'-2+3"), ("\t=1", "'\t=1"), ("- a point", "'- a point"), ("-", "'-"),
        ("-2.5", "-2.5"), ("+1e9", "+1e9"), ("-2\n", "'-2\n"), ("a=1", "a=1"), ("'=1", "'=1"),
    ],
)  # fmt: skip
def test_no_cell_is_run_by_a_spreadsheet_unless_it_shall_be_exact(text: str, cell: str) -> None:
    shape, item = Shape(list_of(record(Field("b", TEXT))), "r"), [{"b": text}]
    for name, wanted in (("csv", cell), ("csv-exact", text)):
        written = b"".join(FORMATS[name].chunks(shape, item)).decode()
        assert list(csv.reader(io.StringIO(written, newline=""))) == [["b"], [wanted]]


def test_what_is_written_is_read_back(work: Path, rlm: Rlm) -> None:
    for ending in ("json", "jsonl", "csv", "tsv", "md", "html", "txt"):
        done = rlm("run", "r.rlm", *XS, "--out", f"out.{ending}")
        assert (done.code, done.out) == (0, ""), done.err
        again = rlm("run", "r.rlm", "-q", *XS, "--format", ending)
        assert again.out.encode() == (work / f"out.{ending}").read_bytes()
        kept = rlm("show", "last", "--answer", "--format", ending)
        assert kept.out == again.out
    assert json.loads((work / "out.json").read_text()) == ROWS
    assert [json.loads(x) for x in (work / "out.jsonl").read_text().splitlines()] == ROWS
    for name, parted in (("csv", ","), ("tsv", "\t")):
        text = (work / f"out.{name}").read_bytes().decode()
        read = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=parted))
        assert [r["user"] for r in read] == [ROWS[0]["user"], "'=1+1 <b>é", ""]
        assert [(r["id"], r["on"]) for r in read] == [("1", "true"), ("2", ""), ("3", "false")]
    assert (work / "out.csv").read_bytes().startswith(b"id,user,on\r\n")
    table = (work / "out.md").read_text().splitlines()
    assert len(table) == 2 + len(ROWS) and 'a,"b"<br>c\\|d' in table[2]
    cells = Cells()
    cells.feed((work / "out.html").read_text())
    assert [c.rstrip("\n") for c in cells.found][1::3] == [r["user"] for r in ROWS]
    assert not list(work.glob("*.part"))


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_our_own_sources_read_what_is_written(work: Path, rlm: Rlm, ending: str) -> None:
    assert rlm("run", "r.rlm", *XS, "--out", f"one.{ending}").code == 0
    first = (work / f"one.{ending}").read_bytes()
    done = rlm("run", "r.rlm", "--source", f"xs=one.{ending}", "--out", f"two.{ending}")
    assert done.code == 0, done.err
    assert (work / f"two.{ending}").read_bytes() == first


FIELDS = {"a": INT, "b": TEXT, "c": FLOAT, "d": BOOL}
SHAPE = Shape(list_of(record(*(Field(n, t.maybe()) for n, t in FIELDS.items()))), "r")
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.none() | st.integers(),
            "b": st.none() | TEXTS,
            "c": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "d": st.none() | st.booleans(),
        }
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(ITEMS)
def test_any_rows_are_read_back_by_pythons_csv_and_json(items: list[dict[str, object]]) -> None:
    lines = b"".join(FORMATS["jsonl"].chunks(SHAPE, items)).decode()
    assert [json.loads(x) for x in lines.split("\n")[:-1]] == items
    for name, parted in (("csv", ","), ("csv-exact", ","), ("tsv", "\t")):
        text = b"".join(FORMATS[name].chunks(SHAPE, items)).decode()
        read = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=parted))
        marks = ("", "'") if name != "csv-exact" else ("",)
        assert all(
            r["b"] in [mark + str(x["b"] or "") for mark in marks]
            for r, x in zip(read, items, strict=True)
        )
        if name != "csv-exact":
            assert not any(re.match(r"[=@\t\r]|[+-](?![\d.])", r["b"]) for r in read)
        assert [float(r["c"]) if r["c"] else None for r in read] == [x["c"] for x in items]
        assert [r["a"] for r in read] == ["" if x["a"] is None else str(x["a"]) for x in items]
    markdown = b"".join(FORMATS["md"].chunks(SHAPE, items)).decode()
    assert markdown.count("\n") == 2 + len(items)
    page = Cells()
    page.feed(b"".join(FORMATS["html"].chunks(SHAPE, items)).decode())


REFUSED = [
    (("--recipe", "deep", "--out", "a.csv"), "format-unfit", "`rows` is [Row]"),
    (("--recipe", "deep", "--format", "tsv"), "format-unfit", "--format jsonl"),
    (("--out", "a.docx"), "unknown-format", ".jsonl"),
    (("--format", "xml"), "unknown-format", "json"),
    (("--out", "none/a.csv"), "file-unwritable", "mkdir -p"),
    (("--out", "folder"), "file-unwritable", "it is a folder"),
    (("--json", "--out", "none/a"), "file-unwritable", "mkdir -p"),
]


@pytest.mark.parametrize(("args", "code", "said"), REFUSED, ids=lambda x: str(x)[:30])
def test_what_cannot_be_written_is_told_before_the_run(
    work: Path, rlm: Rlm, args: tuple[str, ...], code: str, said: str
) -> None:
    (work / "folder").mkdir()
    done = rlm("run", "r.rlm", *XS, *args)
    assert done.code == 2 and f"error[{code}]" in done.err and said in done.err, done.err
    assert "plan" not in done.err and not (work / ".rlm").exists()
    assert not list(work.glob("*.part"))


def test_json_stays_what_it_was(work: Path, rlm: Rlm) -> None:
    done = rlm("run", "r.rlm", *XS, "--json", "--out", "all.anything")
    assert done.code == 0, done.err
    assert json.loads((work / "all.anything").read_text())["result"] == ROWS
    assert rlm("run", "r.rlm", *XS, "--json", "--format", "csv").code == 2
    assert rlm("run", "r.rlm", "--recipe", "one", "--out", "plain").code == 0
    assert (work / "plain").read_text() == "3\n"


def test_a_device_is_written_to_and_stays_one(work: Path, rlm: Rlm) -> None:
    pipe = work / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        assert rlm("run", "r.rlm", "--recipe", "one", "--out", "pipe", "--format", "csv").code == 0
        assert reader.communicate()[0] == b"value\r\n3\r\n"
    assert pipe.is_fifo()
    (work / "real.txt").write_text("old")
    (work / "link.txt").symlink_to("real.txt")
    assert rlm("run", "r.rlm", "--recipe", "one", "--out", "link.txt").code == 0
    assert (work / "link.txt").is_symlink() and (work / "real.txt").read_text() == "3\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_keeps_the_answer(work: Path, rlm: Rlm) -> None:
    done = rlm("run", "r.rlm", "--recipe", "one", "--out", "/dev/full")
    assert done.code == 2 and "No space left" in done.err and "rlm show" in done.err
    assert rlm("show", "last", "--answer", "--format", "csv").out == "value\n3\n".replace(
        "\n", "\r\n"
    )
    streamed = rlm("run", "r.rlm", *XS, "--out", "/dev/full", "--format", "csv")
    assert streamed.code == 2 and "file-unwritable" in streamed.err


def test_a_result_with_too_many_items_is_no_file(work: Path, rlm: Rlm) -> None:
    done = rlm("run", "r.rlm", "--recipe", "few", *XS, "--out", "few.csv")
    assert done.code == 1 and "result-too-large" in done.err
    assert not (work / "few.csv").exists() and (work / "few.csv.part").exists()
    assert "the same command writes all" in done.err


def test_a_list_that_no_step_names_goes_by_too(work: Path, rlm: Rlm) -> None:
    (work / "unnamed.rlm").write_text(UNNAMED)
    done = rlm("run", "unnamed.rlm", "--set", "xs=[1, 2]", "--out", "out.jsonl")
    assert done.code == 0, done.err
    assert (work / "out.jsonl").read_text() == '{"n": 1}\n{"n": 2}\n'
    assert rlm("show", "last", "--answer", "--format", "csv").out == "n\r\n1\r\n2\r\n"


UNNAMED = """rlm 1

record Line { n: Int }

recipe all(xs: [Int]) -> [Line] {
  return map xs with Line(n: it)
}
"""


def test_a_long_list_goes_by_and_is_not_kept(work: Path, rlm: Rlm) -> None:
    many = KEPT + 1
    with (work / "xs.jsonl").open("w") as file:
        file.writelines(f'{{"id": {n + 1}, "user": "u", "on": null}}\n' for n in range(many))
    done = rlm("run", "r.rlm", *XS, "--out", "many.jsonl")
    assert done.code == 0, done.err
    found = (work / "many.jsonl").read_text().splitlines()
    assert len(found) == many and json.loads(found[-1])["id"] == many
    assert "no-answer" in rlm("show", "last", "--answer").err
    assert len(json.loads(rlm("run", "r.rlm", *XS, "-q").out)) == many


STOPPING = """rlm 1

code slow(x: Int) -> Int from "c.py:slow"

prompt say(x: Int) -> Text "Say it."

recipe all(xs: [Int]) -> [Text] {
  let said = map xs with say()
  return said
}
"""


def test_a_run_that_is_killed_leaves_whole_lines_and_is_completed(work: Path) -> None:
    from tests.servers import chat_server, completion

    (work / "k.rlm").write_text(
        STOPPING.replace('code slow(x: Int) -> Int from "c.py:slow"\n\n', "")
    )
    asked: list[int] = []
    killed: list[subprocess.Popen[bytes]] = []

    def answer(body: dict[str, object]) -> object:
        asked.append(1)
        if len(asked) == 60 and killed:
            os.kill(killed.pop().pid, signal.SIGKILL)
        return completion("one\ntwo")

    command = [sys.executable, "-m", "rlmlang", "run", "k.rlm", "--model", "m", "--parallel", "1"]
    command += ["--set", f"xs={list(range(120))}", "--out", "said.csv"]
    with chat_server(answer) as server:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command += ["--api-base", server.base]
        killed.append(subprocess.Popen(command, cwd=work, env=env, stderr=subprocess.DEVNULL))
        process = killed[0]
        assert process.wait() == -signal.SIGKILL
        assert not (work / "said.csv").exists()
        part = (work / "said.csv.part").read_bytes()
        assert part == b"" or part.endswith(b"\r\n")
        done = subprocess.run(command, cwd=work, env=env, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO((work / "said.csv").read_bytes().decode(), newline="")))
    assert rows == [["value"], *[["one\ntwo"]] * 120]
    assert len(asked) <= 121 and not (work / "said.csv.part").exists()


def test_lines_are_written_before_the_end(tmp_path: Path) -> None:
    delivery = Delivery(FORMATS["jsonl"], list_of(INT), "r", str(tmp_path / "x.jsonl"))
    delivery._put(b"1\n" * 40_000)
    assert (tmp_path / "x.jsonl.part").read_bytes() == b"1\n" * 40_000
    delivery.target.drop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*FORMATS])
def test_each_format_is_explained(rlm: Rlm, folder: Path, name: str) -> None:
    assert "a format of results" in rlm("explain", name).out


GRAPHS = {
    "svg": b"<svg", "html": b"<!doctype html", "dot": b"digraph", "gv": b"digraph", "mmd": b"flowchart",
    "graphml": b"<graphml", "json": b"{",
}  # fmt: skip


def test_a_plan_is_drawn_by_the_ending_of_its_file(work: Path, rlm: Rlm) -> None:
    for ending, begins in GRAPHS.items():
        assert rlm("graph", "r.rlm", "--out", f"g.{ending}").code == 0
        assert (work / f"g.{ending}").read_bytes().lstrip().startswith(begins), ending
    for args in (("--out", "g.xyz"), ("--format", "gif")):
        done = rlm("graph", "r.rlm", *args)
        assert done.code == 2 and "error[unknown-format]" in done.err and "svg" in done.err


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_pictures_are_drawn_by_graphviz_or_refused(
    work: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    tools = work / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    done = rlm("graph", "r.rlm", "--out", f"g.{kind}")
    assert "error[extra-missing]" in done.err and "graphviz" in done.err and ".svg" in done.err
    assert not (work / f"g.{kind}").exists()
    for script, code in (("read first; echo drawn $1 $first", 0), ("echo no >&2; exit 3", 1)):
        (tools / "dot").write_text(f"#!/bin/sh\n{script}\n")
        (tools / "dot").chmod(0o755)
        assert rlm("graph", "r.rlm", "--out", f"{code}.{kind}").code == code
    assert (work / f"0.{kind}").read_text().startswith(f"drawn -T{kind} digraph")
    assert not list(work.glob("1.*"))


@pytest.mark.parametrize("step", ["with it.name", "with say(it)", "with (map [it] with say())"])
def test_a_result_that_is_a_map_itself_is_streamed(folder: Path, rlm: Rlm, step: str) -> None:
    (folder / "m.rlm").write_text(
        'rlm 1\nrecord Row { name: Text }\nprompt say(x: Text) -> Text max 20tok "Say it."\n'
        'prompt name(x: Row) -> Text max 20tok "Name."\n'
        f"main recipe all(rows: [Row]) -> [{'[Text]' if 'map' in step else 'Text'}] {{\n"
        f"  return map rows {step.replace('say(it)', 'name(it)').replace('[it]', '[it.name]')}\n}}\n"
    )
    rows = '--set=rows=[{"name": "ann"}, {"name": "bob"}]'
    done = rlm(
        "run", "m.rlm", rows, "--out", "all.jsonl", "--no-store", "--model", "offline/reader"
    )
    assert done.code == 0, done.err
    assert len((folder / "all.jsonl").read_text().splitlines()) == 2
