"""Functions outside of the sandbox that code of a session calls: typed, counted, recorded, kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.runtime.python.process import PROCESSES
from rlmlang.sandboxes.worker.contexts import FUNCTIONS
from rlmlang.schema.tools import OWN_NAMES
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import Event, ToolCalled
from tests.conftest import Rlm

RECIPE = """rlm 1
record Row {{ id: Int, name: Text, tags: [Text]? }}
/// Rows of the register by a key.
code lookup(key: Text, most: Int?) -> [Row] from "mine.py:lookup"
code note(text: Text) -> {gives} from "mine.py:note"
prompt explore(question: Text) -> Text {{
  task: "Find out."
  repl {{ iters <= 4 calls <= 2 depth <= {depth} shown <= 4kch tools: [grep, lookup, note] {more} }}
}}
recipe ask(question: Text) -> Text {{
  budget {{ calls <= 50 depth <= 9 {budget} }}
  return explore(question)
}}
"""
MINE = """
import os, time
ROWS = [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo", "tags": ["x"]}]

def lookup(key, most=None):
    if key == "none":
        raise KeyError("no such key")
    if key == "many":
        return ROWS * 2_000
    if key == "wrong":
        return [{"id": "one"}]
    return [r for r in ROWS if key in r["name"]][:most]

def note(text):
    NOTE
"""


def play(
    folder: Path, *cells: str, note: str = "return text", listener: Any = None, **changes: Any
) -> tuple[Any, Any, list[ToolCalled]]:
    """A run whose model writes these cells, one a turn; its calls of tools."""
    usual = {"more": "", "budget": "", "gives": "Text", "depth": 0}
    store = changes.pop("store", None)
    (folder / "t.rlm").write_text(RECIPE.format(**{**usual, **changes}))
    (folder / "mine.py").write_text(MINE.replace("NOTE", textwrap.indent(note, "    ").strip()))
    told: list[Event] = []

    def script(task: Any) -> str:
        turn = int(task.inputs["turn"].split()[1]) if "turn" in task.inputs else 0
        assert turn <= len(cells), task.inputs["history"]
        return f"```python\n{cells[turn - 1]}\n```" if turn else "the last word"

    engine = ScriptedEngine(script)
    outcome = rlmlang.run(
        str(folder / "t.rlm"), engine=engine, sets={"question": "who?"}, store=store,
        listener=told.append,
    )  # fmt: skip
    return outcome, engine, [e for e in told if isinstance(e, ToolCalled)]


def test_a_function_is_called_with_types_and_recorded(tmp_path: Path) -> None:
    outcome, engine, calls = play(
        tmp_path, "rows = lookup('Bo', most=3)\nSUBMIT(f\"{rows[0]['id']} {rows[0]['tags']}\")"
    )
    assert outcome.problem is None, outcome.problem
    assert outcome.result == "2 ['x']"
    assert (
        "lookup(key: Text, most: Int?) -> [{id: Int, name: Text, tags: [Text]?}]  # Rows of the register by a key."
        in (engine.requests[0])
    )
    assert outcome.usage.calls == 1, "a tool costs no call"
    (call,) = calls
    assert (call.tool, json.loads(call.arguments)) == ("lookup", {"key": "Bo", "most": 3})
    assert call.size == len(json.dumps([{"id": 2, "name": "Bo", "tags": ["x"]}]))
    assert str(call.call) == "result.lookup 1" and call.seconds > 0 and not call.error


@pytest.mark.parametrize("tier", ["monty", "cpython"])
def test_every_mistake_has_words_that_the_code_can_mend(tmp_path: Path, tier: str) -> None:
    tries = ["lookup(7)", "lookup()", "lookup('a', 'b')", "lookup('none')", "lookup('wrong')"]
    cell = "said = []\n" + "\n".join(
        f"try:\n    {x}\nexcept Exception as e:\n    said.append(type(e).__name__ + ' ' + str(e))"
        for x in tries
    )
    outcome, _, calls = play(tmp_path, cell + "\nSUBMIT('|'.join(said))", more=f"sandbox: {tier}")
    said = outcome.result.split("|")
    form = "call it as lookup(key: Text, most: Int?) -> [{id: Int, name: Text, tags: [Text]?}]"
    assert said[0].startswith("TypeError key is 7, not Text; " + form)
    assert said[1].startswith("TypeError " + form)
    assert said[2].startswith("TypeError most is 'b', not Int?; " + form)
    assert "KeyError: 'no such key'" in said[3]
    assert "gave what is no [Row]" in said[4]
    assert [c.tool for c in calls] == ["lookup", "lookup"], "what was never called is no call"
    assert "mine.py:7, in lookup" in calls[0].frames[0]
    assert "called with: 'none', None" in calls[0].frames[-1]


def test_large_results_are_handles(tmp_path: Path) -> None:
    cell = """a, b = lookup('many'), note('x' * 1_500_000)
SUBMIT(f"{len(a)} {a[3999]['name']} {len(b)} {b[:3]} {'handle' in repr(b)}")"""
    outcome, _, _ = play(tmp_path, cell)
    assert outcome.result == "4000 Bo 1500000 xxx True"


def test_what_is_too_large_is_told(tmp_path: Path) -> None:
    cell = """said = []
for text in ('x' * 100, 'y' * 9_000_000):
    try:
        note(text)
    except (RuntimeError, ValueError) as e:
        said.append(str(e))
SUBMIT('|'.join(said))"""
    outcome, _, calls = play(tmp_path, cell, note="return 'x' * 9_000_000")
    gave, took = outcome.result.split("|")
    assert gave == "note gave 9,000,002 characters; at most 8,000,000: ask for less at a time"
    assert took.startswith("9,000,012 characters of arguments; at most 8,000,000")
    assert [c.size for c in calls] == [9_000_002]


@pytest.mark.parametrize("depth", [0, 1])
def test_a_tool_is_called_no_more_often_than_is_declared(tmp_path: Path, depth: int) -> None:
    cell = """done = 0
try:
    for i in range(9):
        lookup('Ann')
        done += 1
except RuntimeError as e:
    SUBMIT(f'{done} {e}')"""
    if depth:  # the session below counts with the one above
        below = textwrap.indent(cell, "    ")
        cell = f"""try:
    question
    above = True
except NameError:
    above = False
if above:
    lookup('Bo')
    SUBMIT(rlm_query('look'))
else:
{below}"""
    outcome, engine, calls = play(tmp_path, cell, more="calls of lookup <= 3", depth=depth)
    assert outcome.problem is None, outcome.problem
    assert outcome.result.startswith(
        f"{3 - depth} lookup may be called 3 times in this session, and was."
    )
    assert len(calls) == 3
    assert "(at most 3 calls)" in engine.requests[0]


def test_a_function_that_hangs_is_cut_off_with_its_session(tmp_path: Path) -> None:
    outcome, _, calls = play(
        tmp_path,
        "lookup('Ann')\nnote('now')",
        note="open(os.path.dirname(__file__) + '/began', 'w').write(str(os.getpid()))\nwhile True: time.sleep(1)",
        more="wall <= 4s",
    )
    assert outcome.problem.diagnostic.code == "session-out-of-time"
    assert calls[-1].tool == "note" and calls[-1].error.startswith("it was cut off")
    PROCESSES.close()  # nothing waits for it: the lock of its folder is free
    assert not alive(int((tmp_path / "began").read_text()))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_cannot_be_loaded_stops_before_anything_is_asked(tmp_path: Path) -> None:
    outcome, engine, _ = play(tmp_path, "SUBMIT('x')", note="return text", gives="Text")
    assert outcome.result == "x"
    (tmp_path / "mine.py").write_text("def lookup(key): pass\n")
    outcome = rlmlang.run(
        str(tmp_path / "t.rlm"), engine=engine, sets={"question": "who?"}, store=None
    )
    assert outcome.problem.diagnostic.code == "code-missing"
    assert len(engine.requests) == 1


RESUMED = """
import os, signal, sys
from pathlib import Path
import rlmlang
from rlmlang.testing import ScriptedEngine

CELLS = ["a = note('one')\\nprint(a)", "b = note('two')\\nprint(b)", "SUBMIT(a + ' ' + b)"]

def script(task):
    turn = int(task.inputs["turn"].split()[1])
    if turn == 3 and sys.argv[1] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return f"```python\\n{CELLS[turn - 1]}\\n```"

engine = ScriptedEngine(script)
found = rlmlang.run("t.rlm", engine=engine, sets={"question": "who?"}, store="s.db")
print(found.result, len(engine.requests), found.problem)
"""


def test_a_resumed_run_does_nothing_twice(tmp_path: Path) -> None:
    """The function counts how often it was called: a run that goes on gets what it got before."""
    count = "open('calls', 'a').write('x')\nreturn f'{text}{os.path.getsize(\"calls\")}'"
    play(tmp_path, "SUBMIT('written')", note=count)
    (tmp_path / "resumed.py").write_text(RESUMED)
    environment = {**os.environ, "PYTHONPATH": str(Path(rlmlang.__file__).parent.parent)}

    def run(how: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "resumed.py", how], cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run("die").returncode == -signal.SIGKILL
    assert (tmp_path / "calls").read_text() == "xx"
    done = run("live")
    assert done.stdout.split() == ["one1", "two2", "1", "None"], done.stdout + done.stderr
    assert (tmp_path / "calls").read_text() == "xx", "no function was called again"


@pytest.mark.parametrize(
    ("block", "code", "words"),
    [
        ("tools: [score]", "unknown-tool", "this is nothing that code could call"),
        ("tools: [Row]", "unknown-tool", "this is nothing that code could call"),
        ("tools: [lookup, lookup]", "duplicate-name", "another meaning in a session"),
        ("tools: [question]", "duplicate-name", "another meaning in a session"),
        ("tools: [SUBMIT]", "duplicate-name", "another meaning in a session"),
        ("tools: [lookup] calls of lokup <= 3", "unknown-tool", "no tool of this repl"),
        ("tools: [grep] calls of grep <= 3", "unknown-tool", "no tool of this repl"),
        ("tools: [lookup] iters of lookup <= 3", "unknown-setting", "of one tool"),
        ("tools: [lookup] calls of lookup <= 3s", "wrong-unit", ""),
        ("tools: [lookup] calls of lookup <= 3 calls of lookup <= 4", "duplicate-name", "twice"),
    ],
)
def test_tools_are_checked(tmp_path: Path, rlm: Rlm, block: str, code: str, words: str) -> None:
    text = f"""rlm 1
record Row {{ id: Int }}
code lookup(key: Text) -> [Row] from "mine.py:lookup"
code question(key: Text) -> [Row] from "mine.py:lookup"
code SUBMIT(key: Text) -> [Row] from "mine.py:lookup"
metric score(got: Text, want: Text) -> Float from "mine.py:score"
prompt explore(question: Text) -> Text {{ task: "Find out." repl {{ {block} }} }}
recipe ask(question: Text) -> Text {{ return explore(question) }}
"""
    (tmp_path / "t.rlm").write_text(text)
    found = rlm("check", str(tmp_path / "t.rlm"))
    assert found.code == 65 and code in found.err and words in found.err, found.err


def test_the_plan_counts_what_is_said_of_tools(tmp_path: Path) -> None:
    """A function asks nobody: it adds no call, and what is told of it to every turn."""
    play(tmp_path, "SUBMIT('x')")
    path = tmp_path / "t.rlm"
    more = rlmlang.plan_recipe(str(path)).totals.worst
    path.write_text(path.read_text().replace("tools: [grep, lookup, note]", "tools: [grep]"))
    less = rlmlang.plan_recipe(str(path)).totals.worst
    assert more.calls.value() == less.calls.value() == 4 + 1 + 2
    two = 2 * (4 + 1) * 2 * 200  # tools, turns, tokens of a tok, tok
    assert more.tokens_in.value() - less.tokens_in.value() == two


def test_what_a_session_has_is_known_to_the_checker() -> None:
    assert {*FUNCTIONS} < {*OWN_NAMES}


def test_the_record_shows_calls_of_tools(tmp_path: Path, rlm: Rlm) -> None:
    cell = "a = lookup('Bo')\ntry:\n    lookup('none')\nexcept RuntimeError:\n    SUBMIT('x')"
    play(tmp_path, cell, store=tmp_path / "s.db")
    where = ("--store", str(tmp_path / "s.db"))
    shown = rlm("show", "last", *where).out
    assert 'result.lookup 1  lookup {"key": "Bo"}  ' in shown and "characters, " in shown
    assert "result.lookup 2  lookup" in shown and "KeyError" in shown
    assert "called with: 'none', None" in rlm("show", "last", "result.lookup 2", *where).out
    spans = [
        span
        for line in rlm("export", "last", "--format", "otlp", *where).out.splitlines()
        for span in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]
    tools = [s for s in spans if s["name"] == "execute_tool lookup"]
    assert [bool(s["status"]) for s in tools] == [False, True]
    assert {s["parentSpanId"] for s in tools} < {s["spanId"] for s in spans}


def test_a_replay_calls_nothing(tmp_path: Path) -> None:
    """What is kept is given again; what is not ends the run, whatever the code makes of it."""
    note = "open(os.path.dirname(__file__) + '/calls', 'a').write('x')\nreturn text"
    cell = "try:\n    SUBMIT(note('one'))\nexcept RuntimeError as e:\n    SUBMIT('caught')"
    _, engine, _ = play(tmp_path, cell, note=note, store=tmp_path / "s.db")
    given = {"sets": {"question": "who?"}, "store": tmp_path / "s.db", "trust": True}
    given["engine"] = engine
    again = rlmlang.run(str(tmp_path / "t.rlm"), only_kept=True, **given)
    assert (again.result, again.usage.calls) == ("one", 0), again.problem
    assert (tmp_path / "calls").read_text() == "x"
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text() + "\n# another\n")
    other = rlmlang.run(str(tmp_path / "t.rlm"), only_kept=True, **given)
    assert other.problem.diagnostic.code == "not-kept" and len(engine.requests) == 1
    assert (tmp_path / "calls").read_text() == "x"


def test_what_a_function_raises_is_logged_without_secrets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "k3y-of-the-shop-77")
    play(
        tmp_path, "note('a')", "SUBMIT('x')", note="raise ValueError('k3y-of-the-shop-77 ' + text)"
    )
    (told,) = [r.getMessage() for r in caplog.records if "result.note 1" in r.getMessage()]
    assert "ValueError" in told and "in note: raise" in told
    assert "k3y-of-the-shop-77" not in told
