"""What is written as a setting is enforced or refused: every block against a misspelt name, every
setting against a value that makes no sense."""

from __future__ import annotations

import re

import pytest

from rlmlang import compiler
from rlmlang.budget import Limits, Usage
from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.diagnostics.render import render_all
from rlmlang.diagnostics.source import SourceFile
from rlmlang.ir.recipe import Budget
from rlmlang.ir.walk import predictors
from rlmlang.reference.index import about, words
from rlmlang.reference.settings import row
from rlmlang.runtime.files import load_import
from rlmlang.schema.calls import CALLS
from rlmlang.schema.dimensions import DIMENSIONS, SPENT
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.schema.project import SETTINGS
from rlmlang.schema.searches import SEARCHES
from rlmlang.schema.setting import Setting
from rlmlang.schema.settings import BLOCKS
from rlmlang.schema.sources import SOURCES
from tests.conftest import Rlm

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
dataset more { path: "b.jsonl" bind: { text: text } want: answer }
eval other for one { over: more score exact weight 1 }
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
    "takes": "model m { takes: { %s } }",
    "budget": "budget b { %s }",
    "spend": "eval e for one { over: book score exact weight 1 budget: { %s } }",
    "prompt": 'prompt p(page: Slice) -> Text { task: "Read." %s }',
    "code": 'model m { default: "a/b" } code c(ask: m, page: Text) -> Text from "c.py:c" { %s }',
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


ALL = [(block, s) for block, kind in BLOCKS.items() for s in kind.settings]
IDS = [f"{block}-{s.name}" for block, s in ALL]
LITERAL = [(block, s) for block, s in ALL if s.of.types]


def written(block: str, setting: Setting, value: str) -> str:
    """A text with a setting of a block, in the place of one that stands there already."""
    text = around(block, setting)
    if block in USED or (block == "shares" and setting.name in ("train", "dev")):
        text = re.sub(rf"\b{setting.name}: (\S+)", "", text, count=1 + (block == "price"))
    sign = " <=" if setting.limit else ":"
    return text % f"{setting.name}{sign} {value}"


def around(block: str, setting: Setting) -> str:
    """A text with a place for a setting, and with what the setting is a part of."""
    return WHERE[block].replace(*BESIDE.get(f"{block}-{setting.name}", ("", "")))


def refused(text: str) -> set[str]:
    """The codes of what is said of a text, without what its missing settings bring."""
    return {d.code for d in problems(text)} & {"wrong-setting", "not-an-amount", "wrong-unit"}


@pytest.mark.parametrize(("block", "setting"), LITERAL, ids=[f"{b}-{s.name}" for b, s in LITERAL])
def test_a_value_of_another_kind_unit_or_range_is_an_error(block: str, setting: Setting) -> None:
    unit = setting.of.units[0] if setting.of.units else ""
    wrong = ["true" if setting.kind != "truth" else '"yes"', "good", "[1]"]
    wrong += (
        ['"many"', "1min" if unit == "tok" else "1tok" if unit != "" else "1ch"]
        if (setting.of.units)
        else ["5"]
    )
    wrong += ["1.5" + unit] if setting.of.types == (int,) and setting.kind != "memory" else []
    if setting.least is not None:
        wrong += [f"-3{unit}", *([f"0{unit}"] if setting.least > 0 else [])]
    if setting.most is not None:
        wrong += [f"{setting.most + 5:g}"]
    for value in wrong:
        assert refused(written(block, setting, value)), value


