"""`rlm tune`: what optimizers find, the same for the same seed, held out, bounded, reviewable."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from dspy import lm15

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.testing import Raw, ScriptedEngine
from tests.conftest import ROOT, Rlm
from tests.servers import chat_server, field

REPL = """rlm 1
/// Say how an amount is written.
prompt write(amount: Text max 40tok) -> Text { task: "Write the amount." retry <= 0 }
prompt explore(amount: Text max 40tok) -> Text {
  task: "Find how it is written."
  repl { iters <= 3 calls <= 4 depth <= 0 tools: [write] }
}
recipe amounts(amount: Text max 40tok) -> Text {
  budget { calls <= 12 }
  return explore(amount)
}
dataset book { path: "book.jsonl" bind: { amount: amount } want: written }
metric style(got: Text, want: Text) -> Float from "style.py:style"
eval style for amounts { over: book  score style weight 1 }
tune style for amounts {
  optimizer: gepa
  trials: 40
  split: { train: 30%, dev: 30%, test: 40%, seed: 1 }
  knob write.task in rewrite
}
"""
STYLE = (
    "def style(got, want):\n    return (got == want), '' if got == want else 'RULE: write EUR.'\n"
)


class Writer:
    """A root model that hands the amount to the tool, a writer that follows its instructions, and
    a reflecting model that puts the rule of the feedback into them."""

    def __init__(self) -> None:
        self.reflections: list[str] = []
        self.inner = ScriptedEngine(self.say)

    def say(self, task: Any) -> Any:
        if "turn" in task.inputs:
            return Raw("[[ ## result ## ]]\n```python\nSUBMIT(write(amount))\n```\n")
        if "amount" in task.inputs:
            return task.inputs["amount"] + (" EUR" if "EUR" in task.instructions else "")
        self.reflections.append(str(task))
        return Raw(json.dumps({"new_instruction": "Write the amount. RULE: write EUR."}))

    async def complete(self, request: Any) -> Any:
        return await self.inner.complete(request)


def repl_folder(folder: Path) -> None:
    (folder / "amounts.rlm").write_text(REPL)
    (folder / "style.py").write_text(STYLE)
    rows = [{"amount": str(n), "written": f"{n} EUR"} for n in range(20)]
    (folder / "book.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))


def example(name: str, folder: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / name, folder / name))


def test_few_shot_raises_the_held_out_score_of_the_reader(folder: Path, rlm: Rlm) -> None:
    """examples/routing, offline: at least 15 points, and the file is used, shown, goes stale."""
    here = example("routing", folder)
    recipe = str(here / "route.rlm")
    text = (here / "route.rlm").read_text()
    (here / "route.rlm").write_text(text.replace("[16, 32, 64]", "[64]"))
    found = rlm("tune", recipe, "--json")
    assert found.code == 0, found.err
    values = json.loads(found.out)
    score = values["score"]
    assert score["after"]["mean"] - score["before"]["mean"] >= 0.15
    assert score["verdict"] == "better" and score["difference"]["low"] > 0
    assert values["split"]["test"] == score["after"]["examples"] == 160
    assert "at most" in found.err and "it is never passed" in found.err
    shown = rlm("tune", recipe, "--show").out
    assert "demonstration of result" in shown
    ticket = ("--set", "ticket=The van left it in the rain", "-q")
    assert rlm("run", recipe, *ticket).out == "delivery\n"
    assert rlm("run", recipe, *ticket, "--untuned").out == "billing\n"
    assert "tuned by quality" in rlm("plan", recipe, "--set", "ticket=x").err
    text = (here / "route.rlm").read_text()
    (here / "route.rlm").write_text(text.replace("Which queue does", "What queue does"))
    stale = rlm("run", recipe, "--set", "ticket=The van left it in the rain")
    assert stale.out == "billing\n"
    assert "tuned-stale" in stale.err and "the prompt of `result`" in stale.err


def tune_rules(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    here = Path(shutil.copytree(ROOT / "examples" / "rules", folder / name))
    spec = importlib.util.spec_from_file_location("rules_tune", here / "tune.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(here)
    data = (here / "amounts.tuned.json").read_bytes()
    return json.loads(data), data


def test_gepa_finds_the_missing_rule_and_the_same_file_three_times(folder: Path, rlm: Rlm) -> None:
    found = [tune_rules(folder, f"r{n}") for n in range(3)]
    values = found[0][0]
    assert values["score"]["before"]["mean"] == 0
    assert values["score"]["after"]["mean"] == 1
    assert "two decimals" in values["prompts"]["result"]["task"]
    assert len({data for _, data in found}) == 1
    recipe = folder / "r0" / "rules.rlm"
    done = rlm("tune", str(recipe), "--apply")
    assert done.code == 0, done.err
    text = recipe.read_text()
    assert "RULE: always write two decimals." in text
    assert "// Write amounts the house's way." in text
    assert rlm("fmt", "--check", str(recipe)).code == 0
    assert not (folder / "r0" / "amounts.tuned.json").exists()


def test_a_prompt_that_only_code_calls_is_improved(folder: Path) -> None:
    repl_folder(folder)
    engine = Writer()
    values = rlmlang.tune_recipe("amounts.rlm", engine=engine, store=None, models=("s/m",))
    assert values["score"]["before"]["mean"] == 0
    assert values["score"]["after"]["mean"] == 1
    assert list(values["prompts"]) == ["result.write"]
    assert "RULE: write EUR." in engine.reflections[0]
    outcome = rlmlang.run(
        "amounts.rlm", engine=Writer(), store=None, models=("s/m",), sets={"amount": "7"}
    )
    assert outcome.result == "7 EUR"


def test_the_budget_of_a_tuning_is_exact_and_it_goes_on(folder: Path) -> None:
    """Spent to the last call, parked, begun again with more: what was answered is not asked."""
    repl_folder(folder)
    text = REPL.replace("trials: 40", "trials: 40\n  budget { calls <= 25 }")
    (folder / "amounts.rlm").write_text(text)
    first = Writer()
    with pytest.raises(CodedError) as stopped:
        rlmlang.tune_recipe("amounts.rlm", engine=first, models=("s/m",))
    assert stopped.value.diagnostic.code == "budget-spent"
    assert len(first.inner.requests) <= 25
    assert not (folder / "amounts.tuned.json").exists()
    (folder / "amounts.rlm").write_text(text.replace("25", "500"))
    second, whole = Writer(), Writer()
    values = rlmlang.tune_recipe("amounts.rlm", engine=second, models=("s/m",))
    assert values["score"]["after"]["mean"] == 1
    (folder / "amounts.tuned.json").unlink()
    rlmlang.tune_recipe("amounts.rlm", engine=whole, models=("s/m",), store=None)
    asked = len(first.inner.requests) + len(second.inner.requests)
    assert asked <= len({*first.inner.requests, *second.inner.requests}) + 4  # those in flight


def test_a_tuning_in_a_running_loop_stops_when_it_is_cancelled(folder: Path) -> None:
    """Nothing more is asked behind the caller's back, and the same call goes on from there."""
    repl_folder(folder)

    class Cancels(Writer):
        """Cancels the tuning that asks, once some answers are there."""

        async def complete(self, request: Any) -> Any:
            if len(self.inner.requests) == 12:
                loop.call_soon_threadsafe(task.cancel)
            return await super().complete(request)

    async def tuned() -> None:
        nonlocal loop, task
        loop = asyncio.get_running_loop()
        task = loop.create_task(rlmlang.atune("amounts.rlm", engine=engine, models=("s/m",)))
        with pytest.raises(asyncio.CancelledError):
            await task

    loop: Any = None
    task: Any = None
    engine = Cancels()
    asyncio.run(tuned())
    asked = len(engine.inner.requests)
    assert 12 <= asked < 30 and not (folder / "amounts.tuned.json").exists()
    again = Writer()
    values = asyncio.run(rlmlang.atune("amounts.rlm", engine=again, models=("s/m",)))
    assert values["score"]["after"]["mean"] == 1
    assert not {*engine.inner.requests[:8]} & {*again.inner.requests}


