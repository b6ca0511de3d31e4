"""What is written as a setting is enforced or refused: every block against a misspelt name, every
setting against a value that makes no sense."""

from __future__ import annotations

import re

import pytest

from rlmlang import compiler
from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.runtime.files import load_import
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES

HEAD = """rlm 1

record Row { id: Int, text: Text max 60tok }
prompt good(row: Row) -> Bool "Good?"
prompt look(row: Row) -> [Row] "Look."
prompt read(page: Slice) -> Text "Read."
prompt join(rows: [Row]) -> [Row] "Join."
prompt put(notes: [Text]) -> Text "Put."
prompt worth(page: Slice) -> Int "Worth?"
recipe one(text: Text) -> Text { return read(text) }
dataset book { path: "a.jsonl" bind: { text: text } want: answer }
eval judged for one { over: book score exact weight 1 }
"""
STEP = "recipe r(rows: [Row], text: Text) -> %s { return %s }"
RECURSE = """recurse text {
  leaf <= 9tok with read()%s
  branch by tree(into: 4)
  prune with worth() { keep: 1..2 %s }
  join with put()%s
  depth <= 4
}%s"""
TUNE = "tune t for one { eval: judged knob read.task in rewrite %s }"
WHERE = {
    "model": "model m { %s }",
    "price": "model m { price: { input: 1 output: 1 %s } }",
    "budget": "budget b { %s }",
    "spend": "eval e for one { over: book score exact weight 1 budget: { %s } }",
    "prompt": 'prompt p(page: Slice) -> Text { task: "Read." %s }',
    "repl": 'prompt p(page: Text) -> Text { task: "Read." repl { %s } }',
    "step": STEP % ("Int", "count(rows) { %s }"),
    "split": STEP % ("[Slice]", "split text by lines(per: 1) { %s }"),
    "search": STEP % ("[Row]", 'search rows for "x" by bm25(top: 1) { %s }'),
    "cross": STEP % ("[Pair<Row, Row>]", "cross rows, rows by bm25(top: 1) { %s }"),
    "recurse": STEP % ("Text", RECURSE % ("", "", "", " { %s }")),
    "leaf": STEP % ("Text", RECURSE % (" { %s }", "", "", "")),
    "prune": STEP % ("Text", RECURSE % ("", "%s", "", "")),
    "join": STEP % ("Text", RECURSE % ("", "", " { %s }", "")),
    "ladder": STEP % ("Text", 'ladder accept (it != "") { rung "a" { return read(text) } } { %s }'),
    "map": STEP % ("[[Row]]", "map rows with look() { %s }"),
    "filter": STEP % ("[Row]", "filter rows with good() { %s }"),
    "reduce": STEP % ("[Row]", "reduce [rows, rows] with join() { %s }"),
    "dataset": 'dataset d { path: "a.jsonl" want: x %s }',
    "eval": "eval e for one { over: book score exact weight 1 %s }",
    "tune": TUNE,
    "shares": TUNE % "split: { train: 0.4 dev: 0.2 %s }",
    "batch": "batch b for one { %s }",
}
USED = ("price", "dataset")  # blocks whose settings stand there already


