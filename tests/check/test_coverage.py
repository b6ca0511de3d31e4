"""Coverage cannot be laundered: whatever a list that may miss something goes through, a count of
it is refused; what is whole stays whole."""

from __future__ import annotations

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import

HEAD = """rlm 1

record Row { id: Int, tags: [Text] max 4, text: Text max 60tok }
record Halves { kept: [Row], rest: [Row] }
record Set { id: Int, rows: [Row] }
record Nested { one: Halves, all: [Row] }

prompt good(row: Row) -> Bool "Is it good?"
prompt pick(rows: [Row]) -> [Row] max 9 "Choose."
prompt both(rows: [Row]) -> Halves "Divide them."
prompt look(row: Row) -> [Row] max 9 "Look."
prompt cites(page: Slice) -> [Row] max 9 "Look."
prompt join(rows: [Row], more: [Row]) -> [Row] "Join."
prompt dig(rows: [Row]) -> [Row] {
  task: "Dig."
  repl { iters <= 2 calls <= 2 }
}
code sift(rows: [Row]) -> [Row] from "sift.py:sift"
code cut(rows: [Row]) -> Halves from "sift.py:cut"

pattern same<T>(xs: [T]) -> [T] { return xs }
pattern halved(xs: [Row]) -> Halves { return Halves(kept: xs, rest: xs) }
recipe lost(xs: [Row]) -> [Row] { return take(xs, 3) }

"""
BODY = """recipe counted(rows: [Row], text: Text, yes: Bool) -> Int {
%s
  require yes or length(text) > 0
  return count(%s)
}
"""
SOME = {
    "a filter that skips": "filter rows with good() { on_error: skip(at_most: 10%) }",
    "items left out": "map rows with look() { on_error: skip(at_most: 10%) }",
    "a map that stops": "map rows with look() { stop: count(it) > 3 }",
    "a look-up": 'search rows for "x" by bm25(top: 3)',
    "the first ones": "take(rows, 3)",
    "a recipe called as a step": "lost(rows)",
}
FORMS = {
    "itself": "xs",
    "a field of a record": "Halves(kept: xs, rest: rows).kept",
    "a field of a record in a record": "Nested(one: Halves(kept: xs, rest: rows), all: rows).one.kept",
    "a choice": "if yes then xs else rows",
    "the other choice": "if yes then rows else xs",
    "a field of a choice":
        "(if yes then Halves(kept: xs, rest: rows) else Halves(kept: rows, rest: xs)).rest",
    "a list of lists": "flatten([xs])",
    "a list of records": "flatten(column([Halves(kept: xs, rest: rows)], of: kept))",
    "the best of a list of records": "best([Set(id: 1, rows: xs)], by: id).rows",
    "concat": "concat(rows, xs)",
    "take": "take(xs, 2)",
    "top": "top(xs, n: 2, by: id)",
    "sort_by": "sort_by(xs, by: id)",
    "present": "present(xs)",
    "flatten": "flatten(xs)",
    "column": "column(xs, of: id)",
    "ids": "ids(xs)",
    "the tags of the best": "best(xs, by: id).tags",
    "code": "sift(xs)",
    "a field of what code gives": "cut(xs).kept",
    "a split": "(split xs by items(per: 2))",
    "a split of the words": '(split join_text(column(xs, of: text)) + "." by lines(per: 1))',
    "a search": '(search xs for "x" by bm25(top: 3))',
    "a table": "count_by(xs, keys: [id], lower_bound: true)",
}  # fmt: skip
STEPS = {
    "a pattern": "same(xs)",
    "a record of a pattern": "halved(xs)",
    "a map": "map xs with look()",
    "a map that is shown it": "map xs with good()",
    "a call": "pick(xs)",
    "a record of a call": "both(xs)",
    "code that a model writes": "dig(xs)",
    "a join": "reduce less with join(rows)",
    "what a join is shown": "reduce more with join(xs)",
    "a half of it": "filter xs where it.id > 2 { keep_rest: true }",
    "a choice of steps": "if yes then pick(xs) else pick(rows)",
    "a ladder": 'ladder accept (count(it) > 1) { rung "a" { return pick(xs) } '
                'rung "b" { return pick(rows) } }',
}  # fmt: skip
RECORDS = ("a record of a pattern", "a record of a call", "a half of it")


def codes(lets: str, counted: str) -> list[str]:
    """What is wrong with a recipe of these lines that counts this."""
    text = HEAD + BODY % (lets, counted)
    found = compiler.check(SourceFile("c.rlm", text), load_import).diagnostics
    assert {d.code for d in found} <= {"unsound-coverage"}, render_all(found)
    return [d.code for d in found]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("some", ["a filter that skips", "items left out"])
def test_an_expression_keeps_what_is_missing(some: str, form: str) -> None:
    made = f"  let found = {SOME[some]}\n  let xs = flatten(found)"
    assert codes(made, FORMS[form]) == ["unsound-coverage"]


@pytest.mark.parametrize("some", SOME)
def test_a_step_that_loses_something_says_so(some: str) -> None:
    assert codes(f"  let xs = {SOME[some]}", "xs") == ["unsound-coverage"]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_keeps_what_is_missing(step: str) -> None:
    counted = "ys.kept" if step in RECORDS else "ys"
    lets = f"""  let xs = take(rows, 3)
  let less = map xs with look()
  let more = map rows with look()
  let all = concat(flatten(less), flatten(more))
  let ys = {STEPS[step]}
  require any(all, where: it.id > 0)"""
    assert codes(lets, counted) == ["unsound-coverage"]