def test_what_is_no_examples_failing_is_never_scored(folder: Path) -> None:
    """A provider that is down stops the tuning; the examples are not counted as wrong."""
    repl_folder(folder)
    count = 0

    class Down(Writer):
        async def complete(self, request: Any) -> Any:
            nonlocal count
            count += 1
            if count > 30:
                raise lm15.AuthError("no")
            return await super().complete(request)

    with pytest.raises(CodedError) as stopped:
        rlmlang.tune_recipe("amounts.rlm", engine=Down(), store=None, models=("s/m",))
    assert stopped.value.diagnostic.code == "model-refused-key"
    assert not (folder / "amounts.tuned.json").exists()


GRID = """rlm 1
prompt note(page: Slice, ask: Text) -> Text? { task: "Note." }
prompt merge(notes: [Text], ask: Text) -> Text { task: "Merge." }
partition pages = tokens(max: 400tok)
recipe find(ask: Text, book: Text) -> Text {
  budget { calls <= 60 }
  let notes = map (split book by pages) with note(ask)
  return reduce notes with merge(ask)
}
dataset dev { path: "dev.jsonl" bind: { ask: ask, book: book } want: label }
eval quality for find { over: dev  score exact weight 1 }
tune sizes for find {
  optimizer: grid
  knob pages.max in [400tok, 100tok]
  split: { train: 20%, dev: 40%, test: 40%, seed: 2 }
}
"""


