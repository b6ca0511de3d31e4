"""What an editor shows of a marked recipe, each feature as a function."""

from __future__ import annotations

import pytest

from rlmlang.diagnostics.fix import edited
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor import project_file
from rlmlang.editor.actions import actions
from rlmlang.editor.analysis import Prices, analyse
from rlmlang.editor.completion import completions
from rlmlang.editor.documents import Documents
from rlmlang.editor.hints import hints, lenses
from rlmlang.editor.hover import hover
from rlmlang.editor.outline import folds, matching, outline
from rlmlang.editor.tokens import tokens
from rlmlang.schema.settings import BLOCKS
from tests.editor.marked import analysed, bind, cursor, load, plain

RECIPE = """rlm 1

use "./shared.rlm" { Row, Label, look }
use "./shared.rlm" as shared

model small { default: "acme/plain" output <= 300tok price: { input: 1, output: 2 } }

/// Says something.
prompt note(page: Slice, question: Text max 50tok) -> Text? max 40tok {
  model: small
  task: "What does it say?"
}
prompt join_notes(notes: [Text]) -> Text max 40tok { model: small task: "Join." }

recipe find(book: Text max 4ktok, question: Text max 50tok) -> Text {
  budget { calls <= 90 }
  let pages = split book by tokens(max: 500tok)
  let notes = map pages with note(question)

  return reduce notes with join_notes() { fanin: 4 }
}

test "one" for find {
  given book: "a"
  given question: "b"
  expect calls == 2
}
"""


def of(before: str, marked: str) -> str:
    """The recipe with a marked line in the place of one that begins so."""
    at = RECIPE.index(before)
    end = (RECIPE + "\n").index("\n", at)
    return RECIPE[:at] + marked + RECIPE[end:]


@pytest.mark.parametrize(("before", "marked", "said"), [
    ("let notes", "let no|tes = map pages with note(question)",
     ["type `[Text?]`", "coverage `exact`", "at most `9` items", "calls ≤ `18`", "at most $0.07"]),
    ("let notes", "let notes = map pages with no|te(question)",
     ["prompt note(page: Slice, question: Text max 50tok) -> Text? max 40tok", "Says something."]),
    ("let notes", "let notes = m|ap pages with note(question)", ["A verb: asks a prompt about every item"]),
    ("let pages", "let pages = split book by tok|ens(max: 500tok)", ["A partition: ", "cut at the last paragraph"]),
    ("budget {", "budget { ca|lls <= 90 }", ["calls <= …", "Of a budget: "]),
    ("recipe find", "recipe fi|nd(book: Text max 4ktok, question: Text max 50tok) -> Text {",
     ["recipe find(", "calls ≤ `24`", "budget `calls <= 90`: proven (worst 24)"]),
    ("let pages", "let pages = split book by tokens(max: 5|00tok)", ["A unit: "]),
    ("use", 'use "./shared.rlm" { R|ow, Label, look }', ["record Row { id: Int", "A row of the log."]),
    ("model: small", "model: sma|ll", ['model small { default: "acme/plain"']),
])  # fmt: skip
def test_hover_says_what_a_word_is(before: str, marked: str, said: list[str]) -> None:
    text = of(before, marked)
    found = hover(analysed(text), cursor(text))
    assert found is not None
    for words in said:
        assert words in found.text


@pytest.mark.parametrize("marked", ["let x = ca|", "// ca|lls", 'let notes = "ca|lls"'])
def test_hover_says_nothing_of_what_is_no_word_of_the_language(marked: str) -> None:
    text = of("let notes", marked)
    assert hover(analysed(text), cursor(text)) is None


