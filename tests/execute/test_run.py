"""Runs: streaming, order, losses that are written down, and what the record holds."""

from __future__ import annotations

import json
from pathlib import Path

import rlmlang
from rlmlang.models.offline.request import Task
from rlmlang.stores.reader import StoreReader
from rlmlang.testing import Raw, ScriptedEngine
from rlmlang.trajectory.kinds import to_json
from tests.conftest import SIMPLE, Rlm

STORE = Path(".rlm") / "store.db"
LINES = """rlm 1
prompt note(page: Slice) -> Text "Note."
prompt merge(notes: [Text]) -> Text "Merge."
recipe find(book: Text) -> Text {
  let notes = map (split book by lines(per: 1)) with note()%s
  return %s
}
"""


def book_of(folder: Path, count: int) -> dict[str, str]:
    """A book of numbered lines."""
    (folder / "b.txt").write_text("".join(f"line {i}\n" for i in range(count)))
    return {"book": "b.txt"}


def test_joins_begin_before_the_last_page_is_read(folder: Path) -> None:
    (folder / "r.rlm").write_text(LINES % ("", "reduce notes with merge() { fanin: 4 }"))
    asked: list[str] = []

    def script(task: Task) -> str:
        asked.append("merge" if "notes" in task.inputs else "note")
        return task.inputs.get("page", "joined").strip()

    outcome = rlmlang.run(
        "r.rlm", engine=ScriptedEngine(script), sources=book_of(folder, 200), parallel=4
    )
    assert outcome.problem is None
    last_note = len(asked) - 1 - asked[::-1].index("note")
    assert asked.index("merge") < 40 < last_note


def test_memory_does_not_grow_with_the_number_of_items(folder: Path) -> None:
    """Where one step takes the items of another, those that were taken are let go."""
    from rlmlang.execute import stream

    (folder / "r.rlm").write_text(LINES % ("", "reduce notes with merge() { fanin: 4 }"))
    most = 0
    put = stream.Stream.put

    async def watched(self: stream.Stream, item: object) -> bool:
        nonlocal most
        done = await put(self, item)
        most = max(most, len(self._items))
        return done

    stream.Stream.put = watched  # type: ignore[method-assign]
    try:
        outcome = rlmlang.run(
            "r.rlm",
            engine=ScriptedEngine(lambda t: "x"),
            sources=book_of(folder, 3000),
            store=None,
            sets={"budget.calls": "9000"},
        )
    finally:
        stream.Stream.put = put  # type: ignore[method-assign]
    assert outcome.problem is None
    assert most <= stream.AHEAD


def test_items_that_are_lost_stand_in_the_receipt(folder: Path, rlm: Rlm) -> None:
    (folder / "r.rlm").write_text(LINES % (" { on_error: skip(at_most: 50%) }", "join_text(notes)"))

    def script(task: Task) -> object:
        return (
            Raw("junk")
            if task.inputs["page"].strip().endswith("3")
            else task.inputs["page"].strip()
        )

    outcome = rlmlang.run(
        "r.rlm", engine=ScriptedEngine(script), sources=book_of(folder, 10), store=STORE
    )
    (line,) = outcome.receipt
    assert outcome.result.splitlines() == [f"line {i}" for i in range(10) if i != 3]
    assert (line.promised, line.skipped, line.total - line.read) == ("some", 1, len("line 3\n"))
    assert "1 skipped" in rlm("show").out


def test_an_assumption_stands_in_the_receipt(folder: Path) -> None:
    text = LINES % (
        ' {\n    on_error: skip(at_most: 50%)\n    assume exact because "lines are independent"\n  }',
        "text(count(notes))",
    )
    (folder / "r.rlm").write_text(text)
    outcome = rlmlang.run("r.rlm", engine=ScriptedEngine(lambda t: "x"), sources=book_of(folder, 4))
    assert outcome.result == "4"
    assert outcome.receipt[0].assumed == "lines are independent"


def test_events_say_where_they_belong_and_what_was_read(folder: Path) -> None:
    (folder / "r.rlm").write_text(LINES % ("", "reduce notes with merge()"))
    rlmlang.run(
        "r.rlm", engine=ScriptedEngine(lambda t: "x"), sources=book_of(folder, 3), store=STORE
    )
    reader = StoreReader(STORE)
    events = [to_json(e) for e in reader.events(reader.choose("last"))]
    reader.close()
    assert [e["seq"] for e in events] == sorted({e["seq"] for e in events})
    assert len({e["run"] for e in events}) == 1
    done = [e for e in events if e["event"] == "call_finished" and e["prompt"] == "note"]
    assert sorted(tuple(r) for e in done for r in e["ranges"]) == [
        ("b.txt", 0, 7),
        ("b.txt", 7, 14),
        ("b.txt", 14, 21),
    ]
    assert {e["parent"] for e in done} == {"find.notes"}
    assert {e["parent"] for e in events if e["event"] == "step_started"} == {"find"}
    assert events[-1]["receipt"][0]["read"] == 21