def test_a_grid_finds_the_number_that_scores_best(folder: Path, rlm: Rlm) -> None:
    """A reader that misses what does not stand at the beginning of its page."""
    (folder / "find.rlm").write_text(GRID)
    chance = random.Random(1)
    rows = []
    for n in range(20):
        lines = [f"line {chance.randrange(99)} of the book" for _ in range(24)]
        lines[16] = f"The code is {n}."
        rows.append({"ask": "code?", "book": "\n".join(lines), "label": str(n)})
    (folder / "dev.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    def script(task: Any) -> Any:
        if "page" in task.inputs:
            seen = task.inputs["page"][:170]
            return seen.partition("code is ")[2].partition(".")[0] if "code is " in seen else ""
        return next(iter(task.inputs["notes"].split()), "")

    values = rlmlang.tune_recipe(
        "find.rlm", engine=ScriptedEngine(script), store=None, models=("s/m",)
    )
    assert values["knobs"]["numbers"] == {"pages.max": "100tok"}
    assert values["score"]["after"]["mean"] == 1 and values["score"]["before"]["mean"] < 1
    plan = rlmlang.plan_recipe("find.rlm", models=("s/m",))
    plain = rlmlang.plan_recipe("find.rlm", models=("s/m",), untuned=True)
    assert plan.hash != plain.hash


def test_a_choice_that_does_not_check_is_told_before_anything_runs(folder: Path, rlm: Rlm) -> None:
    (folder / "find.rlm").write_text(GRID.replace("[400tok, 100tok]", "[400tok, 7]"))
    row = json.dumps({"ask": "code?", "book": "The code is 1.", "label": "1"})
    (folder / "dev.jsonl").write_text(f"{row}\n" * 20)
    found = rlm("tune", "find.rlm", "--dry-run")
    assert found.code == 65 and "wrong-unit" in found.err


def test_traces_come_in_the_order_of_the_plan(folder: Path) -> None:
    """Calls that end in any order give one demonstration set."""
    import asyncio

    (folder / "find.rlm").write_text(
        GRID.replace("optimizer: grid", "optimizer: bootstrap").replace(
            "knob pages.max in [400tok, 100tok]", "knob note.demos in [4]"
        )
    )
    rows = [
        {
            "ask": "code?",
            "book": f"The code is {n}.\n" + "filler words here\n" * 40,
            "label": "same",
        }
        for n in range(12)
    ]
    (folder / "dev.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    class Jittered(ScriptedEngine):
        async def complete(self, request: Any) -> Any:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            return await super().complete(request)

    files = []
    for seed in range(3):
        chance = random.Random(seed)
        engine = Jittered(lambda t: "same" if "notes" in t.inputs else t.inputs["page"][:20])
        rlmlang.tune_recipe("find.rlm", engine=engine, store=None, models=("s/m",))
        files.append(json.loads((folder / "find.tuned.json").read_text())["tried"])
        (folder / "find.tuned.json").unlink()
    assert files[0] == files[1] == files[2]


def test_a_price_before_it_starts_that_is_never_passed(folder: Path, rlm: Rlm) -> None:
    repl_folder(folder)
    found = rlm("tune", "amounts.rlm", "--dry-run", "--json", "--model", "offline/reader")
    assert found.code == 0, found.err
    price = json.loads(found.out)
    assert json.loads(rlm("plan", "amounts.rlm", "--tune", "--json").out)["runs"] == price["runs"]
    engine = Writer()
    values = rlmlang.tune_recipe("amounts.rlm", engine=engine, store=None, models=("s/m",))
    assert values["cost"]["runs"] <= price["runs"]
    most = price["runs"] * price["calls"] + price["reflections"]
    assert len(engine.inner.requests) <= most


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "tuned-unreadable"),
        ('{"format": 9}', "tuned-unreadable"),
        ("[]", "tuned-unreadable"),
        ('{"format": 1, "prompts": {"x": 3}}', "tuned-unreadable"),
    ],
)
def test_a_broken_tuning_is_told(folder: Path, rlm: Rlm, text: str, code: str) -> None:
    repl_folder(folder)
    (folder / "amounts.tuned.json").write_text(text)
    found = rlm("plan", "amounts.rlm")
    assert found.code == 1 and code in found.err and "Traceback" not in found.err
    assert rlm("plan", "amounts.rlm", "--untuned").code == 0


