"""Names in braces that mean nothing, and texts that are taken as they are written."""

from __future__ import annotations

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import

RECIPE = """rlm 1
record Row {{ name: Text, n: Int? }}
prompt note(page: Slice, word: Text) -> Text? "Note {{{{ words }}}}."
recipe f(who: Text, row: Row, book: Text) -> [Text?] {{
  require count([who, row.name, book]) > 0
  {line}
}}
"""
PAGES = "let pages = split book by tokens(max: 4ktok)\n  "


def problems(line: str) -> list[tuple[str, str, int]]:
    """The codes of the errors in a line, with the marked text and the hint's first word."""
    text = RECIPE.format(line=line).replace("{{ words }}", "it")
    found = compiler.check(SourceFile("f.rlm", text), load_import).diagnostics
    errors = [d for d in found if d.severity == "error"]
    assert all("`\\{`" in d.hint for d in errors), errors
    return [(d.code, d.message, d.place.column if d.place else 0) for d in errors]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('return ["a {wo}"]', ("unknown-name", "nothing is named `wo` here", 15)),
        ('return ["{who}{row.nam}"]', ("unknown-field", "Row has no field `nam`", 22)),
        ('return ["{who.x}"]', ("unknown-field", "Text has no field `x`", 17)),
        ('return ["{note}"]', ("not-a-value", "`note` is a prompt, not a value", 13)),
        ('return ["""\n  one\n    {wo}"""]', ("unknown-name", "nothing is named `wo` here", 6)),
        (
            PAGES + 'return map pages with note("{page}")',
            ("unknown-name", "nothing is named `page` here", 32),
        ),
        (
            'let hits = search book for "{wo}" by bm25(top: 2)\n  return map hits with note("a")',
            ("unknown-name", "nothing is named `wo` here", 32),
        ),
    ],
)
def test_a_name_in_braces_that_is_none(line: str, problem: tuple[str, str, int]) -> None:
    assert problems(line) == [problem]


@pytest.mark.parametrize(
    "line",
    [
        'return ["{} {wo : 1} {wo+1} {{wo}} {if} {wo.} \\{wo} {"]',
        'return [r"{wo}", r"\\p{Lu}"]',
        'return split_text("a", separator: "{wo}")',
        'return find_all("a", "\\\\p{wo}")',
        'return if matches("a", "{wo}") then ["a"] else captures("a", "({wo})")',
        'let hits = search book for "{wo}" by regex(top: 2)\n  return map hits with note("a")',
        'let all = search book for "{who}" by bm25(top: 2)\n  return map all with note("{who}")',
    ],
)
def test_a_text_that_is_taken_as_it_is_written(line: str) -> None:
    assert problems(line) == []


NAMED_LIKE_A_SOURCE = """rlm 1

record Row { id: Int }

source kept: [Row] = csv("rows.csv")

recipe sizes(rows: [Row] = kept) -> Int {
  let NAME = filter rows where it.id > 1
  return count(NAME)
}
"""


@pytest.mark.parametrize(("name", "codes"), [("kept", ["duplicate-name"]), ("many", [])])
def test_a_step_may_not_have_the_name_of_a_source(name: str, codes: list[str]) -> None:
    text = NAMED_LIKE_A_SOURCE.replace("NAME", name)
    found = compiler.check(SourceFile("f.rlm", text), load_import).diagnostics
    assert [d.code for d in found] == codes


def test_a_step_inside_an_expression_is_called_by_its_word() -> None:
    text = "rlm 1\nrecipe f(xs: [Int]) -> [[Int]] { return [(map xs with it + 1)] }\n"
    found = compiler.check(SourceFile("f.rlm", text), load_import).diagnostics
    assert any(d.code == "unnamed-step" and "`map`" in d.message for d in found)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('"{length(who)} {who}"', [12]),
        ('"{length(who)} {upper(row.name)}"', [12, 26]),
        ('"{who + 1}"', [12]),
        ('"{row.n*2}"', [12]),
        ('"{who[0]}"', [12]),
        ('"""{note(who)}"""', [14]),
        (r'"\{length(who)}"', []),
        ('r"{length(who)}"', []),
        ('"{{ length(who) }}"', []),
        (r'"{\"who\": 1}"', []),
        ('"{who: 1}"', []),
        ('"{ length(who) }"', []),
        ('"{nobody(1)}"', []),
        ('"f(x) { who }"', []),
    ],
)
def test_braces_that_hold_more_than_a_name_are_said_to_stay(text: str, columns: list[int]) -> None:
    recipe = RECIPE.format(line=f"return [{text}]").replace("{{ words }}", "it")
    found = compiler.check(SourceFile("f.rlm", recipe), load_import).diagnostics
    said = [d for d in found if d.code == "unfilled-braces"]
    assert [d.place.column for d in said if d.place is not None] == columns
    assert {d.severity for d in found} <= {"warning"}