@pytest.mark.parametrize(("before", "marked", "some", "none"), [
    ("let notes", "let notes = map pages with |", {"note", "look", "join_notes"}, {"pages", "small", "count"}),
    ("let notes", "let notes = map pages with no|", {"note"}, {"pages"}),
    ("let pages", "let pages = split book by |", {"tokens", "lines", "headings"}, {"bm25", "note"}),
    ("let pages", "let pages = search book for question by |", {"bm25", "regex"}, {"tokens"}),
    ("let pages", "let pages = |", {"split", "map", "book", "question", "count", "note"}, {"calls", "let"}),
    ("let notes", "|", {"let", "return", "require", "budget"}, {"calls", "record"}),
    ("let notes", "let notes = count(|", {"pages", "book"}, {"let", "calls"}),
    ("let notes", "let notes = map pages |", {"with"}, {"by"}),
    ("let notes", "let notes = filter pages |", {"with", "where"}, {"by"}),
    ("let notes", "let notes = pages\n  |", {"let", "return", "require"}, {"calls", "count"}),
    ("let notes", "let notes =\n    |", {"map", "pages", "count"}, {"let"}),
    ("let notes", "let notes = map pages with note(|", {"question:", "question"}, {"let"}),
    ("let notes", "let notes = map pages with note(question) { |", {"parallel", "on_error", "stop"}, {"fanin"}),
    ("budget {", "budget { | }", {"calls", "usd", "depth", "wall"}, {"let", "task"}),
    ("model: small", "model: |", {"small"}, {"note", "find"}),
    ("model: small", "|", {"check", "retry", "think", "repl"}, {"task", "let"}),
    ("model small", "model small { output <= 3tok | }", {"default", "context", "price"}, {"output"}),
    ("model small", "model small { price: { | } }", {"input", "output"}, {"context"}),
    ("model small", 'model small { default: "|" }', {"openai/x"}, {"small"}),
    ("recipe find", "recipe find(book: |", {"Text", "Slice", "Row", "Label"}, {"note", "count"}),
    ("recipe find", "recipe find(book: Text) -> |", {"Text", "Row"}, {"note"}),
    ("use", 'use "|"', {"std/needle", "./other.rlm"}, {"note"}),
    ("use", 'use "./shared.rlm" { | }', {"Row", "look", "halves"}, {"note"}),
    ("test", 'test "one" for | {', {"find"}, {"note"}),
    ("given book", "|", {"given", "mock", "expect"}, {"let"}),
    ("given book", "mock | returns 1", {"note", "join_notes"}, {"pages"}),
    ("test", "|", {"prompt", "recipe", "record", "test", "use"}, {"let", "calls"}),
    ("let notes", "let notes = shared.|", {"look", "halves", "Row"}, {"note"}),
    ("let notes", "let rows = cross pages, pages by bm25(top: 1)\n  let x = filter rows where it.|", {"left", "right"}, {"id"}),
    ("test", "source s: [Row] = |", {"jsonl", "csv"}, {"tokens", "note"}),
    ("test", "partition p = |", {"tokens", "items"}, {"jsonl"}),
    ("test", 'eval e for find { over: | }', set(), {"note"}),
    ("test", "tune t for find { optimizer: | }", {"gepa", "grid"}, {"note"}),
    ("model: small", "repl { | }", {"iters", "calls", "tools"}, {"task", "let"}),
    ("model: small", "repl { tools: [|] }", {"grep", "note"}, {"iters"}),
    ("let notes", "let y = recurse book {\n    |\n  }", {"leaf", "branch", "prune", "join", "depth"}, {"let"}),
    ("let notes", "// ca|", set(), {"calls", "note"}),
])  # fmt: skip
def test_completion_offers_what_can_stand_there(
    before: str, marked: str, some: set[str], none: set[str]
) -> None:
    text = of(before, marked)
    found = completions(
        analysed(text), cursor(text), lambda: ["openai/x"], lambda: ["std/needle", "./other.rlm"]
    )
    names = {choice.name for choice in found}
    assert (some - names, none & names) == (set(), set())


def test_completion_offers_the_names_that_were_known_before_the_last_change() -> None:
    text = of("let notes", "let notes = map pages with |")
    last = analysed(RECIPE)
    found = completions(last.with_text(SourceFile("find.rlm", plain(text))), cursor(text))
    assert {"note", "look"} <= {choice.name for choice in found}


def test_every_setting_of_every_block_of_a_declaration_is_offered() -> None:
    for kind in ("model", "budget", "dataset"):
        marked = f"rlm 1\n\n{kind} x {{\n  |\n}}\n"
        found = completions(analysed(marked), cursor(marked))
        assert {c.name for c in found} >= set(BLOCKS[kind].names)


def test_prices_and_coverage_stand_behind_each_step() -> None:
    analysis = analysed(RECIPE)
    found = {analysis.source.position(h.offset)[0]: h.words for h in hints(analysis)}
    assert list(found.values()) == ["exact", "≤ 18 calls · $0.07 · exact", "≤ 6 calls · $0.03"]
    titles = [(lens.title, lens.arguments) for lens in lenses(analysis)]
    assert titles[0] == ("plan (≤ 24 calls · $0.10 · budget proven)", ("--recipe", "find"))
    assert titles[1:] == [
        ("run", ("--recipe", "find")),
        ("graph", ("--recipe", "find")),
        ("test", ("-k", "one")),
    ]


def test_a_list_that_may_miss_items_is_told() -> None:
    text = of("let pages", "let pages = search book for question by bm25(top: 3)")
    assert [h.words for h in hints(analysed(text))][:2] == ["some", "≤ 6 calls · $0.03 · some"]


@pytest.mark.parametrize(("before", "marked", "after"), [
    ("let notes", "let notes = map pagse| with note(question)", "let notes = map pages with note(question)"),
    ("model: small", "modl|: small", "model: small"),
    ("budget {", "budget { cals| <= 90 }", "budget { calls <= 90 }"),
])  # fmt: skip
def test_a_fix_of_a_problem_is_an_action(before: str, marked: str, after: str) -> None:
    text = of(before, marked)
    analysis = analysed(text)
    found = [a for a in actions(analysis, cursor(text), cursor(text)) if not a.all]
    assert found[0].mends and edited(analysis.source.text, found[0].edits) == of(before, after)


