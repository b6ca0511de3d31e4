"""Every code has a row and a page, and every page about a recipe's text shows what it says it shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.execute.call_model import MENDS
from rlmlang.runtime.files import load_import
from rlmlang.schema.codes import CODES, entry
from rlmlang.schema.recipe_codes import RECIPE_CODES
from rlmlang.schema.run_codes import RUN_CODES
from tests.check.mistakes import Page, pages

PACKAGE = Path(compiler.__file__).parent
MAKERS = ("error", "warning", "failed", "Diagnostic")
TEXT = [p for p in pages() if not p.when_run]
SOURCES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py")
    if not path.name.endswith("_codes.py")
}
FOUND = {f"unknown-{what}" for what in ("model", "source", "partition", "search", "budget")}


def raised() -> set[str]:
    """The codes that are given where a problem is made."""
    calls = (n for tree in SOURCES.values() for n in ast.walk(tree) if isinstance(n, ast.Call))
    firsts = [c.args[0] for c in calls if getattr(c.func, "id", "") in MAKERS and c.args]
    return {f.value for f in firsts if isinstance(f, ast.Constant)}


def test_every_code_that_is_raised_is_in_the_table() -> None:
    assert raised() - set(CODES) == set()


def test_every_code_of_the_table_has_a_use() -> None:
    nodes = (n for tree in SOURCES.values() for n in ast.walk(tree))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert set(CODES) - texts - FOUND == set()


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {p.code for p in pages()} ^ set(CODES) == set()


def test_a_code_that_is_not_in_the_table_cannot_be_raised() -> None:
    with pytest.raises(KeyError, match="no-such-code"):
        failed("no-such-code", "nobody has declared it")


def test_what_an_answer_is_refused_for_may_befall_one_item() -> None:
    assert [code for code in MENDS if "item" not in entry(code)] == []


def test_the_table_is_in_order_and_its_titles_are_short() -> None:
    assert list(RECIPE_CODES) == sorted(RECIPE_CODES)
    assert list(RUN_CODES) == sorted(RUN_CODES)
    assert not set(RECIPE_CODES) & set(RUN_CODES)
    assert [c for c, (_, _, title) in CODES.items() if not 0 < len(title) <= 72] == []


@pytest.mark.parametrize("page", TEXT, ids=lambda p: p.code)
def test_the_bad_example_has_the_problem(page: Page) -> None:
    found = compiler.check(SourceFile("bad.rlm", page.bad), load_import).diagnostics
    assert page.code in [d.code for d in found], render_all(found)


@pytest.mark.parametrize("page", TEXT, ids=lambda p: p.code)
def test_the_good_example_has_none(page: Page) -> None:
    found = compiler.check(SourceFile("good.rlm", page.good), load_import).diagnostics
    assert not found, render_all(found)


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.code)
def test_a_page_is_short(page: Page) -> None:
    assert len(page.words.splitlines()) <= 10