def problems(text: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a text."""
    return compiler.check(SourceFile("s.rlm", HEAD + text + "\n"), load_import).diagnostics


def test_every_block_is_tried() -> None:
    assert set(WHERE) == set(BLOCKS)


@pytest.mark.parametrize("block", WHERE)
@pytest.mark.parametrize("form", ["%s: 1", "%s <= 1"])
def test_a_misspelt_setting_is_an_error_that_names_the_near_one(block: str, form: str) -> None:
    for name in (*BLOCKS[block].names, "wurst"):
        wrong = name[:-1] + name[-1] * 2 if name != "wurst" else name
        if block in ("eval", "tune", "batch") and "<=" in form:
            continue  # their grammar knows no limits
        found = problems(WHERE[block] % form % wrong)
        unknown = [d for d in found if d.code == "unknown-setting"]
        assert unknown, f"{wrong}: {render_all(found)}"
        assert name == "wurst" or f"`{name}`" in unknown[0].hint, unknown[0].hint


OUTSIDE = [
    (block, s.name, n) for block, kind in BLOCKS.items() for s in kind.settings
    for n in (-3, None if s.least is None else 0 if s.least > 0 else None,
              None if s.most is None else s.most + 5)
    if n is not None and (s.least is not None or s.most is not None)
]  # fmt: skip
LIMITS = {
    "model": ("context", "output"),
    "budget": "*",
    "spend": "*",
    "repl": "*",
    "prompt": ("retry",),
}
UNITS = {"sub_input": "tok", "wall": "s", "cpu": "s", "memory": "MB", "shown": "ch", "see": "tok"}


@pytest.mark.parametrize(("block", "name", "amount"), OUTSIDE)
def test_an_amount_out_of_range_is_an_error(block: str, name: str, amount: float) -> None:
    limit = name in LIMITS.get(block, ()) or LIMITS.get(block) == "*"
    written = f"{name} {'<=' if limit else ':'} {amount}{UNITS.get(name, '')}"
    text = WHERE[block]
    if block in USED or (block == "shares" and name in ("train", "dev")):
        text = re.sub(rf"\b{name}: [0-9.]+", "", text)
    found = problems(text % written)
    assert {d.code for d in found} & {"wrong-setting", "not-an-amount"}, render_all(found)


REFUSED = {
    "a prompt's model as text": WHERE["prompt"] % 'model: "openai/gpt-5"',
    "demonstrations in a prompt": WHERE["prompt"] % "demos: 8",
    "a setting that no template reads": WHERE["prompt"] % 'tone: "dry"',
    "a setting with the name of a parameter":
        'prompt p(tone: Text max 9tok, page: Slice) -> Text { task: "{{ tone }}" tone: "dry" }',
    "two repls":
        'prompt p(page: Text) -> Text { task: "Read." repl { iters <= 1 } repl { iters <= 2 } }',
    "a tool that is no list": WHERE["repl"] % "tools: grep",
    "a sub-model as text": WHERE["repl"] % 'sub: "openai/gpt-5"',
    "a retry and a half": WHERE["prompt"] % "retry <= 1.5",
    "a truth as a number": WHERE["map"] % "parallel: true",
    "a block as a number": WHERE["map"] % "parallel: { n: 1 }",
    "a block as a condition": WHERE["map"] % "stop: { n: 1 }",
    "a skip with more": WHERE["map"] % "on_error: skip(at_most: 1%, at_least: 1)",
    "an on_error of a join": WHERE["reduce"] % "on_error: skip(at_most: 100%)",
    "an on_error of a recursion's join": WHERE["join"] % "on_error: skip",
    "parts kept in the wrong order": WHERE["prune"].replace("keep: 1..2", "keep: 3..1") % "",
    "no part kept": WHERE["prune"].replace("keep: 1..2", "keep: 0..1") % "",
    "a leaf of nothing": WHERE["leaf"].replace("leaf <= 9tok", "leaf <= 0tok") % "",
    "a recursion without a level": WHERE["leaf"].replace("depth <= 4", "depth <= 0") % "",
    "a bind that is no block": WHERE["dataset"] % "bind: x",
    "an optimizer as text": TUNE % 'optimizer: "bootstrap"',
    "a split that is no block": TUNE % "split: 40%",
    "an eval's budget that is no block": WHERE["eval"] % "budget: 5",
    "the same setting twice": WHERE["eval"] % "limit: 5 limit: 6",
    "a budget twice": TUNE % "budget { calls <= 1 } budget { calls <= 2 }",
    "an input given twice": 'test "t" for one { given text: "a" given text: "b" expect calls == 1 }',
    "a mock given twice":
        'test "t" for one { mock read returns "a" mock read returns "b" expect calls == 1 }',
    "scores that weigh nothing": "eval e for one { over: book score exact weight 0 }",
    "the wall of an eval": WHERE["spend"] % "wall <= 1h",
    "the depth of a tuning": TUNE % "budget { depth <= 1 }",
    "a csv option": 'source s: [Row] = csv("r.csv", delimitr: ";")',
    "a delimiter of two": 'source s: [Row] = csv("r.csv", delimiter: "::")',
    "a delimiter that is a number": 'source s: [Row] = csv("r.csv", delimiter: 5)',
    "an option of a text": 'source s: Text = text("a.txt", encoding: "latin-1")',
    "two places": 'source s: Text = text("a.txt", "b.txt")',
    "a place of what is piped in": 'source s: Text = stdin("a.txt")',
    "a query without a database": 'source s: [Row] = sql("select 1")',
    "a partition's argument": "partition p = tokens(max: 100tok, overlapp: 5tok)",
    "what is gathered": "partition p = tokens(max: 100tok).gather(befor: 5tok)",
    "how it is gathered": "partition p = tokens(max: 100tok).gathr(before: 5tok)",
    "neighbours of rows":
        STEP % ("[Slice<Row>]", "split rows by items(per: 2).gather(before: 5tok)"),
    "a partition that names itself": "partition p = p",
    "a look-up's argument": WHERE["search"].replace("top: 1", "topp: 1") % "",
    "a look-up for nothing": WHERE["search"].replace("top: 1", "top: 0") % "",
    "a filler's argument": 'test "t" for one { given text: fill(words: 9, insrt: "x") expect calls == 1 }',
    "a filler out of place": 'test "t" for one { given text: fill(words: 9, at: 300%) expect calls == 1 }',
    "a max of a number": "record R { n: Int max 10 }",
    "a max of a label": "enum E { a, b } record R { e: E max 2tok }",
    "a max of a list in tok": "record R { xs: [Text] max 10tok }",
    "an option of a function": STEP % ("Int", "count(rows, were: it.id > 1)"),
    "a field of a record": STEP % ("Row", 'Row(id: 1, txt: "x")'),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_would_be_ignored_is_refused(text: str) -> None:
    found = problems(text)
    assert [d for d in found if d.severity == "error"], text
    assert all(len(render_all([d]).splitlines()) < 16 for d in found)


TAKEN = {
    "a setting that the template reads":
        'prompt p(page: Slice) -> Text { task: "Be {{ tone }}." tone: "dry" }',
    "a tabulator": 'source s: [Row] = csv("r.csv", delimiter: "\\t")',
    "a query": 'source s: [Row] = sql("select 1", url: "sqlite:///a.db")',
    "a gathered one by its name":
        "partition p = tokens(max: 90tok).gather(before: 5tok)\npartition q = p.gather(after: 5tok)",
    "a repl": WHERE["repl"] % "iters <= 1 calls <= 0 depth <= 0 shown <= 9ch cpu <= 1s "
              "memory <= 64MB wall <= 9s tokens <= 9 usd <= 0.1 tools: [grep] sandbox: monty",
    "a budget": WHERE["budget"] % "calls <= 0 tokens <= 9ktok usd <= 0.5 wall <= 1h depth <= 1 "
                "parallel <= 3",
    "a model": WHERE["model"] % 'default: "a/b" context <= 9ktok output <= 1ktok temperature: 0.5 '
               "price: { input: 0 output: 0.5 }",
    "a tuning": TUNE % "optimizer: grid split: { train: 50% dev: 50% seed: 3 } trials: 5 "
                'reflection: "a/b" budget { calls <= 9 }',
    "an eval": WHERE["eval"] % "limit: 5 budget: { calls <= 9 }",
}  # fmt: skip


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_what_is_documented_is_taken(text: str) -> None:
    found = problems(text)
    assert not found, render_all(found)


@pytest.mark.parametrize("kind", [*SOURCES, *STRATEGIES, *SEARCHES])
def test_no_call_takes_an_argument_that_it_does_not_know(kind: str) -> None:
    if kind in SOURCES:
        type_ = {"text": "Text", "tree": "Tree", "rows": "[Row]"}[SOURCES[kind].gives]
        text = f'source s: {type_} = {kind}("x", wurst: 1)'
    elif kind in STRATEGIES:
        text = f"partition p = {kind}(wurst: 1)"
    else:
        text = STEP % ("[Row]", f'search rows for "x" by {kind}(wurst: 1)')
    assert "unknown-argument" in [d.code for d in problems(text)]