GOOD = {
    "count": "3", "tok": "3_000", "size": "300tok", "memory": "99MB", "dollars": "0.37",
    "duration": "77s", "fraction": "0.3", "number": "0.3", "truth": "true", "model": '"a/other"',
    "text": '"Other."', "path": '"b.jsonl"', "hash": '"12ab"',
    "character": '";"', "quote": "\"'\"", "encoding": '"utf-16"',
}  # fmt: skip
NAMES = {
    "prompt-model": "m", "repl-sub": "m", "dataset-want": "y", "eval-over": "more",
    "tune-optimizer": "grid", "tune-eval": "other", "model-answer": "json", "model-service_tier": "flex",
    "prompt-answer": "json", "takes-limit_field": "max_tokens", "takes-structured": "none",
    "takes-tiers": "[flex]", "takes-images": "claude",
}  # fmt: skip
OTHERS = {
    "model-price": "{ input: 7 output: 8 }", "model-takes": "{ batch: true }", "prompt-task": '"Other."',
    "prompt-check": 'result != "x"', "repl-tools": "[grep]", "repl-sandbox": "cpython",
    "map-on_error": "skip(at_most: 5%)", "filter-on_error": "skip", "leaf-on_error": "skip",
    "map-stop": "count(it) > 1", "prune-keep": "2..3", "batch-budget": "{ calls <= 3 }",
    "dataset-bind": "{ text: other }", "eval-budget": "{ calls <= 3 }",
    "prompt-module": '"dspy:ChainOfThought"', "prompt-tools": "[seek]", "repl-session": "before",
    "repl-conversation": "700tok",
    "tune-budget": "{ calls <= 3 }", "tune-split": "{ train: 50% dev: 50% }",
}  # fmt: skip
BESIDE = {  # what a setting is a part of
    **dict.fromkeys(
        ("prompt-calls", "prompt-context", "prompt-output", "prompt-tools"),
        ("%s", 'module: "dspy:ReAct" calls <= 5 %s'),
    ),
    "prompt-tools": ("%s", 'module: "dspy:ReAct" calls <= 5 %s'),
    "prompt-calls": ("%s", 'module: "dspy:ChainOfThought" %s'),
    "repl-conversation": ("repl { ", "repl { session: before "),
}
HEARD = """
code seek(word: Text) -> Text from "seek.py:seek"
model m { default: "a/b" }
recipe use(text: Text) -> Text { %s return p(text) }
"""


@pytest.mark.parametrize(
    ("block", "setting"),
    [x for x in ALL if x[0] != "batch"],  # nothing runs a batch yet
    ids=[i for i in IDS if not i.startswith("batch")],
)
def test_each_setting_is_taken_and_has_an_effect(block: str, setting: Setting) -> None:
    key = f"{block}-{setting.name}"
    value = OTHERS.get(key) or NAMES.get(key) or GOOD[setting.kind]
    first = WHERE[block].partition("%s")[0] if block in ("prune", "prompt", "eval", "tune") else ""
    text = written(block, setting, value)
    if f"{setting.name}: " in first:  # it is written already, as something else
        text = re.sub(rf"\b{setting.name}: [^ ]+", "", text, count=1)
    assert made(block, text) != made(block, around(block, setting) % "")


def made(block: str, text: str) -> object:
    """What a text makes of itself: its recipes, tests, evals and tunings."""
    if block == "budget":
        text += "\nrecipe use(text: Text) -> Text { budget b return read(text) }"
    if block == "code":
        text += "\nrecipe use(text: Text) -> Text { return c(text) }"
    if block in ("model", "price", "takes"):
        text += '\nprompt p(page: Text) -> Text { task: "Read." model: m }'
    if block in ("model", "price", "takes", "prompt", "repl"):
        text = text.replace("p(page: Slice)", "p(page: Text)")
        text += HEARD % "" if block in ("prompt", "repl") else HEARD.split("}", 1)[1] % ""
    if "session: before" in text:
        text = text.replace("p(page: Text)", "p(page: Text, before: Session?)")
        text = text.replace("recipe use(text: Text)", "recipe use(text: Text, last: Session?)")
        text = text.replace("return p(text)", "return p(text, last)")
    if block == "dataset":
        text += "\neval heard for one { over: d score exact weight 1 }"
    found = compiler.check(SourceFile("s.rlm", HEAD + text + "\n"), load_import)
    refused = {"unknown-setting", "setting-form", "wrong-setting", "not-an-amount", "wrong-unit"}
    assert not refused & {d.code for d in found.diagnostics}, render_all(found.diagnostics)
    return found.recipes, found.suite


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
    "an encoding that is none": 'source s: Text = text("a.txt", encoding: "latin-11")',
    "a quote of two": 'source s: [Row] = csv("r.csv", quote: "ab")',
    "a heading in words": 'source s: [Row] = csv("r.csv", heading: "no")',
    "a delimiter of two": 'source s: [Row] = csv("r.csv", delimiter: "::")',
    "a delimiter that is a number": 'source s: [Row] = csv("r.csv", delimiter: 5)',
    "an option of a text": 'source s: Text = text("a.txt", heading: true)',
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
    "an opener's argument": 'test "t" for one { given text: file(pth: "a") expect calls == 1 }',
    "an answer's argument":
        'test "t" for one { mock read returns fails(why: "no") expect calls == 1 }',
    "a filler out of place": 'test "t" for one { given text: fill(words: 9, at: 300%) expect calls == 1 }',
    "a max of a number": "record R { n: Int max 10 }",
    "a max of a label": "enum E { a, b } record R { e: E max 2tok }",
    "a max of a list in tok": "record R { xs: [Text] max 10tok }",
    "half a tok": WHERE["leaf"].replace("9tok", "9.5tok") % "",
    "half a level": WHERE["leaf"].replace("depth <= 4", "depth <= 4.5") % "",
    "half an item": "record R { xs: [Text] max 2.5 }",
    "a constant of another type": "const n: Text = 5",
    "a weight in tok": "eval e for one { over: book score exact weight 1tok }",
    "a path that no batch may set": "batch b for one { set read.task = 5 }",
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
    "no quote": 'source s: [Row] = csv("r.csv", quote: "", heading: false)',
    "an encoding": 'source s: Text = text("a.txt", encoding: "Windows-1252")',
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
        types = {"text": "Text", "tree": "Tree", "rows": "[Row]", "image": "Image"}
        type_ = types.get(SOURCES[kind].gives, "[Image]")
        text = f'source s: {type_} = {kind}("x", wurst: 1)'
    elif kind in STRATEGIES:
        text = f"partition p = {kind}(wurst: 1)"
    else:
        text = STEP % ("[Row]", f'search rows for "x" by {kind}(wurst: 1)')
    assert "unknown-argument" in [d.code for d in problems(text)]


