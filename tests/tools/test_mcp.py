"""Tools of MCP servers, by real servers of the package `mcp`: good ones, and such as make trouble."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.testing import ScriptedEngine
from rlmlang.trajectory.events import ToolCalled
from tests.conftest import Rlm

SERVERS = Path(__file__).with_name("mcp_servers.py")
RECIPE = """rlm 1
prompt explore(question: Text) -> Text {{
  task: "Find out."
  repl {{ iters <= 3 calls <= 0 depth <= 0 tools: [{tools}] {more} }}
}}
recipe ask(question: Text) -> Text {{ return explore(question) }}
"""


def play(
    folder: Path, what: str, cell: str, tools: str = "shop.price", more: str = "", **settings: Any
) -> tuple[Any, Any, list[ToolCalled]]:
    """A run whose code uses tools of a server."""
    given = {"command": [sys.executable, str(SERVERS), what], "timeout": 30, **settings}
    if "url" in given:
        del given["command"]
    lines = [f"{k} = {json.dumps(v)}" for k, v in given.items()]
    (folder / "rlm.toml").write_text("\n".join(["[mcp.shop]", *lines]) + "\n")
    (folder / "r.rlm").write_text(RECIPE.format(tools=tools, more=more))
    engine = ScriptedEngine(lambda task: f"```python\n{cell}\n```")
    told: list[Any] = []
    outcome = rlmlang.run(
        str(folder / "r.rlm"), engine=engine, sets={"question": "q"}, store=None, trust=True,
        listener=told.append,
    )  # fmt: skip
    return outcome, engine, [e for e in told if isinstance(e, ToolCalled)]


GOOD = """said = [shop_price('tea'), shop_price(item='cake', per='box'), shop_say('ab'),
        shop_place_order([{'item': 'tea', 'count': 2}])]
for wrong in (lambda: shop_price(3), lambda: shop_price('gold'), lambda: shop_price('tea', 'crate')):
    try:
        wrong()
    except Exception as e:
        said.append(str(e))
SUBMIT('~'.join(map(str, said)))"""
TOOLS = "shop.price, shop.say, shop.place_order"


def good(outcome: Any, engine: Any, calls: list[ToolCalled]) -> None:
    """What both ways to a server give."""
    assert outcome.problem is None, outcome.problem
    said = outcome.result.split("~")
    assert said[:4] == ["2.5", "40.0", "abab", "[{'item': 'tea', 'count': 2}]"]
    assert said[4].startswith("item is 3, not Text; call it as shop_price(")
    assert said[5] == "shop_price: Error executing tool price", "the server keeps the rest"
    assert said[6].startswith("per is 'crate', not ")
    told = engine.requests[0]
    assert (
        'shop_price(item: Text, per: "piece" | "box" = \'piece\') -> Float  # What an item costs.'
        in told
    )
    assert (
        "shop_place_order(orders: [{item: Text, count: Int?}]) -> [{item: Text, count: Int" in told
    )
    assert "  # Places orders. They are given back." in told
    assert [c.tool for c in calls] == ["shop_price", "shop_price", "shop_say", "shop_place_order", "shop_price"]  # fmt: skip


def test_a_server_that_is_begun(tmp_path: Path) -> None:
    good(*play(tmp_path, "good", GOOD, TOOLS))


@pytest.fixture
def url() -> Iterator[str]:
    """A server that runs already."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen(
        [sys.executable, str(SERVERS), "good", str(port)], stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    try:
        assert any("running on" in line for line in running.stderr), "it says when it listens"
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


def test_a_server_that_runs_already(tmp_path: Path, url: str) -> None:
    good(*play(tmp_path, "", GOOD, TOOLS, url=url))


def test_a_server_sees_only_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "a1b2c3d4e5")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-told")
    cell = "SUBMIT(' '.join(shop_environment()))"
    outcome, _, _ = play(tmp_path, "good", cell, "shop.environment", env=["SHOP_TOKEN"])
    assert "SHOP_TOKEN" in outcome.result.split()
    assert "OPENAI_API_KEY" not in outcome.result


CAUGHT = """try:
    SUBMIT(shop_trouble())
except RuntimeError as e:
    try:
        more = shop_say('ab')
    except RuntimeError as again:
        more = str(again)
    SUBMIT(f'{e}~{more}')"""


@pytest.mark.parametrize(
    ("what", "words", "more"),
    [
        ("hang", "shop_trouble did not answer within 12 s", "abab"),
        ("die", "shop_trouble: ", ""),
        ("huge", "shop_trouble gave 9,000,002 characters; at most 8,000,000", "abab"),
    ],
)
def test_trouble_is_told_and_ends_nothing(tmp_path: Path, what: str, words: str, more: str) -> None:
    outcome, engine, calls = play(
        tmp_path, what, CAUGHT, "shop.trouble, shop.say", timeout=30 if what != "hang" else 12
    )
    assert outcome.problem is None, outcome.problem
    said, after = outcome.result.split("~")
    assert said.startswith(words) and (after == more or what == "die")
    assert calls[0].error == said and outcome.usage.calls == len(engine.requests) == 1


def test_what_is_no_message_is_passed_over(tmp_path: Path) -> None:
    outcome, _, _ = play(tmp_path, "garbage", CAUGHT, "shop.trouble, shop.say")
    assert outcome.problem is None and outcome.result == "x"


