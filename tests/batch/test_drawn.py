"""`rlm graph` draws batches around the plan of their recipe: what they go over, budget, answers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import networkx as nx
import pytest

from rlmlang.plan.plan import Plan
from rlmlang.runtime.drawing import DRAWINGS
from tests.conftest import Rlm

FACTS = r"""rlm 1
prompt says(report: Text, question: Text) -> Text max 60tok "What does it say?"
recipe one(report: Text, question: Text) -> Text {
  return says(report, question)
}
recipe other(report: Text) -> Text {
  return says(report, "")
}
batch nightly for one {
  each report in glob("reports/**/*.md")
  each topic in ["the \"old\" harbour", "ice"]
  set question = "About {topic}"
  output: "answers/{name}.json"
  table: "answers.csv"
  budget {
    calls <= 100
    usd <= 2.00
  }
}
batch asked for one {
  each question in lines("asked.txt")
}
batch apart for other {
  each report in lines("a\\b.txt")
}
"""
NIGHTLY = r"""digraph "one" {
  node [shape=box, style=rounded];
  "report" [label="report\nText"];
  "question" [label="question\nText"];
  "result" [label="result\nsays"];
  "nightly: each report" [label="nightly: each report\nglob(\"reports/**/*.md\")"];
  "nightly: each topic" [label="nightly: each topic\n['the \"old\" harbour', 'ice']"];
  "batch nightly" [label="batch nightly\ncalls <= 100, usd <= 2; each with each"];
  "nightly: output" [label="nightly: output\nanswers/{name}.json"];
  "nightly: table" [label="nightly: table\nanswers.csv"];
  "asked: each question" [label="asked: each question\nlines(\"asked.txt\")"];
  "batch asked" [label="batch asked\nno budget of its own"];
  "asked: output" [label="asked: output\nstandard output"];
  "report" -> "result";
  "question" -> "result";
  "result" -> "batch nightly";
  "result" -> "batch asked";
  "nightly: each report" -> "report";
  "nightly: each topic" -> "question";
  "batch nightly" -> "nightly: output";
  "batch nightly" -> "nightly: table";
  "asked: each question" -> "question";
  "batch asked" -> "asked: output";
}
"""


@pytest.fixture
def facts(folder: Path) -> Path:
    (folder / "facts.rlm").write_text(FACTS)
    return folder


def test_the_batches_of_a_recipe_are_drawn_around_its_plan(facts: Path, rlm: Rlm) -> None:
    drawn = rlm("graph", "facts.rlm", "--recipe", "one", "--format", "dot")
    assert (drawn.code, drawn.out) == (0, NIGHTLY), drawn.err
    other = rlm("graph", "facts.rlm", "--recipe", "other", "--format", "dot").out
    assert r"lines(\"a\\b.txt\")" in other and "nightly" not in other


@pytest.mark.parametrize("kind", [d.name for d in DRAWINGS.values() if not d.tool])
def test_every_form_has_what_a_batch_says(facts: Path, rlm: Rlm, kind: str) -> None:
    rlm("graph", "facts.rlm", "--recipe", "one", "--format", kind, "--out", "drawn")
    text = (facts / "drawn").read_text()
    for said in ("nightly", "reports/**/*.md", "answers/{name}.json", "answers.csv", "100"):
        assert said in text, said


def test_what_is_drawn_can_be_read(facts: Path, rlm: Rlm) -> None:
    for kind in ("svg", "graphml", "json"):
        rlm("graph", "facts.rlm", "--recipe", "one", "--out", f"drawn.{kind}")
    assert ET.parse(facts / "drawn.svg").getroot().tag.endswith("svg")
    graph = nx.read_graphml(facts / "drawn.graphml")
    assert nx.has_path(graph, "nightly: each topic", "nightly: table")
    text = (facts / "drawn.json").read_text()
    plan = json.loads(rlm("plan", "facts.rlm", "--recipe", "one", "--json").out)
    assert Plan.from_json(text).hash == plan["hash"] and "batches" not in plan
    (nightly, _) = json.loads(text)["batches"]
    assert nightly["each"][1]["fills"] is False
    assert (nightly["set"], nightly["budget"]) == (
        {"question": "'About {topic}'"},
        {"calls": 100, "usd": 2.0},
    )


def test_a_file_of_batches_alone_is_drawn_as_their_recipe(facts: Path, rlm: Rlm) -> None:
    (facts / "jobs.rlm").write_text(
        'rlm 1\nuse "./facts.rlm" { other }\nbatch far for other {\n  each report in lines("x")\n}\n'
    )
    drawn = rlm("graph", "jobs.rlm").out
    assert "far__each_report --> report" in drawn and "apart" not in drawn
