"""The plan is what runs: written, changed by hand or by a program, read back, and run."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest

import rlmlang
from rlmlang import Plan, compiler, plugins
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import Binding
from rlmlang.ir.expressions import Apply, Constant, Op, Ref
from rlmlang.ir.facts import Facts
from rlmlang.ir.recipe import Step
from rlmlang.plan.document import OF_EDGES, OF_NODES, PARTS
from rlmlang.runtime.files import load_import, read_source
from rlmlang.stores.rows import unpack
from rlmlang.testing import ScriptedEngine
from rlmlang.verbs.compute import Compute
from rlmlang.verbs.filter import Filter
from tests.conftest import FETCHING, ROOT, Result, Rlm
from tests.servers import chat_server, field

BEES = "The bees live in the north tower.\n"
OWLS = "The owls live in the old mill.\n"
RECIPE = """rlm 1

prompt say(text: Text, question: Text) -> Text "Answer from the text."
prompt tidy(text: Text) -> Text "Tidy the text."

recipe home(question: Text, one: Text, two: Text) -> Text {
  let first = say(one, question)
  let second = say(two, question)
  let tidied = tidy(first)
  return join_text([tidied, second])
}
"""
LINES = """rlm 1
recipe rows(text: Text, word: Text) -> Text {
  let lines = split text by lines(per: 1)
  return word + ": " + join_text(lines)
}
"""
MORE = """  let lines = split one by lines(per: 1)
  let found = search one for question by bm25(top: 2, window: 20tok)
  let many = count(lines)
  let few = if many > 3 then join_text(found) else tidied
  return join_text([few, second])
