"""Tables and lists fit the terminal; where nobody looks nothing is broken or left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rlmlang.cli.width import broken, cells, shortened, table
from tests.conftest import BOOK, Rlm

RECIPE = """rlm 1

prompt note_of_a_page_with_a_long_name(page: Slice, question: Text) -> Text? "What does it say?"

prompt merge(notes: [Text], question: Text) -> Text "Answer the question from the notes."

recipe find_what_stands_in_a_book(question: Text max 99tok, book: Text) -> Text {
  let pages = split book by tokens(max: 200tok)
  let notes_on_every_page_of_it = map pages with note_of_a_page_with_a_long_name(question)
  return reduce notes_on_every_page_of_it with merge(question)
}

dataset asked { path: "asked.jsonl" want: answer bind: { book: book, question: question } }
eval quality for find_what_stands_in_a_book { over: asked score exact weight 1 }
tune better for find_what_stands_in_a_book {
  optimizer: bootstrap
  eval: quality
  split: { train: 50%, test: 50% }
  knob merge.demos in [1, 2]
}
test "the key 鍵 is found, which hangs behind the third bell of the old archive" for find_what_stands_in_a_book {
  given book: "The key hangs behind the third bell. Nobody sang."
  given question: "where"
  mock merge returns "the key"
  mock notes_on_every_page_of_it returns "the key hangs behind the third bell, where nobody would look for it"
  expect result == "the third bell, which everybody knows, and nobody says"
}
"""
ASK = ("--source", "book=book.txt", "--set", "question=where does the key hang")
FAILING = "test find.rlm"
TABLES = (
    "plan find.rlm",
    "plan .",
    "runs",
    "show",
    "show --plan",
    "show last notes_on_every_page_of_it",
    "models",
    "models 模型/名前 openai/gpt-5-mini",
    "doctor",
    FAILING,
    "eval find.rlm",
    "tune find.rlm --dry-run",
    "store ls",
    "store verify",
    "explain group_by",
    "explain wrong-type",
    "explain",
)


@pytest.fixture
def ran(folder: Path, rlm: Rlm) -> Path:
    """A folder with a run, of a recipe with long and wide names."""
    (folder / "find.rlm").write_text(RECIPE)
    (folder / "book.txt").write_text(BOOK + "鍵は三番目の鐘の後ろに掛かっている。" * 40)
    rows = '{"book": "The key hangs behind the bell.", "question": "key", "answer": "the bell"}\n'
    (folder / "asked.jsonl").write_text(rows * 12)
    assert rlm("run", "find.rlm", *ASK).code == 0
    return folder


@pytest.mark.parametrize("wide", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    ran: Path, rlm: Rlm, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    for command in TABLES:
        args = (*command.split(), *(ASK if command.startswith("plan") else ()))
        done = rlm(*args)
        assert done.code == (1 if command == FAILING else 0), done.err
        assert done.out.strip()
        too_wide = [x for x in done.out.splitlines() if cell_len(x) > wide]
        assert not too_wide, (command, too_wide)
    done = rlm("run", "find.rlm", *ASK)
    shown = done.err.partition("plan  ")[2]
    assert not [x for x in shown.splitlines() if cell_len(x) > wide]


def test_where_nobody_looks_nothing_is_broken(ran: Path, rlm: Rlm) -> None:
    name = rlm("runs").out.splitlines()[1].split()[0]
    assert name.endswith(rlm("show").out.split()[1][-4:])
    assert "began" in rlm("runs").out
    assert any(len(x) > 90 for x in rlm("models").out.splitlines())


def test_what_a_narrow_table_leaves_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    rows = [("name", "state", "began"), ("a" * 30, "done", "today, at noon")]
    assert table(rows, spare=(2,)) == [
        "name               state",
        "aaaaaaaaaaaaaaaa…  done",
        "(too narrow for: began)",
    ]


@given(st.text(st.sampled_from("ab 漢é\u0301😀-/")), st.integers(4, 40))
def test_a_line_is_broken_and_nothing_is_lost(text: str, wide: int) -> None:
    parts = broken(text, wide)
    assert all(cells(part) <= wide for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert cells(shortened(text, wide)) <= wide
