"""Every code has a page, and every page about a recipe's text shows what it says it shows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import
from tests.mistakes import Page, pages

PACKAGE = Path(compiler.__file__).parent
MAKERS = ("error", "warning", "failed", "Diagnostic")
COMPUTED = {f"unknown-{w}" for w in ("model", "source", "partition", "search", "budget")}
TEXT = [p for p in pages() if not p.when_run]


def codes() -> set[str]:
    """The codes that appear anywhere in the package."""
    found = set(COMPUTED)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    from rlmlang.execute.ask import MENDS
    from rlmlang.models.engines.retry import KINDS
    from rlmlang.models.engines.usage import UNBOUND

    return found | {code for _, code, _ in KINDS} | set(MENDS) | {UNBOUND}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {p.code for p in pages()} == codes()


@pytest.mark.parametrize("page", TEXT, ids=lambda p: p.code)
def test_the_bad_example_has_the_problem(page: Page) -> None:
    found = compiler.check(SourceFile("bad.rlm", page.bad), load_import).diagnostics
    assert page.code in [d.code for d in found], render_all(found)


@pytest.mark.parametrize("page", TEXT, ids=lambda p: p.code)
def test_the_good_example_has_none(page: Page) -> None:
    found = compiler.check(SourceFile("good.rlm", page.good), load_import).diagnostics
    assert not found, render_all(found)


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.code)
def test_a_page_is_short_and_begins_with_its_code(page: Page) -> None:
    assert page.words.startswith(f"// {page.code}: ")
    assert len(page.words.splitlines()) <= 12