@pytest.mark.parametrize(("amount", "size"), [("8kch", 8_000), ("3ktok", 6_000), ("1ch", 2)])
def test_what_is_shown_of_output_is_counted_in_bytes(amount: str, size: int) -> None:
    text = WHERE["repl"].replace("Slice", "Text") % f"shown <= {amount}"
    use = "recipe use(text: Text) -> Text { return p(text) }"
    found = compiler.check(SourceFile("s.rlm", HEAD + text + "\n" + use + "\n"), load_import)
    ((_, ask),) = predictors(found.recipes["use"].steps)
    assert ask.prompt.repl is not None
    assert ask.prompt.repl.shown == size


# ── what the tables say of themselves ──────────────────────────────────────────


ARGUMENTS = [a for c in (*STRATEGIES.values(), *SEARCHES.values(), *SOURCES.values(), *CALLS)
             for a in c.arguments]  # fmt: skip


@pytest.mark.parametrize(
    "setting", [*(s for _, s in ALL), *ARGUMENTS, *SETTINGS], ids=lambda s: s.name
)
def test_every_setting_is_documented_and_explained(setting: Setting) -> None:
    assert setting.doc
    assert [
        p
        for p in about(".".join(getattr(setting, "path", ())) or setting.name)
        if row(setting) in p.rows
    ]
    assert setting.default is None or not setting.refuses(setting.default) or not setting.of.types
    assert setting.kind != "expression" or setting.example


@pytest.mark.parametrize(
    "word", [*BLOCKS, *STRATEGIES, *SEARCHES, *SOURCES, "count_by", "api_base"]
)
def test_every_word_has_a_page(word: str, rlm: Rlm) -> None:
    assert word in words()
    assert f"{word}, " in rlm("explain", word).out


def test_a_word_shows_kinds_units_ranges_and_defaults(rlm: Rlm) -> None:
    said = rlm("explain", "reduce").out
    assert said.startswith(
        "reduce, a verb: joins a list by a prompt, a few items at a time, the order kept\n"
    )
    assert (
        "\n  fanin: a whole number, 2 or more; default 8; --set STEP.fanin=…\n"
        "      how many are joined by one call\n"
    ) in said
    assert "needs: pip install 'rlmlang[parquet]'\n" in rlm("explain", "parquet").out


def test_dimensions_are_fields_of_what_they_limit() -> None:
    assert set(vars(Budget())) == {d.name for d in DIMENSIONS} | {"default", "of_models"}
    assert set(vars(Limits())) == {d.name for d in SPENT}
    assert {p for d in SPENT for p in d.parts} == set(vars(Usage()))
