"""parse∘format is the identity, format is idempotent, and no comment is ever lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.source import SourceFile
from rlmlang.syntax.format import format_file
from rlmlang.syntax.parse import parse
from tests.check.mistakes import pages

ROOT = Path(__file__).parents[2]
RECIPES = sorted([*ROOT.glob("stdlib/*.rlm"), *ROOT.glob("examples/*/[a-z]*.rlm"),
                  *ROOT.glob("tests/cases/**/*.rlm")])  # fmt: skip

NAME = st.sampled_from(["a", "pages", "depth", "model", "score", "x1", "exact", "_b"])
NUMBER = st.sampled_from(["0", "7", "20_000", "8ktok", "1.5", "10%", "30min", "512MB"])
TEXT = st.sampled_from(
    [
        '"x"',
        '"a \\"b\\" // c"',
        'r"\\d{2}"',
        'r"""a\n  b"""',
        '"{a.b} \\{"',
        '"""one"""',
        '"""\n    two\n      three\n    """',
    ]
)
ATOM = st.one_of(NAME, NUMBER, TEXT, st.sampled_from(["true", "none", "[]"]))


def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of expressions."""
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: f"({p[0]} + {p[1]})"),
        pair.map(lambda p: f"f({p[0]}, max: {p[1]})"),
        pair.map(lambda p: f"[{p[0]}, {p[1]},]"),
        inner.map(lambda x: f"(not {x})"),
        inner.map(lambda x: f"g({x}).field"),
        st.tuples(inner, inner, inner).map(lambda t: f"(if {t[0]} then {t[1]} else {t[2]})"),
        pair.map(lambda p: f"(split {p[0]} by tokens(max: {p[1]}))"),
    )


EXPR = st.recursive(ATOM, extend, max_leaves=8)
GAP = st.sampled_from([" ", "\n", "\n\n\n", "  // note\n", "\n// own line\n", "\t"])
BLOCK = st.lists(st.tuples(NAME, EXPR), max_size=3, unique_by=lambda t: t[0]).map(
    lambda es: "{ " + ", ".join(f"{k}: {v}" for k, v in es) + " }"
)
TYPE = st.sampled_from(["Text", "[Row]?", "Slice<Row>", "Table<Row>", "prompt(Slice, Text) -> [T]",
                        "[[Text? max 4tok] max most]", "Map<Text max 8tok, [Int] max 3>"])  # fmt: skip
STEP = st.one_of(
    EXPR,
    st.tuples(EXPR, EXPR, BLOCK).map(lambda t: f"map {t[0]} with p({t[1]}) {t[2]}"),
    st.tuples(EXPR, EXPR).map(lambda t: f"cross {t[0]}, {t[1]} by bm25(top: 4)"),
    EXPR.map(lambda x: f"filter {x} where {x}"),
    EXPR.map(lambda x: f'ladder accept ({x}) {{ rung "a" {{ return {x} }} rung "b" {{ let q = {x} return q }} }}'),
    EXPR.map(lambda x: f"recurse {x} {{ leaf <= 20ktok with p()  branch by tree(into: 6), "
                       f"prune with s() {{ keep: 1..3 }} join with m({x}) depth <= 4 }}"),
)  # fmt: skip
LINE = st.tuples(NAME, STEP).map(lambda t: f"let {t[0]} = {t[1]}")
BODY = st.tuples(st.lists(LINE, max_size=3), STEP).map(lambda t: [*t[0], f"return {t[1]}"])
DECL = st.one_of(
    st.tuples(NAME, EXPR).map(lambda t: [f"const {t[0]} = {t[1]}"]),
    NAME.map(lambda n: [f"enum {n} {{", "/// why", "red, green", "}"]),
    st.tuples(NAME, TYPE, EXPR).map(
        lambda t: ["/// doc", f"record {t[0]} {{", f"depth: {t[1]} max 4", f"y: Int where {t[2]}", "}"]
    ),
    st.tuples(NAME, TYPE, BLOCK).map(lambda t: [f"prompt {t[0]}(x: {t[1]}, max: Int = 3,) -> {t[1]}", t[2]]),
    st.tuples(NAME, TYPE, BODY).map(lambda t: [f"recipe {t[0]}(x: {t[1]}) -> {t[1]} {{", *t[2], "}"]),
    st.tuples(NAME, BODY).map(lambda t: [f"main recipe {t[0]}(main: Int) -> Int {{", *t[1], "}"]),
    st.tuples(NAME, BODY).map(lambda t: [f"export pattern {t[0]}<T>(x: T) -> T {{", *t[1], "}"]),
    st.just(['use "std/x" @^3.2 as y { a, b }']),
    EXPR.map(lambda x: [f'test "t" for a {{ given x: {x} mock p returns {x} expect {x} }}']),
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> str:
    """Recipe files with white space and comments in any place between lines."""
    lines = ["rlm 1"]
    for decl in draw(st.lists(DECL, max_size=4)):
        lines += decl
    out = ""
    for line in lines:
        gap = draw(GAP)
        out += line + (gap if not line.startswith("///") else "\n")
    return out + "\n"


def comments(text: str) -> list[str]:
    """The remarks of a text, in order."""
    return re.findall(r"(?<!/)//(?!/)(?: note| own line)", text)


@settings(max_examples=300, deadline=None)
@given(files())
def test_a_recipe_survives_its_layout(text: str) -> None:
    source = SourceFile("a.rlm", text)
    parsed = parse(source)
    assert parsed.ok and parsed.tree is not None, parsed.diagnostics
    once = format_file(source, parsed.tree)
    again = parse(SourceFile("b.rlm", once))
    assert again.ok, (once, again.diagnostics)
    assert again.tree == parsed.tree
    assert sorted(comments(once)) == sorted(comments(text))
    assert again.tree is not None
    assert format_file(SourceFile("b.rlm", once), again.tree) == once


@settings(max_examples=100, deadline=None)
@given(files())
def test_white_space_means_nothing(text: str) -> None:
    if "//" in text or '"""' in text:
        return
    first = parse(SourceFile("a.rlm", text))
    squashed = parse(SourceFile("a.rlm", re.sub(r"\s+", " ", text)))
    assert first.tree == squashed.tree


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_shipped_recipes_are_laid_out(path: Path) -> None:
    source = SourceFile(str(path), path.read_text(encoding="utf-8"))
    tree = parse(source).tree
    assert tree is not None
    assert format_file(source, tree) == source.text


@pytest.mark.parametrize("page", [p for p in pages() if not p.when_run], ids=lambda p: p.code)
def test_good_examples_are_laid_out(page: object) -> None:
    source = SourceFile("good.rlm", page.good)  # type: ignore[attr-defined]
    tree = parse(source).tree
    assert tree is not None
    assert parse(SourceFile("x", format_file(source, tree))).tree == tree


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    parse(SourceFile("junk.rlm", text))


@settings(max_examples=200, deadline=None)
@given(files(), st.integers(0, 400), st.text(alphabet='{}()[]"/,:=<>.ab1 \n', max_size=3))
def test_broken_recipes_are_told_not_crashed(text: str, at: int, junk: str) -> None:
    broken = text[:at] + junk + text[at + 2 :]
    for problem in parse(SourceFile("x.rlm", broken)).diagnostics:
        assert problem.code and problem.message and problem.place is not None