@pytest.mark.parametrize("command", ["eval", "tune"])
def test_ctrl_c_hears_out_what_is_on_its_way_and_goes_on(folder: Path, command: str) -> None:
    """A real process and a real server: the first Ctrl-C ends it with 130, and the second run asks
    only for the rest."""
    (folder / "find.rlm").write_text(GRID)
    row = {"ask": "code?", "label": "1"}
    rows = [{**row, "book": f"The code is {n}."} for n in range(20)]
    (folder / "dev.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "rlm.toml").write_text('[models]\ndefault = "my/model"\n')
    enough = threading.Event()

    def answer(body: dict[str, Any]) -> Any:
        if len(server.requests) >= 6:
            enough.set()
            time.sleep(0.3)
        return field("1")

    args = [sys.executable, "-m", "rlmlang", command, "find.rlm", "--at-once", "2"]
    with chat_server(answer) as server:
        args += ["--api-base", server.base]
        running = subprocess.Popen(args, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert enough.wait(60)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130, err
        assert "run the same command again" in err and "Traceback" not in err
        asked = len(server.requests)
        done = subprocess.run(args, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        texts = [json.dumps(r["messages"]) for r in server.requests]
        assert asked < 20 and len(texts) == len(set(texts))


def test_a_failed_check_becomes_feedback_by_itself(folder: Path) -> None:
    """What a step was told by its check is told to the reflecting model, for that step alone."""
    from rlmlang.program.optimizers import feedback
    from rlmlang.program.tunable import Answered
    from rlmlang.runtime.prepared import Options
    from rlmlang.testing.choosing import choose_eval, examples_of
    from rlmlang.testing.evals import Way, account_of, score_one

    text = REPL.replace(
        'task: "Write the amount." retry <= 0',
        'task: "Write the amount." check: contains(result, "EUR") retry <= 1',
    )
    text = text.replace("return explore(amount)", "return write(amount)").split("tune style")[0]
    repl_folder(folder)
    (folder / "amounts.rlm").write_text(text)
    made = choose_eval("amounts.rlm", "style")
    answers = iter(["7", "7 EUR"])
    options = Options(store=None, models=("s/m",))
    way = Way(
        "amounts.rlm",
        "amounts",
        options,
        account_of("x", made.budget),
        ScriptedEngine(lambda t: next(answers)),
    )
    scored = asyncio.run(score_one(made, examples_of(made).rows[0], way))
    assert scored.told and scored.told[0][0] == "result"
    found = Answered(scored.score, scored.reason, scored.told, ())
    mine, other = feedback(found, "result"), feedback(found, "notes")
    assert "was not taken" in mine and "contains" in mine
    assert "was not taken" not in other


OPTIMIZERS = ["gepa", "bootstrap", pytest.param("mipro", marks=pytest.mark.skipif(
    importlib.util.find_spec("optuna") is None, reason="an extra"))]  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_tuning_changes_nothing_for_the_rest_of_its_process(
    folder: Path, optimizer: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Seen from the thread in which the recipe runs, while the optimizer waits in another: DSPy,
    tqdm and the streams are as ever, what it logs there is shown; and nothing else is."""
    import tqdm
    from dspy.evaluate import evaluate

    def around() -> tuple[object, ...]:
        return (
            sys.stdout,
            sys.stderr,
            vars(tqdm.tqdm)["__init__"],
            evaluate.ParallelExecutor,
            logging.getLogger("dspy").level,
        )

    class Looking(Writer):
        def say(self, task: Any) -> Any:
            seen.add(around())
            logging.getLogger("dspy.other").warning("a line of another's")
            if {"turn", "amount"} & set(task.inputs):
                return super().say(task)
            fields = ("observations", "summary", "proposed_instruction")  # as MIPROv2 asks
            self.reflections.append(str(task))
            words = f"{len(self.reflections)}. RULE: write EUR."
            new = json.dumps({"new_instruction": words})
            return Raw(
                new
                if optimizer == "gepa"
                else "".join(f"[[ ## {name} ## ]]\n{words}\n\n" for name in ("reasoning", *fields))
            )

    repl_folder(folder)
    knob = "knob write.demos in [2]" if optimizer == "bootstrap" else "knob write.task in rewrite"
    text = REPL.replace("knob write.task in rewrite", knob)
    (folder / "amounts.rlm").write_text(text.replace("optimizer: gepa", f"optimizer: {optimizer}"))
    seen, before = set[tuple[object, ...]](), around()
    values = rlmlang.tune_recipe("amounts.rlm", engine=Looking(), store=None, models=("s/m",))
    assert values["score"]["after"]["mean"] == (0 if optimizer == "bootstrap" else 1)
    assert seen == {before} and around() == before
    out, err = capfd.readouterr()
    assert out == ""
    assert err and all(line.endswith("a line of another's") for line in err.splitlines())