@pytest.mark.parametrize(
    "form",
    [
        f
        for f in FORMS
        if f not in ("take", "top", "a search", "a table", "code", "a field of what code gives")
    ],
)
def test_what_is_whole_stays_whole(form: str) -> None:
    assert codes("  let xs = rows", FORMS[form]) == []


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        ("kept", True),
        ("rest", False),
    ],
)
def test_each_field_of_a_record_has_its_own(field: str, refused: bool) -> None:
    lets = "  let h = Halves(kept: take(rows, 2), rest: rows)"
    assert bool(codes(lets, f"h.{field}")) is refused


@pytest.mark.parametrize("block", ["on_error: skip(at_most: 50%)", "on_error: skip"])
@pytest.mark.parametrize("half", ["kept", "rest"])
def test_halves_miss_what_a_filter_skipped(block: str, half: str) -> None:
    lets = f"  let h = filter rows with good() {{ keep_rest: true {block} }}"
    assert codes(lets, f"h.{half}") == ["unsound-coverage"]


@pytest.mark.parametrize("half", ["kept", "rest"])
def test_halves_of_a_whole_list_can_be_counted(half: str) -> None:
    assert codes("  let h = filter rows with good() { keep_rest: true }", f"h.{half}") == []


FILTERS = {
    "a condition": "filter rows where it.id > 1",
    "a model": "filter rows with good()",
    "half of a condition": "(filter rows where it.id > 1 { keep_rest: true }).rest",
}
UNLIKE = ["unlike-lists"]
ALIKE = {
    "the same condition": ("filter rows where it.id > 1", "filter rows where it.id > 1", []),
    "another condition": ("filter rows where it.id > 1", "filter rows where it.id > 2", UNLIKE),
    "none": ("filter rows where it.id > 1", "rows", UNLIKE),
    "both halves": ("h.kept", "h.rest", UNLIKE),
    "the same half": ("h.kept", "h.kept", []),
    "what came of it": ("h.kept", "map h.kept with look()", []),
    "what came of all": ("h.kept", "map rows with look()", UNLIKE),
    "other rows": ("rows", "others", UNLIKE),
}


@pytest.mark.parametrize("made", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize(
    "form", [f for f in FORMS if f not in ("take", "top", "a search", "concat")]
)
def test_what_passed_a_condition_is_exact_where_it_holds(made: str, form: str) -> None:
    lets = f"  let found = {made}\n  let xs = found"
    if made.startswith("("):
        lets = f"  let h = {made[1:-6]}\n  let xs = h.rest"
    assert codes(lets, FORMS[form]) == []


@pytest.mark.parametrize(
    ("counted", "refused"),
    [
        ("concat(h.kept, h.rest)", False),
        ("concat(h.kept, h.kept)", False),
        ("concat(h.kept, other)", True),
        ("concat(rows, other)", True),
        ("union(h.kept, h.rest, on: id)", False),
    ],
)
def test_only_halves_of_one_filter_make_a_whole(counted: str, refused: bool) -> None:
    lets = """  let h = filter rows where it.id > 1 { keep_rest: true }
  let other = filter rows where it.id > 2"""
    found = compiler.check(SourceFile("c.rlm", HEAD + BODY % (lets, counted)), load_import)
    assert ("unsound-coverage" in [d.code for d in found.diagnostics]) is refused


@pytest.mark.parametrize(("one", "two", "wrong"), ALIKE.values(), ids=ALIKE)
def test_lists_are_aligned_only_where_they_hold_the_same_items(
    one: str, two: str, wrong: list[str]
) -> None:
    lets = f"""  let h = filter rows where it.id > 1 {{ keep_rest: true }}
  let one = {one}
  let two = {two}"""
    body = BODY.replace("rows: [Row],", "rows: [Row], others: [Row],") % (
        lets,
        "align(one, two, on: id)",
    )
    source = SourceFile("c.rlm", HEAD + body)
    found = compiler.check(source, load_import).diagnostics
    assert [d.code for d in found if d.code == "unlike-lists"] == wrong, render_all(found)


VERBS = {
    "filter": "filter rows with good() { on_error: skip %s }",
    "both halves": "filter rows with good() { keep_rest: true on_error: skip %s }",
    "search": 'search rows for "x" by bm25(top: 3)',
    "cross": "cross rows, rows by bm25(top: 2)",
    "split": "split take(rows, 9) by items(per: 2)",
    "map": "map take(rows, 3) with look()",
    "reduce": "reduce [take(rows, 3), rows] with join(rows)",
    "a call": "pick(take(rows, 3))",
    "a pattern": "same(take(rows, 3))",
    "a ladder": 'ladder accept (count(it) > 1) { rung "a" { return pick(take(rows, 2)) } }',
    "an expression": "take(rows, 3)",
    "a recursion": "recurse text { leaf <= 100tok with cites() { on_error: skip } "
                   "branch by tree(into: 4) join with join(rows) depth <= 9 }",
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_the_escape_works_behind_every_verb(verb: str) -> None:
    why = 'assume exact because "there are no more"'
    made = VERBS[verb]
    counted = "ys.kept" if verb == "both halves" else "ys"
    plain = made.replace("%s", "")
    assert codes(f"  let ys = {plain}", counted) == ["unsound-coverage"]
    escaped = made.replace("%s", why) if "%s" in made else f"{made} {{ {why} }}"
    assert codes(f"  let ys = {escaped}", counted) == []
