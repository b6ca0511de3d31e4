"""Definition, references and rename: what a name means, also in other files and broken ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.fix import edited
from rlmlang.diagnostics.source import SourceFile
from rlmlang.editor.analysis import Analysis, analyse
from rlmlang.editor.places import definition, references, symbol_at
from rlmlang.editor.rename import renamed
from rlmlang.editor.symbol import Symbol
from rlmlang.runtime.files import load_import
from tests.conftest import ROOT
from tests.editor.marked import FILES, analysed, cursor, load, meant

HEAD = 'rlm 1\n\nuse "./shared.rlm" { Row, Label, look, halves }\nuse "./shared.rlm" as shared\n\n'
HERE = {
    "a prompt": 'prompt ‹note›(page: Slice) -> Text "…"\nrecipe r(b: Text) -> [Text] {\n'
    "  return map (split b by tokens(max: 9tok)) with no|te()\n}",
    "a parameter": 'prompt p(‹que›: Text) -> Text { task: "{{ q|ue }}" }',
    "a parameter in a check": 'prompt p(‹que›: Text) -> Text { task: "…" check: result != qu|e }',
    "a step": "recipe r(b: Text) -> Int {\n  let ‹pages› = split b by tokens(max: 9tok)\n\n"
    "  return count(pa|ges)\n}",
    "a step in text": 'recipe r(b: Text) -> Text {\n  let ‹n› = count([b])\n\n  return "{|n} of {b}"\n}',
    "a field": "record Row2 { id: Int, ‹user›: Text }\nrecipe r(log: [Row2]) -> [Row2] {\n"
    '  return filter log where it.us|er == "x"\n}',
    "a field as a key": "record Row2 { id: Int, ‹user›: Text }\nrecord N { user: Text, n: Int }\n"
    "recipe r(log: [Row2]) -> [N] {\n  return count_by(log, keys: us|er, max_groups: 3)\n}",
    "a field by its label": "record N { ‹n›: Int }\nrecipe r(b: Text) -> N {\n  return N(n|: 1)\n}",
    "a label": "enum Kind { ‹good›, bad }\nrecord R { kind: Kind }\nrecipe r(xs: [R]) -> [R] {\n"
    "  return filter xs where it.kind == go|od\n}",
    "a label of a match": "enum Kind { ‹good›, bad }\nrecipe r(k: Kind) -> Text {\n"
    '  return match k { go|od -> "yes"  bad -> "no" }\n}',
    "a type": 'enum ‹Kind› { good, bad }\nprompt p(page: Slice) -> [Ki|nd] "…"',
    "a model": 'model ‹small› { default: "offline/echo" }\nprompt p(page: Slice) -> Text { model: sm|all task: "…" }',
    "a partition": "partition ‹parts› = tokens(max: 9tok)\nrecipe r(b: Text) -> Int { return count(split b by pa|rts) }",
    "a source": 'source ‹log›: [Row] = jsonl("l.jsonl")\nrecipe r(rows: [Row] = lo|g) -> Int { return count(rows) }',
    "a recipe of a test": 'recipe ‹r›(b: Text) -> Text { return b }\ntest "t" for |r { given b: "x" expect calls == 0 }',
    "an input of a test": 'recipe r(‹b›: Text) -> Text { return b }\ntest "t" for r { given |b: "x" expect calls == 0 }',
    "an input of a batch": 'recipe r(‹b›: Text) -> Text { return b }\nbatch n for r { each b in lines("l.txt") output: "{|b}.md" }',
    "what a mock reads": 'prompt p(‹page›: Text) -> Text "…"\nrecipe r(b: Text) -> Text { return p(b) }\n'
    'test "t" for r { mock p returns if contains(pa|ge, "x") then "a" else "b" }',
    "a step of a rung": 'recipe r(b: Text) -> Text {\n  return ladder accept (it != "") {\n'
    '    rung "a" {\n      let ‹x› = b\n\n      return |x\n    }\n  }\n}',
    "where a line is broken": "recipe r(b: Text) -> Int {\n  let ‹pages› = split b by tokens(max: 9tok)\n"
    "  let x = map pa|ges with \n  return count(pages)\n}",
}


@pytest.mark.parametrize("body", HERE.values(), ids=HERE)
def test_a_name_leads_to_where_it_is_declared(body: str) -> None:
    marked = HEAD + body
    at = definition(analysed(marked), cursor(marked))
    assert at is not None and [(at.start, at.end)] == meant(marked)


@pytest.mark.parametrize(("body", "word"), [
    ('use "./shared.rlm" { lo|ok }', "prompt look"),
    ('use "./shared.rlm" as s\nrecipe r(b: Text) -> Text? { return s.lo|ok(b, "q") }', "prompt look"),
    ('use "./shared.rlm" { Row }\nrecipe r(xs: [Row]) -> [Row] { return filter xs where it.us|er == "x" }', "user: Text"),
    ('use "./shared.rlm" { look }\nrecipe r(b: Text) -> Text? { return look(b, ques|tion: "q") }', "question: Text"),
    ('use "./sha|red.rlm" { look }', ""),
])  # fmt: skip
def test_a_name_leads_to_the_file_that_declares_it(body: str, word: str) -> None:
    marked = f"rlm 1\n\n{body}\n"
    at = definition(analysed(marked), cursor(marked))
    assert at is not None and at.source.path == "shared.rlm"
    assert at.start == (
        FILES["shared.rlm"].index(word) + len(word.rpartition(" ")[0]) + 1
        if " " in word and ":" not in word
        else FILES["shared.rlm"].index(word)
    )


def test_a_name_of_the_standard_library_leads_into_it() -> None:
    marked = 'rlm 1\n\nuse "std/needle" { fi|nd }\n'
    at = definition(analysed(marked), cursor(marked))
    assert at is not None and (at.source.path, at.text) == ("std/needle", "find")


ALL = """rlm 1

