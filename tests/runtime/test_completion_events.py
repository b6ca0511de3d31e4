"""What is heard of a question while it is answered: by a hook, and by an async iterator."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.stores.reader import StoreReader
from rlmlang.trajectory.events import Event
from tests.questions import asked, asking, models

CELLS = ("print('one', llm_query('a'))", "1 / 0", "SUBMIT('done')")
SEEN = (rlmlang.TurnStarted, rlmlang.CallFinished, rlmlang.CellFinished, rlmlang.BudgetUsed)


def told(events: list[Any]) -> list[str]:
    """The events of turns, in words."""
    found = []
    for event in events:
        if isinstance(event, rlmlang.TurnStarted):
            found.append(f"turn {event.turn} of {event.turns}, {event.calls_left} calls left")
        elif isinstance(event, rlmlang.CallFinished):
            found.append(f"answered {event.call}")
        elif isinstance(event, rlmlang.CellFinished):
            last = event.error.strip().rpartition("\n")[2]
            found.append(f"ran {event.call}: {event.output.strip()} {last} {event.submitted}")
        elif isinstance(event, rlmlang.BudgetUsed):
            found.append(f"used {event.calls} calls of {event.limits['calls']:g}")
    return found


ORDER = [
    "turn 1 of 16, 60 calls left",
    "answered result.turn 0",
    "answered result.query 1",
    "ran result.turn 0: one gpt-4o-mini says  False",
    "used 2 calls of 100",
    "turn 2 of 16, 59 calls left",
    "answered result.turn 1",
    "ran result.turn 1:  ZeroDivisionError: division by zero False",
    "used 3 calls of 100",
    "turn 3 of 16, 59 calls left",
    "answered result.turn 2",
    "ran result.turn 2:   True",
    "used 4 calls of 100",
]


def test_a_hook_hears_each_turn_and_sub_call_in_order(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    with models(monkeypatch, *CELLS) as server:
        found = asked(server, on_event=heard.append, store="runs.db")
    assert told(heard) == ORDER
    assert [e.seq for e in heard] == sorted(e.seq for e in heard)
    cells = [e for e in heard if isinstance(e, rlmlang.CellFinished)]
    assert [c.code for c in cells] == list(CELLS)
    reader = StoreReader(Path("runs.db"))
    kept = [e for e in reader.events(reader.choose(found.run)) if isinstance(e, SEEN)]
    reader.close()
    assert told(kept) == ORDER


def test_what_code_printed_is_kept_without_secrets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "sk-verysecret0123456789")
    heard: list[Event] = []
    with models(monkeypatch, "print(context)", "SUBMIT('x')") as server:
        asked(server, context="sk-verysecret0123456789", on_event=heard.append, store="runs.db")
    reader = StoreReader(Path("runs.db"))
    kept = [e for e in reader.events(reader.choose("")) if isinstance(e, rlmlang.CellFinished)]
    reader.close()
    assert kept[0].output == "[secret]\n"


def test_an_iterator_ends_with_the_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def events(server: Any) -> list[Any]:
        stream = rlmlang.astream("Who pays?", "Ann pays.", **asking(server))
        return [event async for event in stream]

    with models(monkeypatch, *CELLS) as server:
        found = asyncio.run(events(server))
    assert told(found) == ORDER
    assert isinstance(found[-1], rlmlang.Completion)
    assert (str(found[-1]), found[-1].usage.calls) == ("done", 4)


@pytest.mark.parametrize("closing", [True, False])
def test_a_loop_that_is_left_cancels_the_run_and_keeps_what_was_paid(
    folder: Path, monkeypatch: pytest.MonkeyPatch, closing: bool
) -> None:
    async def first_cell(server: Any) -> None:
        stream = rlmlang.astream("Who pays?", "Ann.", **asking(server, store="runs.db"))
        if not closing:
            async for event in stream:
                if isinstance(event, rlmlang.CellFinished):
                    break
            del stream, event
            gc.collect()
            return
        async with aclosing(stream):
            async for event in stream:
                if isinstance(event, rlmlang.CellFinished):
                    break

    with models(monkeypatch, *CELLS) as server:
        asyncio.run(first_cell(server))
        assert len(server.requests) in (2, 3)
        found = asked(server, context="Ann.", store="runs.db")
        assert str(found) == "done"
        assert len({str(r) for r in server.requests}) == 4


def test_what_a_hook_raises_ends_the_run_and_is_raised(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear(event: Event) -> None:
        if isinstance(event, rlmlang.CellFinished):
            raise KeyError("mine")

    async def awaited(server: Any) -> None:
        await rlmlang.acompletion("Who pays?", "Ann.", **asking(server, on_event=hear))

    with models(monkeypatch, *CELLS) as server:
        with pytest.raises(KeyError, match="mine"):
            asked(server, on_event=hear, store="runs.db")
        assert len(server.requests) == 2
        assert str(asked(server, store="runs.db")) == "done"
        assert len(server.requests) == 4
        with pytest.raises(KeyError, match="mine"):
            asyncio.run(awaited(server))


def test_an_iterator_raises_what_stops_the_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def events(server: Any) -> None:
        how = asking(server, budget={"calls": 2}, max_calls=1)
        async for _ in rlmlang.astream("Who pays?", "Ann.", **how):
            pass

    with models(monkeypatch, *CELLS) as server, pytest.raises(rlmlang.CodedError) as stopped:
        asyncio.run(events(server))
    assert stopped.value.diagnostic.code == "budget-spent"