def test_only_the_branch_that_is_taken_is_paid(folder: Path) -> None:
    (folder / "r.rlm").write_text("""rlm 1
prompt a(x: Text) -> Text "A."
prompt b(x: Text) -> Text "B."
recipe r(book: Text, first: Bool) -> Text {
  let answer = if first then a(book) else b(book)
  return answer
}
""")
    for truth, word in (("true", "A."), ("false", "B.")):
        engine = ScriptedEngine(lambda task: task.instructions)
        outcome = rlmlang.run(
            "r.rlm", engine=engine, sources=book_of(folder, 2), sets={"first": truth}
        )
        assert (outcome.result, len(engine.requests)) == (word, 1)


def test_a_wall_budget_ends_the_run(folder: Path) -> None:
    import asyncio

    class Hangs(ScriptedEngine):
        async def complete(self, request: object) -> object:
            await asyncio.Event().wait()
            return None

    (folder / "r.rlm").write_text(LINES % ("", "join_text(notes)"))
    outcome = rlmlang.run(
        "r.rlm",
        engine=Hangs(lambda t: "x"),
        sources=book_of(folder, 2),
        sets={"budget.wall": "0.2"},
    )
    assert outcome.problem is not None
    assert (outcome.problem.diagnostic.code, outcome.problem.entry.exit_code) == (
        "budget-spent",
        75,
    )


def test_an_unknown_price_is_never_zero(book: Path, rlm: Rlm) -> None:
    from tests.servers import chat_server, field

    args = (
        "run",
        "find.rlm",
        "--source",
        "book=book.txt",
        "--set",
        "question=x",
        "--model",
        "my/model",
    )
    with chat_server(lambda body: field("x")) as server:
        done = rlm(*args, "--api-base", server.base, "--json")
    assert json.loads(done.out)["usage"]["usd"] is None
    assert "price unknown" in done.err
    assert "$0" not in done.err
    assert "price unknown" in rlm("show").out


def test_the_predictors_have_stable_names(book: Path) -> None:
    from rlmlang.ir.predictors import prompts_of
    from rlmlang.program.program import RecipeProgram
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options

    recipe = prepare("find.rlm", Options(), need_all=False).plan
    names = [name for name, _ in RecipeProgram(prompts_of(recipe)).named_predictors()]
    assert names == ["steps['notes']", "steps['result']"]


def test_one_prompt_in_two_steps_is_two_predictors_that_differ(folder: Path) -> None:
    from rlmlang.ir.predictors import prompts_of
    from rlmlang.program.program import RecipeProgram
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options

    text = SIMPLE.replace(
        "  return reduce",
        "  let more = map notes with again()\n  let same = map more with again()\n  return reduce",
    ).replace("reduce notes", "reduce same")
    (folder / "r.rlm").write_text(text + '\nprompt again(note: Text) -> Text "Again."\n')
    program = RecipeProgram(prompts_of(prepare("r.rlm", Options(), need_all=False).plan))
    said = [p.signature.instructions for p in program.steps.values()]
    assert len(set(said)) == len(said) == 4


def test_order_is_kept_while_the_reader_is_slower_than_the_writers(folder: Path) -> None:
    import asyncio
    import random

    (folder / "r.rlm").write_text("""rlm 1
prompt note(page: Slice) -> Text "Note."
prompt again(note: Text) -> Text "Again."
recipe find(book: Text) -> Text {
  let notes = map (split book by lines(per: 1)) with note() { parallel: 64 }
  let more = map notes with again() { parallel: 1 }
  return join_text(more)
}
""")
    chance = random.Random(7)

    class Uneven(ScriptedEngine):
        async def complete(self, request: object) -> object:
            for _ in range(chance.randint(0, 3)):
                await asyncio.sleep(0)
            return await super().complete(request)  # type: ignore[arg-type]

    def script(task: Task) -> str:
        return next(iter(task.inputs.values())).strip()

    outcome = rlmlang.run(
        "r.rlm",
        engine=Uneven(script),
        sources=book_of(folder, 600),
        parallel=80,
        sets={"budget.calls": "9000"},
        store=None,
    )
    assert outcome.problem is None
    assert outcome.result.splitlines() == [f"line {i}" for i in range(600)]
