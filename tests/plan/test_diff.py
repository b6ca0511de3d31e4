"""A plan differs from itself in nothing, and from one with another model in what depends on that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlmlang import plugins
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.kinds import has_images
from rlmlang.plan.diff.diff import Side, diff
from rlmlang.plan.plan import Plan
from rlmlang.report.diff.words import shortened, words
from rlmlang.runtime.checking import checked
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from tests.conftest import ROOT

RECIPES = sorted((*(ROOT / "tests" / "golden").glob("*.rlm"), *(ROOT / "stdlib").glob("*.rlm")))


def plans(path: Path) -> list[Plan]:
    """The plans of a file's recipes, its sources unopened; of those that take images, for a model
    that does."""
    recipes = checked(str(path)).recipes
    seeing = {n for n, r in recipes.items() if any(has_images(p.type) for p in r.params)}
    models = {name: ("openai/gpt-4o",) if name in seeing else () for name in recipes}
    made = (Options(recipe=n, models=m, unopened=True, trust=True) for n, m in models.items())
    return [prepare(str(path), options, need_all=False).plan for options in made]


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_a_plan_is_itself_also_once_it_was_written_and_read(path: Path) -> None:
    for plan in plans(path):
        again = Plan.from_json(plan.to_json(), plugins.find)
        found = diff(Side(plan), Side(again))
        assert found.same, (found.changes, found.asked)


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_another_model_asks_again_at_its_step_and_at_most_behind_it(path: Path) -> None:
    for plan in plans(path):
        for node in (n for n in plan.nodes if n.prompt):
            try:
                other = plan.with_model(node.id, "other/model")
            except CodedError:
                continue  # a part of a free-form step has the model of that
            asked = {a.step: a for a in diff(Side(plan), Side(other)).asked}
            assert asked[node.id].sure
            assert {id for id, a in asked.items() if a.sure} == {node.id}
            assert set(asked) <= behind(plan, node.id)


def behind(plan: Plan, id: str) -> set[str]:
    """A node, what it is a part of, what reads either, and the parts of that."""
    turned = nx.DiGraph()
    turned.add_nodes_from(plan.graph)
    for a, b, edge in plan.graph.edges(data=True):
        turned.add_edge(a, b)
        if edge["kind"] == "contains":
            turned.add_edge(b, a)
    return {id} | nx.descendants(turned, id)


TEXTS = st.lists(st.sampled_from(["one", "two", " ", "\n", ", ", "é", "[-", "x" * 90])).map("".join)


@given(TEXTS, TEXTS)
def test_words_make_both_texts_again(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(t for sign, t in pieces if sign != "+") == before
    assert "".join(t for sign, t in pieces if sign != "-") == after
    assert not any(sign == "=" for sign, _ in pieces) or before and after
    assert [t for s, t in shortened(pieces) if s != "="] == [t for s, t in pieces if s != "="]


def test_a_number_is_one_word() -> None:
    assert words("at most 20,000 tok", "at most 1,000 tok")[1:3] == [
        ("-", "20,000"),
        ("+", "1,000"),
    ]


def test_texts_that_another_tokenizer_cuts_are_asked_about_again() -> None:
    plan = plans(ROOT / "stdlib" / "needle.rlm")[0]
    other = plan.bound_to(replace(plan.binding, measure="another tokenizer"))
    asked = {a.step: a.because for a in diff(Side(plan), Side(other)).asked}
    assert asked and set(asked.values()) == {"what comes in"}
    moved = plan.bound_to(replace(plan.binding, endpoint="http://127.0.0.1:1/v1"))
    found = {a.step: a.because for a in diff(Side(plan), Side(moved)).asked}
    assert found == dict.fromkeys((n.id for n in plan.nodes if n.prompt), "its request")


def test_long_texts_are_told_apart_by_lines_and_then_as_a_whole() -> None:
    lines = [f"line {n} of {n * n}\n" for n in range(1500)]
    other = [f"line {n} of {n}\n" if n % 2 else lines[n] for n in range(1500)]
    pieces = words("".join(lines), "".join(other))
    assert ("-", lines[3]) in pieces and ("+", other[3]) in pieces
    whole = "".join(f"{n} " for n in range(5000))
    assert words(whole, whole[::-1]) == [("-", whole), ("+", whole[::-1])]
