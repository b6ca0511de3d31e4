"""A fix that is offered is true, and one mistake is told once."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.fix import edited
from rlmlang.diagnostics.render import as_json, render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.types import TYPE_NAMES
from rlmlang.reference.index import about, near
from rlmlang.runtime.files import load_import
from rlmlang.schema import foreign
from rlmlang.schema.codes import CODES
from rlmlang.schema.units import UNITS
from rlmlang.syntax.foreign import STATEMENTS
from rlmlang.syntax.scan import DECLARATIONS, Piece, scan
from tests.check.broken import BROKEN
from tests.check.foreign import ADVISED, GOOD, MENDED
from tests.check.mistakes import Page, pages

TEXT = [p for p in pages() if not p.when_run]
REPLACES = re.compile(r"^write `[^…]*`$|is near: was that meant\?$")
PIECES = [p for p in scan(GOOD) if p.kind not in ("comment", "doc")]
MOST = 6
BEGINNINGS = ("if", "match", "map", "filter")  # of values


def found(text: str) -> list[Diagnostic]:
    """What is said of a recipe."""
    return list(compiler.check(SourceFile("f.rlm", text), load_import).diagnostics)


def errors(text: str) -> list[Diagnostic]:
    """The errors among it."""
    return [d for d in found(text) if d.severity == "error"]


def test_the_recipe_is_good() -> None:
    assert errors(GOOD) == []


@pytest.mark.parametrize(("ours", "theirs"), MENDED, ids=[m[1].strip()[:40] for m in MENDED])
def test_what_other_languages_write_is_mended(ours: str, theirs: str) -> None:
    assert ours in GOOD
    text = GOOD.replace(ours, theirs, 1)
    assert len(errors(text)) == 1, render_all(errors(text))
    for _ in range(MOST):
        wrong = errors(text)
        if not wrong:
            break
        assert wrong[0].edits, render_all(wrong)
        text = edited(text, wrong[0].edits)
    assert errors(text) == [], text


@pytest.mark.parametrize(("ours", "theirs", "words"), ADVISED, ids=[a[1][:40] for a in ADVISED])
def test_what_has_no_word_of_ours_is_advised(ours: str, theirs: str, words: str) -> None:
    assert ours in GOOD
    (wrong,) = errors(GOOD.replace(ours, theirs, 1))
    assert words in wrong.hint and wrong.edits == (), render_all([wrong])


@pytest.mark.parametrize("page", TEXT, ids=lambda p: p.code)
def test_each_fix_of_the_pages_does_away_with_its_problem(page: Page) -> None:
    for problem in found(page.bad):
        assert bool(problem.edits) or not REPLACES.search(problem.hint), problem
        if problem.edits:
            after = found(edited(page.bad, problem.edits))
            same = [d for d in after if (d.code, d.message) == (problem.code, problem.message)]
            assert same == [], render_all(same)


@pytest.mark.parametrize("change", ["left out", "junk", "twice"])
def test_one_mistake_is_one_error(change: str) -> None:
    """Each token in turn: hardly any mistake is told as two, and none but a `use` without its last word as more than
    three."""
    counts = {piece: len(errors(_damaged(piece, change))) for piece in PIECES}
    assert [(p.text, n) for p, n in counts.items() if n > 3 and p.text != "needle"] == []
    assert sum(n > 1 for n in counts.values()) <= len(PIECES) // 10


@pytest.mark.parametrize(
    ("ours", "theirs"), [(ours, theirs) for ours, all_ in BROKEN.items() for theirs in all_]
)
def test_a_broken_form_is_one_error(ours: str, theirs: str) -> None:
    assert GOOD.count(ours) == 1
    assert len(errors(GOOD.replace(ours, theirs))) == 1


def _damaged(piece: Piece, change: str) -> str:
    new = {"left out": "", "junk": "zqx", "twice": f"{piece.text} {piece.text}"}[change]
    return GOOD[: piece.start] + new + GOOD[piece.end :]


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = GOOD.replace("(per: 10)", "(per 10)").replace("retry <= 2", "retri <= 2")
    text = text.replace("let all =", "let all :=").replace("it.id > most", "it.idd > most")
    text = text.replace('"Answer."', "'Answer.'").replace("calls <= 9", "calls <== 9")
    told = errors(text)
    assert [d.place.line for d in told if d.place is not None] == [16, 21, 24, 31, 33, 41]


@pytest.mark.parametrize("word", ["enum Label", "record Row", "prompt tag"])
def test_a_declaration_without_its_name_is_one_error(word: str) -> None:
    (wrong,) = errors(GOOD.replace(word, word.split()[0], 1))
    assert wrong.code == "unexpected-token" and "name" in wrong.message


def test_edits_are_told_as_json() -> None:
    (wrong,) = errors(GOOD.replace("deep: Bool", "deep: bool"))
    (edit,) = as_json(wrong)["edits"]  # type: ignore[misc, attr-defined]
    assert (edit["line"], edit["write"], edit["path"]) == (26, "Bool", "f.rlm")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (foreign.TYPES, TYPE_NAMES),
        (foreign.LISTS | foreign.OPTIONALS | foreign.MAPS | foreign.RECORDS, TYPE_NAMES),
        (foreign.FUNCTIONS, FUNCTIONS),
        (foreign.UNITS, UNITS),
        (foreign.VALUES, ("true", "false", "none")),
        (foreign.DECLARATIONS, DECLARATIONS),
        (foreign.STATEMENTS, STATEMENTS),
        (foreign.ADVICE, {*DECLARATIONS, *STATEMENTS, *BEGINNINGS}),
    ],
)
def test_no_word_of_ours_is_foreign(theirs: Iterable[str], ours: Iterable[str]) -> None:
    assert set(theirs) & set(ours) == set()


@pytest.mark.parametrize("word", [*foreign.DECLARATIONS, *foreign.TYPES, *foreign.VALUES])
def test_words_of_other_languages_have_pages_of_ours(word: str) -> None:
    assert about(word) or near(word)[0] == about(foreign.ours(word)[0])[0].word


def test_what_is_computed_is_an_error_of_recipes() -> None:
    assert {CODES[c][0] for c, row in CODES.items() if "computed" in row[1]} <= {0, 65}


@pytest.mark.parametrize(
    ("before", "columns"),
    [("日本語", 6), ("e\u0301", 1), ("👨‍👩‍👧", 2), ("🇩🇪", 2), ("\t", 1), ("한", 2), ("ａ", 2)],
)
def test_carets_stand_below_what_they_mean(before: str, columns: int) -> None:
    text = f'rlm 1\nrecipe r(x: Text) -> Bool {{\n  return "{before}" == y or x == ""\n}}\n'
    shown = render_all(errors(text)).splitlines()
    caret = next(line for line in shown if "^" in line)
    assert caret.index("^") == len('3 |   return "') + columns + len('" == ')