use "./shared.rlm" { Row, ‹look› }
use "./shared.rlm" as shared

recipe find(book: Text, question: Text max 50tok) -> [Text?] {
  let pages = split book by tokens(max: 90tok)
  let look_again = map pages with shared.‹look›(question)

  return map pages with ‹lo|ok›(question)
}
"""


def test_every_place_of_a_name_is_found_in_all_files() -> None:
    here, there = analysed(ALL), analysed(FILES["shared.rlm"], "shared.rlm")
    symbol = symbol_at(here, cursor(ALL))
    assert symbol is not None and symbol.key is not None
    found = references(symbol.key, (here, there))
    assert [(o.span.start, o.span.end) for o in found if o.span.source.path == "find.rlm"] == meant(
        ALL
    )
    assert [o.declares for o in found if o.span.source.path == "shared.rlm"] == [True]


def test_a_name_is_renamed_in_all_files() -> None:
    here, there = analysed(ALL), analysed(FILES["shared.rlm"], "shared.rlm")
    symbol = symbol_at(here, cursor(ALL))
    assert symbol is not None
    edits = renamed(symbol, "glance", (here, there), load)
    text = edited(here.source.text, edits["find.rlm"])
    assert text == re.sub("‹.*?›", "glance", ALL)
    assert "prompt glance(page" in edited(FILES["shared.rlm"], edits["shared.rlm"])


@pytest.mark.parametrize(("body", "name", "why"), [
    (HERE["a step"], "b", "declared twice"),
    (HERE["a step"], "let", "cannot be a name"),
    (HERE["a step"], "no name", "cannot be a name"),
    (HERE["a type"], "Text", "cannot be a name"),
    ('use "std/needle" { fi|nd }', "seek", "not declared in these files"),
    ("recipe r(b: Text) -> Int { return cou|nt([b]) }", "n", ""),
])  # fmt: skip
def test_a_rename_that_would_break_something_is_refused(body: str, name: str, why: str) -> None:
    marked = HEAD.replace(", halves", "") + body
    analysis = analysed(marked)
    symbol = symbol_at(analysis, cursor(marked))
    if symbol is None or not why:
        assert (symbol, why) == (None, "")
        return
    with pytest.raises(CodedError, match=why):
        renamed(symbol, name, (analysis,), load)


BY_SHAPE = ("field", "label")
"""What a computed table may have to be called like, so that a rename may be refused."""
CORPUS = sorted([*ROOT.glob("examples/*/*.rlm"), *ROOT.glob("stdlib/*.rlm")])


def test_no_place_of_a_name_is_missed_in_the_corpus() -> None:
    """`renamed` raises where it leaves a file worse than it was. Each file gives one of its names;
    `python -m tests.editor` tries all."""
    for number, path in enumerate(CORPUS):
        analysis, symbols = names_in(path)
        assert renamed(symbols[number % len(symbols)], "new_name", (analysis,), load_import), path


def names_in(path: Path) -> tuple[Analysis, list[Symbol]]:
    """The names that a file of the corpus declares."""
    analysis = analyse(SourceFile(str(path), path.read_text()), load_import)
    own = {o.symbol.key: o.symbol for o in analysis.found if o.declares}
    return analysis, [s for s in own.values() if s.kind not in BY_SHAPE]
