"""A quote comes from the source text that its call was shown, and from nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.framing.repairs import QUOTE
from rlmlang.runtime import execute
from rlmlang.runtime.files import load_import
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import CallRead, Event
from tests.conftest import Rlm

RECIPES = """rlm 1

record Row { id: Int, user: Text, text: Text }
record Finding { what: Text max 60tok, quote: Quote max 60tok }

prompt cite(page: Slice, question: Text) -> Quote max 60tok { task: "Quote." retry <= 0 }
prompt some(page: Slice, question: Text) -> [Finding] { task: "Quote." retry <= 0 }
prompt of_row(row: Row) -> Quote { task: "Quote." retry <= 0 }
prompt of_rows(rows: Slice<Row>, question: Text) -> Quote { task: "Quote." retry <= 0 }
prompt of_pair(pair: Pair<Text, Slice>) -> Quote { task: "Quote." retry <= 0 }
prompt merge(found: [Finding], question: Text) -> Finding { task: "Join." retry <= 0 }

recipe page(question: Text, page: Text) -> Quote { return cite(page, question) }
recipe row(rows: [Row]) -> [Quote] { return map rows with of_row() }
recipe rows(rows: [Row], question: Text) -> [Quote] {
  return map (split rows by items(per: 2)) with of_rows(question)
}
recipe pair(questions: [Text], page: Text) -> [Quote] {
  let pairs = cross questions, (split page by lines(per: 9)) by bm25(top: 1)
  return map pairs with of_pair()
}
recipe joined(question: Text, page: Text) -> Quote {
  let found = map (split page by lines(per: 9)) with some(question)
  let one = merge(flatten(found), question)
  return one.quote
}
"""
PAGE = """The keeper said: “bees don’t sleep” – never… The bee-
keeper of the well-
known hive has 42 hives.\nLe cafe\u0301 est ferme\u0301; an of\ufb01ce is o\u00adpen.
It is an obser\u00ad
vation of the day. Of 3-5 hives, none is empty.
"""
ROWS = '{"id":1,"user":"ada","text":"Bees\\nare never late."}\n{"id":2,"user":"bo","text":"No"}\n'
TAKEN = {
    "as it stands": "The keeper said",
    "over the end of a line": "42 hives. Le cafe\u0301",
    "in straight quotes": '"bees don\'t sleep" - never',
    "in other dots": "sleep” – never...",
    "composed": "Le café est fermé",
    "a word that a line cut": "The beekeeper of",
    "a hyphen at a line's end": "the well-known hive",
    "the break as well": "The bee-\nkeeper",
    "a ligature": "an office is",
    "a soft hyphen": "is open",
    "a soft hyphen at a line's end": "an observation of the day",
    "two words that lines cut": "The beekeeper of the well-known hive",
}
REFUSED = {
    "of the question": "Who keeps the bees at night?",
    "of nothing": "The keeper slept.",
    "one letter": "e",
    "two letters": "ee",
    "two numbers as one": "Of 35 hives",
    "a dot": ".",
    "in capitals": "THE KEEPER SAID",
    "over what lies between": "The keeper said: never",
    "the name of the field": "question",
}


def problem(folder: Path, rlm: Rlm, name: str, given: str, quote: str, mock: str) -> bool:
    """Whether a recipe takes a quote."""
    text = quote.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    test = f"""test "t" for {name} {{
  {given}
  mock {mock}
  expect problem == ""
}}
"""
    (folder / "page.txt").write_text(PAGE, encoding="utf-8")
    (folder / "rows.jsonl").write_text(ROWS)
    (folder / "q.rlm").write_text(RECIPES + test.replace("QUOTE", f'"{text}"'), encoding="utf-8")
    done = rlm("test", "q.rlm")
    assert "problem" in done.out or not done.code, done.out + done.err
    return done.code == 0


ASKED = 'given question: "Who keeps the bees at night?"'


@pytest.mark.parametrize("quote", TAKEN.values(), ids=TAKEN)
def test_a_quote_of_the_page_is_taken(folder: Path, rlm: Rlm, quote: str) -> None:
    given = f'{ASKED} given page: file("page.txt")'
    assert problem(folder, rlm, "page", given, quote, "cite returns QUOTE")


@pytest.mark.parametrize("what", TAKEN)
def test_a_quote_in_other_typography_is_said_to_be(folder: Path, what: str) -> None:
    (folder / "page.txt").write_text(PAGE, encoding="utf-8")
    (folder / "q.rlm").write_text(RECIPES, encoding="utf-8")
    engine = ScriptedEngine(lambda task: TAKEN[what])
    sets, sources = {"question": "What?"}, {"page": "page.txt"}
    options = Options(recipe="page", sets=sets, sources=sources, store=None)
    events: list[Event] = []
    outcome = execute(
        prepare("q.rlm", options, need_all=True), engine=engine, listener=events.append
    )
    assert outcome.problem is None
    said = [r for e in events if isinstance(e, CallRead) for r in e.repairs]
    exact = ("as it stands", "over the end of a line", "the break as well")
    assert (QUOTE in said) == (what not in exact)


@pytest.mark.parametrize("quote", REFUSED.values(), ids=REFUSED)
def test_what_is_no_quote_of_the_page_is_not(folder: Path, rlm: Rlm, quote: str) -> None:
    given = f'{ASKED} given page: file("page.txt")'
    assert not problem(folder, rlm, "page", given, quote, "cite returns QUOTE")


@pytest.mark.parametrize(
    ("quote", "taken"),
    [
        ("are never late", True),
        ("Bees are never", True),
        ('"user":"ada"', True),
        ("Who keeps the bees", False),
        ("late. 2", False),
    ],
)
def test_rows_are_quoted_and_not_the_question(
    folder: Path, rlm: Rlm, quote: str, taken: bool
) -> None:
    given = f'{ASKED} given rows: rows("rows.jsonl")'
    assert problem(folder, rlm, "rows", given, quote, "of_rows returns QUOTE") is taken


def test_a_short_row_is_quoted_whole(folder: Path, rlm: Rlm) -> None:
    mock = 'of_row returns if row.id == 2 then QUOTE else "late"'
    assert problem(folder, rlm, "row", 'given rows: rows("rows.jsonl")', "No", mock)


@pytest.mark.parametrize(("quote", "taken"), [("42 hives", True), ("keeps the bees", False)])
def test_of_a_pair_only_the_slice_is_quoted(
    folder: Path, rlm: Rlm, quote: str, taken: bool
) -> None:
    given = 'given questions: ["Who keeps the bees?"] given page: file("page.txt")'
    assert problem(folder, rlm, "pair", given, quote, "of_pair returns QUOTE") is taken


@pytest.mark.parametrize(
    ("quote", "taken"),
    [
        ("42 hives", True),
        ("has many hives", False),
        ("The keeper", False),
        ("at night", False),
    ],
)
def test_of_earlier_answers_only_the_quotes_are_quoted(
    folder: Path, rlm: Rlm, quote: str, taken: bool
) -> None:
    mock = """some returns [Finding(what: "has many hives", quote: "has 42 hives")]
  mock merge returns Finding(what: "x", quote: QUOTE)"""
    given = f'{ASKED} given page: file("page.txt")'
    assert problem(folder, rlm, "joined", given, quote, mock) is taken


NOWHERE = {
    "a text": ('prompt p(page: Text, question: Text) -> Quote "Q."', "return p(page, page)"),
    "numbers and paths": ('prompt p(n: Int, paths: [Path]) -> [Quote] "Q."', "return p(1, [page])"),
    "a field": ('record F { q: Quote? }\nprompt p(page: Text) -> F? "Q."', "return p(page)"),
    "words of a model": (
        'prompt say(page: Slice) -> Text "Say."\nprompt p(notes: [Text]) -> Quote "Q."',
        "let notes = map (split page by lines(per: 1)) with say()\n  return p(notes)",
    ),
}


@pytest.mark.parametrize("case", NOWHERE)
def test_a_prompt_with_nothing_to_quote_from_is_an_error(case: str) -> None:
    prompt, body = NOWHERE[case]
    result = {"numbers and paths": "[Quote]", "a field": "F?"}.get(case, "Quote")
    text = f"rlm 1\n{prompt}\nrecipe r(page: Text) -> {result} {{\n  {body}\n}}\n"
    found = compiler.check(SourceFile("q.rlm", text), load_import).diagnostics
    assert [d.code for d in found] == ["nothing-to-quote"]
