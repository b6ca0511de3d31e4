"""A recipe is a DSPy module: evaluated, optimized, copied, saved and looked at like any other."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

import rlmlang
from tests.conftest import BOOK, ROOT, SIMPLE
from tests.program.rules import asked_of, rule_lm
from tests.program.typed import mypy

RECIPE = """rlm 1
prompt sort_it(ticket: Text) -> Text max 8tok "Give the label of the ticket."
recipe route(ticket: Text max 100tok) -> Text { return sort_it(ticket) }
"""
TWO = """rlm 1
record Answer { label: Text max 8tok, why: Text max 40tok }
prompt sort_it(ticket: Text) -> Text max 8tok "Give the label of the ticket."
prompt explain(ticket: Text, label: Text) -> Text max 40tok "Explain the label."
recipe route(ticket: Text max 100tok) -> Answer {
  let label = sort_it(ticket)
  let why = explain(ticket, label)
  return Answer(label: label, why: why)
}
"""
MODELS = """rlm 1
model judge { default: "openai/gpt-5" }
prompt sort_it(ticket: Text) -> Text max 8tok "Give the label of the ticket."
prompt explain(label: Text) -> Text max 40tok { model: judge  task: "Explain the label." }
recipe route(ticket: Text max 100tok) -> Text { return explain(sort_it(ticket_of(ticket))) }
""".replace("explain(sort_it(ticket_of(ticket)))", "explain(label)").replace(
    "{ return", "{\n  let label = sort_it(ticket)\n  return"
)


def gold(system: str, messages: list[str]) -> str:
    """The house's rule, a guest is `gold`, is known only to who was told it or shown one; a loud
    guest anybody knows."""
    ticket = messages[-1].split("[[ ## ticket ## ]]")[-1]
    told = "HOUSE" in system or "HOUSE" in messages[-1] or any("gold" in m for m in messages[:-1])
    return "gold" if "guest!" in ticket or ("guest" in ticket and told) else "plain"


def examples(count: int = 2) -> list[dspy.Example]:
    texts = [
        ("guest! calls", "gold"),
        ("nothing", "plain"),
        ("a guest", "gold"),
        ("guests", "gold"),
    ]
    return [
        dspy.Example(ticket=f"{text} {n}", result=label).with_inputs("ticket")
        for n in range(count)
        for text, label in texts
    ]


def right(example: dspy.Example, found: dspy.Prediction, *_: object) -> float:
    return float(example.result == found.result)


def score(module: dspy.Module, rows: list[dspy.Example]) -> float:
    evaluate = dspy.Evaluate(devset=rows, metric=right, num_threads=2, display_progress=False)
    return float(evaluate(module).score)


@pytest.fixture
def find() -> Any:
    with dspy.context(lm=rule_lm(gold)):
        yield rlmlang.load(RECIPE, store=None)


def test_it_is_called_by_names_and_gives_a_prediction() -> None:
    lm = rule_lm(gold)
    module = rlmlang.load(TWO, model=lm, store=None)
    found = module(ticket="a guest!")
    assert (found.label, found.why, found.result["label"]) == ("gold", "gold", "gold")
    assert (found.usage.calls, found.cost) == (2, None)
    assert dict(found) == {"result": found.result, "label": "gold", "why": "gold"}
    assert [name for name, _ in module.named_predictors()] == ["label", "why"]
    assert module.label is module.steps["label"]


def test_it_awaits_in_a_running_loop_and_waits_in_one(find: Any) -> None:
    async def both() -> list[str]:
        return [(await find.acall(ticket="guest!")).result, find(ticket="guest!").result]

    assert asyncio.run(both()) == ["gold", "gold"]


def test_evaluate_scores_it(find: Any) -> None:
    assert score(find, examples()) == 50.0


def test_demonstrations_are_found_saved_and_loaded(find: Any, tmp_path: Path) -> None:
    bootstrap = dspy.BootstrapFewShot(right, max_bootstrapped_demos=2, max_labeled_demos=0)
    better = bootstrap.compile(find, trainset=examples()[:2])
    assert (score(find, examples()), score(better, examples())) == (50.0, 100.0)
    better.save(tmp_path / "route.tuned.json")
    again = rlmlang.load(RECIPE, store=None)
    again.load(tmp_path / "route.tuned.json")
    assert score(again, examples()) == 100.0
    assert again.found == better.found


def test_what_was_saved_beside_a_recipe_is_used(find: Any, folder: Path) -> None:
    (folder / "route.rlm").write_text(RECIPE)
    bootstrap = dspy.BootstrapFewShot(right, max_bootstrapped_demos=1, max_labeled_demos=0)
    better = bootstrap.compile(find, trainset=examples()[:1])
    rlmlang.load("route.rlm").save("other.json")
    better.save(folder / "route.tuned.json")
    assert rlmlang.load("route.rlm", store=None)(ticket="a guest").result == "gold"


def test_an_lm_of_each_predictor_is_asked() -> None:
    one, two = rule_lm(gold, "rule/one"), rule_lm(lambda s, m: "why", "rule/two")
    module = rlmlang.load(MODELS, store=None)
    module.steps["label"].lm, module.steps["result"].lm = one, two
    assert module(ticket="guest!").result == "why"
    assert (len(asked_of(one)), len(asked_of(two))) == (1, 1)


def test_two_lms_for_one_model_are_refused() -> None:
    module = rlmlang.load(TWO, store=None)
    module.steps["label"].lm, module.steps["why"].lm = rule_lm(gold), rule_lm(gold)
    with pytest.raises(rlmlang.CodedError, match="two LMs"):
        module(ticket="guest!")


def test_the_models_of_a_recipe_are_named_one_by_one() -> None:
    judge = rule_lm(lambda s, m: "why", "rule/judge")
    with dspy.context(lm=rule_lm(gold)):
        module = rlmlang.load(MODELS, models={"judge": judge}, store=None)
        assert module(ticket="guest!").result == "why"
    assert len(asked_of(judge)) == 1


@pytest.mark.parametrize("adapter", [dspy.ChatAdapter(), dspy.JSONAdapter()])
def test_an_adapter_of_dspy_writes_and_reads(find: Any, adapter: dspy.Adapter) -> None:
    with dspy.context(adapter=adapter):
        assert find(ticket="guest!").result == "gold"


def test_history_and_usage_are_what_was_sent(find: Any) -> None:
    lm = dspy.settings.lm
    with dspy.context(track_usage=True):
        found = find(ticket="guest!")
    assert (len(lm.history), len(find.history), len(asked_of(lm))) == (1, 1, 1)
    used = found.get_lm_usage()["rule/one"]
    assert used["prompt_tokens"] == found.usage.tokens_in > 0


class Tree(BaseCallback):
    """Notes what begins within what."""

    def __init__(self) -> None:
        self.depth, self.seen = 0, list[tuple[int, str]]()

    def on_module_start(self, call_id: str, instance: Any, inputs: Any) -> None:
        self.begin(type(instance).__name__)

    def on_lm_start(self, call_id: str, instance: Any, inputs: Any) -> None:
        self.begin("LM")

    def on_module_end(self, call_id: str, outputs: Any, exception: Any = None) -> None:
        self.depth -= 1

    on_lm_end = on_module_end

    def begin(self, name: str) -> None:
        self.seen.append((self.depth, name))
        self.depth += 1


def test_callbacks_see_one_tree() -> None:
    tree = Tree()
    module = rlmlang.load(TWO, model=rule_lm(gold), store=None)
    with dspy.context(callbacks=[tree]):
        module(ticket="guest!")
    assert tree.seen == [(0, "route"), (1, "label"), (2, "LM"), (1, "why"), (2, "LM")]


def test_best_of_n_asks_anew_each_time() -> None:
    said = iter(["plain", "plain", "gold"])
    lm = rule_lm(lambda s, m: next(said))
    module = rlmlang.load(RECIPE, model="", store=None)
    with dspy.context(lm=lm):
        best = dspy.BestOfN(module, 3, lambda _, found: float(found.result == "gold"), 1.0)
        assert best(ticket="a guest").result == "gold"
    assert len(asked_of(lm)) == 3


def test_best_of_n_asks_the_lm_that_was_named() -> None:
    named, of_all = rule_lm(lambda s, m: "gold"), rule_lm(lambda s, m: "lead")
    module = rlmlang.load(RECIPE, model=named, store=None)
    with dspy.context(lm=of_all):
        best = dspy.BestOfN(module, 2, lambda _, found: float(found.result == "gold"), 1.0)
        assert best(ticket="a guest").result == "gold"
    assert asked_of(of_all) == [] and len(asked_of(named)) > 0


def test_many_at_a_time_and_as_part_of_another(find: Any) -> None:
    class Outer(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = find

        def forward(self, ticket: str) -> dspy.Prediction:
            return self.inner(ticket=ticket)

    outer = Outer()
    assert [name for name, _ in outer.named_predictors()] == ["inner.result"]
    pairs = [(outer, {"ticket": f"guest! {n}"}) for n in range(6)]
    found = dspy.Parallel(num_threads=3, disable_progress_bar=True)(pairs)
    assert [p.result for p in found] == ["gold"] * 6


def test_what_was_answered_is_kept_for_the_next_program(folder: Path) -> None:
    lm = rule_lm(gold)
    for _ in range(2):
        assert rlmlang.load(RECIPE, model=lm)(ticket="guest!").result == "gold"
    assert len(asked_of(lm)) == 1
    assert not (folder / ".rlm").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"ticket": 5},
        {"ticket": ["a"]},
        {"tickets": "a"},
        {},
        {"ticket": b"\xff"},
        {"ticket": object()},
    ],
)
def test_inputs_are_held_against_the_types(find: Any, given: dict[str, object]) -> None:
    with pytest.raises(rlmlang.CodedError) as found:
        find(**given)
    assert found.value.diagnostic.code in ("wrong-input", "unknown-input", "missing-input")


def test_a_broken_recipe_says_what_is_wrong() -> None:
    with pytest.raises(rlmlang.BadRecipe, match="no prompt is called"):
        rlmlang.load("rlm 1\nrecipe r(x: [Text]) -> [Text] { return map x with nobody() }\n")


def test_a_pickle_is_never_written(find: Any, tmp_path: Path) -> None:
    with pytest.raises(rlmlang.CodedError, match="JSON"):
        find.save(tmp_path / "program", save_program=True)


def test_the_page_about_python_does_what_it_says(folder: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    (folder / "find.rlm").write_text(SIMPLE.replace("book", "haystack"))
    (folder / "book.txt").write_text(BOOK)
    written = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    (folder / "page.py").write_text(written)
    done = mypy(folder, "page.py")
    assert done.returncode == 0, done.stdout + done.stderr
    there: dict[str, Any] = {}
    exec(compile(written, "python.md", "exec"), there)  # noqa: S102, it is our own page
    assert "third bell" in there["answer"].result
    assert there["answer"].receipt[0].read == len(BOOK)
    assert (folder / "find.tuned.json").exists()
    assert there["read"].predictors() and there["shared"].spent.calls == 0  # it was answered before
    assert not (folder / ".rlm").exists()


WHO = """rlm 1
prompt tell(ticket: Text, times: Int) -> Text max 8tok "Give the label of the ticket."
/// The label of a ticket.
recipe label_of(ticket: Text max 100tok, times: Int = 1) -> Text { return tell(ticket, times) }
"""


def test_it_is_a_tool_of_dspy_with_a_ledger_of_its_own(tmp_path: Path) -> None:
    with dspy.context(lm=rule_lm(gold)):
        find = rlmlang.load(WHO, store=tmp_path / "s.db")
    tool = dspy.Tool(find)
    assert (tool.name, tool.desc) == ("label_of", "The label of a ticket.")
    kinds = {name: schema["type"] for name, schema in (tool.args or {}).items()}
    assert kinds == {"ticket": "string", "times": "integer"}
    assert "default" not in tool.args["ticket"] and "default" in tool.args["times"]

    def agent(system: str, messages: list[str]) -> str:
        if "next_tool_name" not in system:
            return (
                gold(system, messages)
                if "ticket ##" in messages[-1]
                else "[[ ## reasoning ## ]]\nx\n\n[[ ## answer ## ]]\ngold"
            )
        done = "observation_0" in messages[-1]
        name, args = ("finish", "{}") if done else ("label_of", '{"ticket": "guest! calls"}')
        return (
            f"[[ ## next_thought ## ]]\nx\n\n[[ ## next_tool_name ## ]]\n{name}\n\n"
            f"[[ ## next_tool_args ## ]]\n{args}\n\n[[ ## completed ## ]]"
        )

    with dspy.context(lm=rule_lm(agent)):
        answer = dspy.ReAct("question -> answer", tools=[dspy.Tool(find)], max_iters=3)(
            question="Which label?"
        )
        again = find(ticket="guest! calls")
    assert answer.trajectory["tool_name_0"] == "label_of"
    observed = answer.trajectory["observation_0"]
    assert observed.result == "gold" and observed.usage.calls == 1
    assert again.usage.calls == 0 and again.run != observed.run, "each call is a run of its own"