def test_all_fixes_of_a_file_are_one_action() -> None:
    wrong = of("budget {", "budget { cals <= 90 }").replace("map pages", "map pagse")
    analysis = analysed(wrong)
    (whole,) = [a for a in actions(analysis, 0, 0) if a.all]
    assert edited(analysis.source.text, whole.edits) == RECIPE


def test_the_outline_has_what_is_declared() -> None:
    found = outline(analysed(RECIPE))
    assert [(e.name, e.kind) for e in found] == [
        ("small", "model"), ("note", "prompt"), ("join_notes", "prompt"), ("find", "recipe"), ("one", "test"),
    ]  # fmt: skip
    assert [e.name for e in found[3].inside] == ["book", "question", "pages", "notes"]
    assert [e.name for e in matching("jn", [analysed(RECIPE)])] == ["join_notes"]


def test_brackets_and_comments_can_be_folded() -> None:
    lines = RECIPE.splitlines()
    folded = {lines[a]: lines[b] for a, b, _ in folds(analysed(RECIPE))}
    assert (
        folded[next(x for x in lines if x.startswith("recipe"))].strip().startswith("return reduce")
    )
    two = analysed("rlm 1\n\n// a\n// b\n// c\nenum E { a }\n")
    assert list(folds(two)) == [(2, 4, True)]


def test_words_have_the_colour_of_what_they_mean() -> None:
    """A field may be called as a word of the language is; then it is no keyword."""
    text = "rlm 1\n\nrecord R { map: Int, n: Int }\nrecipe r(xs: [R]) -> [R] {\n  return filter xs where it.map == 1\n}\n"
    found = [(t.span.text, t.type) for t in tokens(analysed(text))]
    assert [kind for word, kind in found if word == "map"] == ["property", "property"]
    assert (
        ("filter", "keyword") in found and ("R", "struct") in found and ("xs", "parameter") in found
    )


TOML = '[models]\ndefault = "openai/gpt-5-mini"\n\n[limits."openai/gpt-5"]\n'


@pytest.mark.parametrize(("marked", "some"), [
    ("[|", {"models", "deps", "sandbox", "limits.MODEL"}),
    (TOML + "|", {"parallel", "requests_per_minute", "tokens_per_minute"}),
    ("[models]\n|", {"default", "api_base", "api_key_env"}),
    ("[profile.dev.models]\n|", {"default"}),
    ('[takes."m"]\nstructured = |', {'"json_schema"'}),
])  # fmt: skip
def test_rlm_toml_is_completed_from_its_table(marked: str, some: set[str]) -> None:
    found = project_file.completions(plain(marked), cursor(marked))
    assert some <= {choice.name for choice in found}


def test_rlm_toml_is_explained() -> None:
    assert "what fills every model" in project_file.hover(TOML, TOML.index("default") + 2)
    assert project_file.hover(TOML, 2) == ""


def test_names_stay_known_while_nothing_can_be_read(tmp_path) -> None:
    path = str(tmp_path / "r.rlm")
    documents = Documents()
    documents.change(path, 'rlm 1\n\nprompt note(page: Slice) -> Text "…"\n')
    documents.analysis(path)
    documents.change(path, '"""')
    assert documents.analysis(path).items == ()
    known = documents.latest(path)
    assert known is not None and known.file.find("note") is not None


def test_a_recipe_that_is_as_before_is_not_planned_again() -> None:
    prices = Prices()
    first = analyse(
        SourceFile("f.rlm", RECIPE.replace("use", "// use")), load, bind=bind, prices=prices
    )
    again = analyse(
        SourceFile("f.rlm", RECIPE.replace("use", "// used")), load, bind=bind, prices=prices
    )
    other = analyse(
        SourceFile("f.rlm", RECIPE.replace("use", "// use").replace("500tok", "600tok")),
        load,
        bind=bind,
        prices=prices,
    )
    assert first.plans["find"] is again.plans["find"] is not other.plans["find"]


def test_a_price_is_that_of_rlm_toml_as_it_is(tmp_path) -> None:
    """Once its change is told; what was known before is dropped."""
    (tmp_path / "rlm.toml").write_text('[prices."acme/one"]\ninput = 1\noutput = 1\n')
    path = str(tmp_path / "r.rlm")
    documents = Documents()
    free = RECIPE.replace("price: { input: 1, output: 2 }", "").replace("acme/plain", "acme/one")
    documents.change(path, "\n".join(x for x in free.splitlines() if not x.startswith("use")))
    before = [h.words for h in hints(documents.analysis(path))]
    (tmp_path / "rlm.toml").write_text('[prices."acme/one"]\ninput = 100\noutput = 100\n')
    assert [h.words for h in hints(documents.analysis(path))] == before
    documents.forget()
    assert before[1] == "≤ 18 calls · $0.07 · exact"
    assert [h.words for h in hints(documents.analysis(path))][1] == "≤ 18 calls · $6.55 · exact"
