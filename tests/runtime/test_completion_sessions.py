"""Questions that go on with an earlier session, also in another process."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.runtime.exploring import Exploring
from rlmlang.trajectory.events import Event, SessionLeft
from tests.questions import asked, asking, models, plan
from tests.servers import Server

FIRST = """names = ["Ann", "Bo"]
seen = {("a", 1): {"x", "y"}, "n": None}
part = llm_query
def later(): return names
import re
left = names.pop()
SUBMIT("Ann and Bo")
behind = llm_query("asks nobody")
"""
TOLD = """print(names, left, sorted(seen[("a", 1)]), conversation)
try:
    print(later)
except NameError as e:
    print(e)
SUBMIT(" ".join([conversation[0]["answer"], names[0], left]))"""
SCRIPT = """
import sys
from pathlib import Path
import rlmlang
print(rlmlang.completion("Who pays?", "Ann pays.", model="openai/gpt-4o-mini", session="case 7",
    api_base=sys.argv[1], store=Path("runs.db"), sandbox=sys.argv[2], allow_unsafe=True))
"""
KEPT = {"store": "runs.db", "session": "case 7"}


def turn(server: Server, at: int = -1) -> str:
    """What the root model was shown of the turns and the conversation."""
    text = str(server.requests[at]["messages"][-1]["content"])
    return text.partition("[[ ## history ## ]]")[2].partition("[[ ## turn ## ]]")[0]


@pytest.mark.parametrize("sandbox", ["monty", "cpython"])
def test_a_session_goes_on_in_another_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sandbox: str
) -> None:
    with models(monkeypatch, FIRST) as server:
        command = [sys.executable, "-c", SCRIPT, server.base, sandbox]
        first = subprocess.run(command, capture_output=True, text=True, check=True)
        assert first.stdout == "Ann and Bo\n"
        assert len(server.requests) == 1
    heard: list[Event] = []
    with models(monkeypatch, TOLD) as server:
        how = {**KEPT, "sandbox": sandbox, "allow_unsafe": True, "on_event": heard.append}
        found = asked(server, "And Bo?", "Something else.", **how)
        assert str(found) == "Ann and Bo Ann Bo"
        shown = turn(server, 0)
    assert "Asked: Who pays?\nAnswered: Ann and Bo" in shown
    assert "Variables that are still there: names, seen, left" in shown
    assert "Not kept, to be made anew: part, later, re" in shown
    (cell,) = [e for e in heard if isinstance(e, rlmlang.CellFinished)]
    assert "['Ann'] Bo ['x', 'y'] [{'question': 'Who pays?'" in cell.output
    assert "name 'later' is not defined" in cell.output
    with models(monkeypatch, "SUBMIT(str(len(conversation)))") as server:
        assert str(asked(server, "A third?", **KEPT)) == "2"
        assert str(asked(server, "A third?", store="runs.db", session="another")) == "0"


def test_a_question_that_was_stopped_is_resumed_with_what_was_paid(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, rlmlang.CellFinished):
            raise KeyError("stopped")

    with models(monkeypatch, "n = 1\nSUBMIT('x')") as server:
        asked(server, **KEPT)
    with models(monkeypatch, "n += 1", "SUBMIT(str(n))") as server:
        with pytest.raises(KeyError, match="stopped"):
            asked(server, "More?", **KEPT, on_event=stop)
        assert str(asked(server, "More?", **KEPT)) == "2"
        assert len(server.requests) == 2


def test_one_call_at_a_time_has_a_session(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, gate = threading.Event(), threading.Event()
    found: list[Any] = []

    def hear(event: Event) -> None:
        if isinstance(event, rlmlang.CellFinished):
            inside.set()
            gate.wait(60)

    with models(monkeypatch, "SUBMIT('x')") as server:
        how = {**KEPT, "on_event": hear}
        first = threading.Thread(target=lambda: found.append(asked(server, **how)))
        first.start()
        try:
            assert inside.wait(60)
            with pytest.raises(rlmlang.CodedError) as refused:
                asked(server, "Another?", **KEPT)
            assert refused.value.diagnostic.code == "session-in-use"
            assert len(server.requests) == 1
        finally:
            gate.set()
            first.join()
        assert [str(x) for x in found] == ["x"]
        assert str(asked(server, "Another?", **KEPT)) == "x"


def test_what_a_session_leaves_is_kept_without_secrets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "sk-verysecret0123456789")
    with models(monkeypatch, "key = context\nSUBMIT(key)", "SUBMIT(key)") as server:
        assert str(asked(server, context="sk-verysecret0123456789", **KEPT)) != "[secret]"
    assert b"verysecret" not in Path("runs.db").read_bytes()
    with models(monkeypatch, "SUBMIT(key)") as server:
        assert str(asked(server, "What was it?", **KEPT)) == "[secret]"
        assert "Answered: [secret]" in turn(server)


def test_nothing_is_left_where_no_session_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    with models(monkeypatch, "n = 1\nSUBMIT('x')\nllm_query('never')") as server:
        asked(server, on_event=heard.append)
    assert not [e for e in heard if isinstance(e, SessionLeft)]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"session": "x", "store": None}, "a session is kept in a store"),
        ({"session": ""}, "session='' is no name"),
        ({"session": 7}, "session=7 is no name"),
    ],
)
def test_what_is_no_session_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: Exploring, words: str
) -> None:
    with models(monkeypatch) as server:
        with pytest.raises(rlmlang.CodedError, match=words):
            asked(server, **{"store": "runs.db", **how})
        assert not server.requests


def test_the_room_of_the_conversation_is_counted_and_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, more = plan(), plan(sets={"explore.conversation": "40ktok"})
    room = 17 * (80_000 - 8_000)  # bytes, in the 16 turns and the last word
    most = usual.binding.most
    before, after = (p.totals.worst.tokens_in.value() for p in (usual, more))
    assert after - before == room * most
    with models(monkeypatch, "SUBMIT('y' * 5_000)") as server:
        for number in range(5):
            asked(server, f"Question {number}?", **KEPT)
        shown = turn(server)
    assert len(shown.encode()) < 8_200
    assert "(3 earlier questions are not shown)" in shown
    assert "Question 3?" in shown
    assert "Question 1?" not in shown


def test_a_session_is_awaited_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def both(server: Server) -> str:
        how = asking(server, **KEPT)
        await rlmlang.acompletion("Who pays?", "Ann.", **how)
        return str(await rlmlang.acompletion("And?", "Ann.", **how))

    with models(monkeypatch, "n = globals().get('n', 0) if False else 1\nSUBMIT('x')") as server:
        assert asyncio.run(both(server)) == "x"
        assert "Variables that are still there: n" in turn(server)