"""
GIVEN = ("--set", "question=Where do they live?", "--source", "one=one.txt", "--source",
         "two=two.txt")  # fmt: skip
Document = dict[str, Any]
Edit = Callable[[Document], object]


@pytest.fixture
def where(folder: Path) -> Path:
    """A folder with two texts, a recipe that reads both, and its plan."""
    (folder / "one.txt").write_text(BEES)
    (folder / "two.txt").write_text(OWLS)
    (folder / "home.rlm").write_text(RECIPE)
    (folder / "plan.json").write_text(rlmlang.plan_recipe("home.rlm").to_json())
    return folder


def edited(edit: Edit) -> None:
    """Changes the saved plan."""
    document = json.loads(Path("plan.json").read_text())
    edit(document)
    Path("plan.json").write_text(json.dumps(document))


def node(document: Document, id: str) -> Document:
    return next(n for n in document["nodes"] if n["id"] == id)


def edge(document: Document, source: str, target: str) -> Document:
    return next(e for e in document["edges"] if (e["source"], e["target"]) == (source, target))


def run(what: str | Plan = "plan.json", **more: Any) -> Any:
    """The answer, by the embedded reader or a script."""
    values = {"question": "Where do they live?", "one": BEES, "two": OWLS}
    return rlmlang.run(what, values=values, store=None, **more).result


def started(*args: str) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "rlmlang", *args], capture_output=True, text=True, check=False
    )
    return Result(done.returncode, done.stdout, done.stderr)


# ── changed in the document ──────────────────────────────────────────────────


def test_rewiring_one_edge_changes_the_answer(where: Path) -> None:
    before = started("run", "plan.json", *GIVEN, "-q")
    assert before.code == 0 and "bees" in before.out and "owls" in before.out
    edited(lambda d: edge(d, "two", "second").update(source="one"))
    after = started("run", "plan.json", *GIVEN, "-q")
    assert after.code == 0 and "bees" in after.out and "owls" not in after.out


def test_a_step_is_taken_out(where: Path) -> None:
    def without_tidying(document: Document) -> None:
        document["nodes"].remove(node(document, "tidied"))
        document["edges"].remove(edge(document, "first", "tidied"))
        edge(document, "tidied", "result")["source"] = "first"

    whole, less = ScriptedEngine(lambda task: "x"), ScriptedEngine(lambda task: "x")
    run(engine=whole)
    edited(without_tidying)
    run(engine=less)
    assert [sum("Tidy" in r for r in e.requests) for e in (whole, less)] == [1, 0]
    assert [len(e.requests) for e in (whole, less)] == [3, 2]


def test_another_model_is_asked(where: Path, rlm: Rlm) -> None:
    model = {"name": "big", "default": "openai/big"}
    edited(lambda d: node(d, "tidied")["operation"]["ask"]["prompt"]["model"].update(model))
    assert "openai/big" in rlm("plan", "plan.json").out
    with chat_server(lambda body: field("in the mill")) as server:
        run(api_base=server.base)
    assert [r["model"] for r in server.requests] == ["big"]


def test_two_models_of_one_name_are_unsound(where: Path) -> None:
    model = {"default": "openai/big"}
    edited(lambda d: node(d, "tidied")["operation"]["ask"]["prompt"]["model"].update(model))
    with pytest.raises(CodedError, match="`tidied`"):
        run()


def test_a_filter_is_put_in(folder: Path) -> None:
    (folder / "rows.rlm").write_text(LINES)
    plan = rlmlang.plan_recipe("rows.rlm")
    graph = nx.DiGraph(plan.graph)
    test = Apply("contains", (Ref("it"), Ref("word")))
    graph.add_node("some", operation=Step("some", Filter(Ref("lines"), None, test), Facts()))
    read = graph.edges["lines", "result"]
    graph.remove_edge("lines", "result")
    graph.add_edge("lines", "some", kind="data", port="lines", mode="stream")
    graph.add_edge("word", "some", kind="data", port="word", mode="whole")
    graph.add_edge("some", "result", **read)
    changed = plan.changed(graph)
    values = {"text": "A short one.\nQuite a long one.\n", "word": "long"}
    results = [rlmlang.run(p, values=values, store=None).result for p in (plan, changed)]
    assert ["A short one." in r for r in results] == [True, False]
    assert all("Quite a long one." in r for r in results)
    assert changed.graph.nodes["some"]["coverage"] == "exact where contains(it, word)"


# ── what cannot be run ───────────────────────────────────────────────────────


def dropped(id: str) -> Edit:
    return lambda d: d["nodes"].remove(node(d, id))


def without(id: str) -> Edit:
    """A node and every edge that leads to it or from it."""

    def edit(document: Document) -> None:
        dropped(id)(document)
        ends = ("source", "target")
        document["edges"] = [e for e in document["edges"] if id not in [e[k] for k in ends]]

    return edit


WRONG: list[tuple[str, Edit, str, str]] = [
    ("a node", without("first"), "plan-incomplete", "`tidied` reads `first`"),
    ("a node alone", dropped("first"), "plan-unreadable", "`first`"),
    ("the result", without("result"), "plan-incomplete", "`result`"),
    ("an edge", lambda d: d["edges"].remove(edge(d, "first", "tidied")), "plan-incomplete",
     "`tidied` reads `first`"),
    ("a circle", lambda d: edge(d, "one", "first").update(source="tidied"), "plan-unsound",
     "circle: "),
    ("a port", lambda d: edge(d, "first", "tidied").update(port="frist"), "plan-unsound",
     "`tidied`, which does not read it"),
    ("a field", lambda d: node(d, "tidied").update(modle="x"), "plan-unreadable",
     "node `tidied` has no `modle`: is it `model`?"),
    ("a field of a prompt", lambda d: node(d, "tidied")["operation"]["ask"]["prompt"].update(x=1),
     "plan-unreadable", "node `tidied`.operation.ask.prompt: Prompt has no `x`"),
    ("a version", lambda d: d.update(version=2), "plan-unreadable", "version 2; 1 is read"),
    ("a format", lambda d: d.pop("format"), "plan-unreadable", "no plan of rlmlang"),
    ("a kind", lambda d: node(d, "tidied")["operation"].update(ask=7), "plan-unreadable",
     "node `tidied`.operation.ask is not Ask"),
    ("a verb", lambda d: node(d, "tidied")["operation"].update(KIND), "plan-unreadable",
     "node `tidied`.operation is of no known kind: 'Shell'"),
    ("two of a name", lambda d: node(d, "tidied").update(id="first"), "plan-unreadable",
     "two nodes are called `first`"),
    ("a list for a text", lambda d: edge(d, "one", "first").update(source="lines"),
     "plan-unsound", "`first`"),
    ("a type of the result", lambda d: d["interface"].update(result={"is": "IntType"}),
     "plan-unsound", "`result` is Text, and the plan gives Int"),
    ("a count of a search", lambda d: edge(d, "lines", "many").update(source="found"),
     "plan-unsound", "`many`: `count` needs `exact`, and is given `some`"),
]  # fmt: skip
KIND = {"is": "Shell"}


@pytest.mark.parametrize(
    ("edit", "code", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_what_cannot_be_run_says_why(
    where: Path, rlm: Rlm, edit: Edit, code: str, words: str
) -> None:
    (where / "home.rlm").write_text(RECIPE.replace("  return join_text([tidied, second])", MORE))
    (where / "plan.json").write_text(rlmlang.plan_recipe("home.rlm").to_json())
    edited(edit)
    done = rlm("run", "plan.json", *GIVEN)
    assert done.code != 0 and done.err.startswith(f"error[{code}]") and not done.out
    assert words in " ".join(done.err.split())
    assert len(done.err) < 1_000


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "rlmlang.plan"', "[" * 9_999])
def test_what_is_no_document_is_refused(folder: Path, rlm: Rlm, text: str) -> None:
    (folder / "plan.json").write_text(text)
    done = rlm("run", "plan.json")
    assert done.err.startswith("error[plan-unreadable]") and len(done.err) < 1_000


# ── written and read ─────────────────────────────────────────────────────────


def every() -> Iterator[tuple[str, str]]:
    """Every recipe of the goldens, the examples and the standard library."""
    found = [*(ROOT / "tests" / "golden").glob("*.rlm"), *(ROOT / "examples").rglob("*.rlm")]
    yield from ((str(p), p.stem) for p in sorted(found) if FETCHING not in p.parents)
    yield from ((f"std/{p.stem}", f"std.{p.stem}") for p in (ROOT / "rlmlang/stdlib").glob("*.rlm"))


@pytest.mark.parametrize("path", [p for p, _ in every()], ids=[n for _, n in every()])
def test_every_plan_comes_back_as_it_was(path: str) -> None:
    for recipe in compiler.check(read_source(path), load_import, plugins=plugins).recipes.values():
        plan = compiler.plan(recipe, Binding(), plugins.find)
        again = Plan.from_json(plan.to_json(), plugins.find)
        assert again.hash == plan.hash == plan.changed(nx.DiGraph(plan.graph)).hash
        assert again.to_json() == replace(plan, rewrites=()).to_json()  # done before it was saved


# ── from Python ──────────────────────────────────────────────────────────────


def test_the_graph_says_what_the_document_says(where: Path) -> None:
    plan = rlmlang.plan_recipe("home.rlm")
    assert plan.graph.nodes["tidied"]["verb"] == "call"
    assert plan.graph.nodes["tidied"]["words"] == "tidy"
    plain = nx.node_link_data(plan.graph, edges="edges")
    document = json.loads(plan.to_json())
    for mine, theirs in zip(plain["nodes"], document["nodes"], strict=True):
        del mine["operation"], theirs["operation"]
    assert (plain["nodes"], plain["edges"]) == (document["nodes"], document["edges"])


def test_a_plan_is_bound_and_run_from_python(where: Path) -> None:
    plan = rlmlang.plan_recipe("home.rlm")
    assert repr(plan).startswith("<Plan home: 7 nodes, at most 6 calls, budget ")
    assert run(plan) == run("home.rlm") == run("plan.json")
    graph = nx.DiGraph(plan.graph)
    graph.add_edge("one", "second", **graph.edges["two", "second"])
    graph.remove_edge("two", "second")
    changed = plan.changed(graph)
    assert "owls" in run(plan) and "owls" not in run(changed)
    assert changed.hash != plan.hash
    assert plan.with_model("tidied", "openai/big").node("tidied").model != plan.node("tidied").model
    with pytest.raises(CodedError, match="no node `tided` of the plan asks"):
        plan.with_model("tided", "openai/big")
    graph.add_node("x")
    with pytest.raises(CodedError, match="node `x` needs an `operation`"):
        plan.changed(graph)


def test_a_plan_is_drawn_whole_and_escaped(where: Path) -> None:
    graph = nx.DiGraph(rlmlang.plan_recipe("home.rlm").graph)
    value = Op("+", Ref("tidied"), Constant("<script>alert(1)</script> & more"))
    step = graph.nodes["result"]["operation"]
    graph.nodes["result"]["operation"] = replace(step, work=Compute(value))
    graph.remove_edge("second", "result")
    plan = rlmlang.plan_recipe("home.rlm").changed(graph)
    page = plan._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page
    tree = ElementTree.fromstring(page)
    names = [x.text for x in tree.iter("td")]
    assert {"first", "second", "tidied", "result", "worst"} <= set(names)
    assert plan.hash[:12] in page and "calls &lt;= 1,000: proven (worst 6)" in page
    graph = nx.parse_graphml(plan.to_graphml())
    assert set(graph) == set(plan.graph) and graph.nodes["tidied"]["verb"] == "call"
    assert json.loads(graph.nodes["tidied"]["operation"])["is"] == "Call"


def test_importing_the_face_loads_neither_networkx_nor_dspy() -> None:
    code = "import sys, rlmlang; print({'networkx', 'dspy'} & set(sys.modules), rlmlang.Plan)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("set() <class")


# ── what a run keeps of its plan ─────────────────────────────────────────────


def test_a_run_keeps_its_plan_once(where: Path, rlm: Rlm) -> None:
    for question in ("Where do they live?", "Who lives there?"):
        assert rlm("run", "plan.json", "--set", f"question={question}", *GIVEN[2:]).code == 0
    edited(lambda d: edge(d, "two", "second").update(source="one"))
    ran = rlmlang.plan_recipe("plan.json")
    assert rlm("run", "plan.json", *GIVEN, "--fresh").code == 0
    assert f"plan {ran.hash[:12]}" in rlm("show").out
    assert f"plan of home  {ran.hash[:12]}" in rlm("show", "last", "--plan").out
    assert json.loads(rlm("show", "--plan", "--json").out)["hash"] == ran.hash
    assert "one --> second" in rlm("graph", "last").out
    assert kept() == 2
    assert rlm("store", "gc", "--older", "0d", "--keep", "1").code == 0
    assert kept() == 1 and "one --> second" in rlm("graph", "last").out


def kept() -> int:
    """How many plans the store keeps."""
    with sqlite3.connect(".rlm/store.db") as c:
        texts = [unpack(body) for (body,) in c.execute("SELECT body FROM phrase")]
    return sum('"format": "rlmlang.plan"' in t for t in texts)


# ── documented ───────────────────────────────────────────────────────────────


def test_the_example_of_the_page_runs(where: Path) -> None:
    page = (ROOT / "docs" / "plan.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(example, {})  # noqa: S102
    for name in (*PARTS, *OF_NODES, *OF_EDGES):
        assert f"`{name}`" in page or f'"{name}"' in page, name
