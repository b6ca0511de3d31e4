"""Problems of a run point at the recipe: each recipe stands beside what is drawn of its failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlmlang.diagnostics.diagnostic import Diagnostic, Label
from rlmlang.diagnostics.render import render
from rlmlang.diagnostics.source import Place, SourceFile, Span
from tests.conftest import Rlm

LIBRARY = """rlm 1

export pattern top<T>(xs: [T]) -> Int {
  let a = best(xs, by: score)
  return a.score
}
"""
HEAD = """rlm 1
use "./lib.rlm" { top }
record F { score: Int }
code f(x: Text) -> Text from "c.py:f"
prompt hard(x: Slice) -> Int { task: "A number?" check: result > 99_999 retry <= 0 }
prompt add(xs: [Int]) -> Int "Add them up."
prompt sum(x: Text) -> Int { task: "A number?" check: result > 99_999 retry <= 0 }
"""
FAILS = {
    "an expression": ("(n: Int = 0) -> Float { return 1 / n }", "wrong-value", ["1 / n"]),
    "an expression over two lines": (
        "(n: Int = 0) -> Float {\n  let a = 5\n  return a +\n    1 / n\n}", "wrong-value", ["a +"],
    ),
    "a requirement": (
        '(t: Text = "a") -> Text { require t == "b" return t }',
        "requirement-failed",
        ['require t == "b"'],
    ),
    "a condition of a branch": (
        "(n: Int = 0, t: Text = \"a\") -> Int { return if 1 / n > 2 then sum(t) else 0 }",
        "wrong-value",
        ["sum(t)"],
    ),
    "code": ('(t: Text = "a") -> Text { let x = f(t) return x }', "code-failed", ["f(t)"]),
    "one call": ('(t: Text = "a") -> Int { return sum(t) }', "answer-refused", ["sum(t)"]),
    "an item": (
        '(t: Text = "a") -> [Int] { let a = split t by tokens(max: 20tok) return map a with hard() }',
        "answer-refused",
        ["map a with hard()"],
    ),
    "a join over nothing": (
        "(ns: [Int] = []) -> Int { return reduce ns with add() }",
        "empty-list",
        ["reduce ns with add()"],
    ),
    "a rung": (
        '(n: Int = 0) -> Float { return ladder accept (it > 0) {\n'
        'rung "a" { let x = 1 / n return x } rung "b" { return 2.0 } } }',
        "wrong-value",
        ["1 / n"],
    ),
    "a pattern of another file": (
        "(fs: [F] = []) -> Int { return top(fs) }",
        "empty-list",
        ["best(xs, by: score)", "top(fs)"],
    ),
    "more than the result may be": (
        "(ns: [Int] = [1, 2, 3]) -> [Int] max 2 { return ns }", "result-too-large", ["ns"],
    ),
}  # fmt: skip


@pytest.fixture
def files(folder: Path) -> Path:
    """A folder with what the recipes use."""
    (folder / "lib.rlm").write_text(LIBRARY)
    (folder / "c.py").write_text("def f(x):\n    return x.titel()\n")
    return folder


@pytest.mark.parametrize(("recipe", "code", "marked"), FAILS.values(), ids=FAILS)
def test_a_problem_points_at_the_step_that_had_it(
    files: Path, rlm: Rlm, recipe: str, code: str, marked: list[str]
) -> None:
    (files / "r.rlm").write_text(f"{HEAD}recipe r{recipe}\n")
    done = rlm("run", "r.rlm", "--model", "offline/reader", "--json")
    problem = json.loads(done.out)["problem"]
    assert problem["code"] == code, done.err
    shown = []
    for label in problem["labels"]:
        line = (files / label["path"]).read_text().splitlines()[label["line"] - 1]
        end = label["end_column"] - 1 if label["end_line"] == label["line"] else len(line)
        shown.append(line[label["column"] - 1 : end])
        assert f"{label['path']}:{label['line']}:{label['column']}\n" in done.err
        assert f"{label['line']} | {line}\n" in done.err
    assert shown == marked
    assert len(done.err.split("error[")[1].splitlines()) <= 24
    first = "{path}:{line}:{column}".format(**problem["labels"][0])
    assert f"failed at {first}: " in rlm("show").out


def test_what_is_not_the_recipes_fault_stands_nowhere_in_it(files: Path, rlm: Rlm) -> None:
    (files / "r.rlm").write_text(f'{HEAD}recipe r(t: Text = "a") -> Int {{ return sum(t) }}\n')
    done = rlm("run", "r.rlm", "--model", "offline/reader", "--set", "budget.tokens=1", "--json")
    assert (done.code, "-->" in done.err) == (75, False), done.err


def test_a_place_is_drawn_like_the_span_it_came_from() -> None:
    source = SourceFile("r.rlm", "rlm 1\n\trecipe ü(\n  x: Int)\n" + "a" * 500 + "here\n")
    for start, end in ((7, 13), (7, 24), (0, 0), (source.text.index("here"), len(source.text))):
        span = Span(source, start, end)
        drawn = [
            render(Diagnostic("wrong-value", "no", (Label(at, "here"),)))
            for at in (span, Place(**vars(span.place)))
        ]
        assert drawn[0] == drawn[1]
        assert max(map(len, drawn[0].splitlines())) < 300