def test_a_tool_that_hangs_is_cut_off_with_its_session(tmp_path: Path) -> None:
    outcome, _, calls = play(tmp_path, "hang", "shop_trouble()", "shop.trouble", "wall <= 1s")
    assert outcome.problem.diagnostic.code == "session-out-of-time"
    assert calls[0].error.startswith("it was cut off")


@pytest.mark.parametrize(
    ("what", "tools", "words"),
    [
        ("broken", "shop.price", "It said: no database is configured"),
        ("silent", "shop.price", "it did not begin within 2 s"),
        ("nonsense", "shop.price", "it did not begin within 2 s"),
        ("good", "shop.prize", "the MCP server `shop` has no tool `prize`"),
        ("good", "shoop.price", "rlm.toml has no MCP server `shoop`"),
    ],
)
def test_what_cannot_be_used_stops_before_anything_is_asked(
    tmp_path: Path, what: str, tools: str, words: str
) -> None:
    slow = 2 if what in ("silent", "nonsense") else 30
    outcome, engine, _ = play(tmp_path, what, "SUBMIT('x')", tools, timeout=slow)
    found = outcome.problem.diagnostic
    assert found.code == "tool-server" and words in f"{found.message} {found.reason}"
    assert engine.requests == []


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    outcome, _, _ = play(tmp_path, "", "SUBMIT('x')", command=["no-such-server-anywhere"])
    assert outcome.problem.diagnostic.code == "tool-server"
    assert "no-such-server-anywhere" in str(outcome.problem)


def test_of_many_tools_only_the_named_are_told(tmp_path: Path) -> None:
    outcome, engine, _ = play(tmp_path, "many", "SUBMIT(shop_tool_299('z'))", "shop.tool_299")
    assert outcome.result == "z"
    assert "Number 299." in engine.requests[0] and "Number 298." not in engine.requests[0]


def test_a_description_is_no_longer_than_the_plan_counts_with(tmp_path: Path) -> None:
    outcome, engine, _ = play(tmp_path, "wide", "SUBMIT(shop_long())", "shop.long")
    assert outcome.result == "x" and len(engine.requests[0]) < 6_000
    plan = rlmlang.plan_recipe(str(tmp_path / "r.rlm"), sets={"question": "q"})
    assert len(engine.requests[0].encode()) <= plan.totals.worst.tokens_in.value() / 4


def test_a_description_that_changes_is_not_read_again(tmp_path: Path) -> None:
    cell = "print(shop_change())\nif 'the first' in question: SUBMIT('x')"
    outcome, engine, _ = play(tmp_path, "changing", cell, "shop.change")
    assert len(engine.requests) == 4
    assert all("IGNORE" not in text for text in engine.requests)
    assert "As it was." in engine.requests[2]


def test_completion_takes_them_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(tmp_path, "good", "SUBMIT('x')")
    monkeypatch.chdir(tmp_path)
    engine = ScriptedEngine(lambda task: "```python\nSUBMIT(str(shop_price('tea')))\n```")
    found = rlmlang.completion(
        "q", "text", engine=engine, tools=["shop.price"], store=None, trust=True
    )
    assert found.text == "2.5"


def test_a_server_needs_trust(tmp_path: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RLM_TRUST", raising=False)
    play(tmp_path, "good", "SUBMIT('x')")
    run = ("run", str(tmp_path / "r.rlm"), "--set", "question=q", "--no-store")
    done = rlm(*run)
    assert "untrusted" in done.err and done.code != 0
    assert "calls the MCP server `shop`" in rlm("plan", str(tmp_path / "r.rlm")).err
    (tmp_path / "r.rlm").write_text(RECIPE.format(tools="grep", more=""))
    done = rlm(*run)
    assert "[project-untrusted]" in done.err and "mcp.shop.command" in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[mcp.a]\n", "has either a `command` or a `url`"),
        ('[mcp.a]\ncommand = ["x"]\nurl = "http://x.org/"\n', "has either a `command` or a `url`"),
        ("[mcp.a]\ncommand = []\n", "has either a `command` or a `url`"),
        ('[mcp.a]\ncommand = "npx"\n', "takes a command and its arguments, as a list of texts"),
        ('[mcp.a]\nurl = "x.org"\n', "takes a URL"),
        ('[mcp.a]\ncomand = ["x"]\n', "there is no setting `mcp.a.comand`"),
    ],
)
def test_settings_of_servers_are_checked(tmp_path: Path, rlm: Rlm, text: str, words: str) -> None:
    play(tmp_path, "good", "SUBMIT('x')")
    (tmp_path / "rlm.toml").write_text(text)
    done = rlm("plan", str(tmp_path / "r.rlm"))
    assert (done.code, "[bad-project]" in done.err) == (2, True)
    assert words in " ".join(done.err.split())


def test_without_the_package_it_is_said_what_to_install(tmp_path: Path) -> None:
    play(tmp_path, "good", "SUBMIT('x')")
    text = f"""import sys
sys.modules["mcp"] = None
import rlmlang
from rlmlang.testing import ScriptedEngine
found = rlmlang.run({str(tmp_path / "r.rlm")!r}, engine=ScriptedEngine(lambda task: ""),
                    sets={{"question": "q"}}, store=None, trust=True)
print(found.problem.diagnostic.code, found.problem.diagnostic.hint)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "extra-missing pip install 'rlmlang[mcp]'\n"
