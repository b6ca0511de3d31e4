"""`rlm mcp` by the clients of the package `mcp`: over stdio, as HTTP, and cut off."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from rlmlang.runtime.prepared import Options
from rlmlang.serving.recipes import recipes_of
from rlmlang.serving.roots import Roots
from rlmlang.serving.server import server_of
from rlmlang.serving.service import Service
from tests.conftest import ROOT, Rlm
from tests.servers import chat_server, completion
from tests.serving.test_service import Slow

KEY = "The key hangs behind the third bell."
FIND = {"question": "Where is the key?", "book": {"path": "book.txt"}}
MORE = {"PYTHONPATH": str(ROOT), "RLM_MCP_TOKEN": "a-secret"}


async def used(client: Client) -> None:
    """Does with a server what an agent would, and what it should not."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["find", "plan", "runs", "show"]
    assert tools["plan"].annotations.read_only_hint is True
    price = await client.call_tool("plan", {"recipe": "find", "arguments": FIND})
    assert price.structured_content["ceiling"] == "proven"
    told: list[float] = []

    async def progress(done: float, total: float | None, words: str | None) -> None:
        told.append(done)

    found = await client.call_tool("find", FIND, progress_callback=progress)
    assert found.structured_content["result"] == KEY and not found.is_error
    assert told and told == sorted(told)
    (link,) = [part for part in found.content if part.type == "resource_link"]
    (part,) = (await client.read_resource(link.uri)).contents
    assert KEY in part.text
    with pytest.raises(MCPError, match="unknown-run"):
        await client.read_resource("file:///etc/passwd")
    for wrong in (
        {"question": "x" * 2_000_000, "book": "y"},
        {**FIND, "book": {"path": "/etc/passwd"}},
    ):
        refused = await client.call_tool("find", wrong)
        assert refused.is_error and refused.content[0].text.startswith("error["), refused
    shown = await client.call_tool("show", {"node": "notes"})
    assert "── notes[0], try 1" in shown.content[0].text


def test_over_stdio(book: Path) -> None:
    begun = StdioServerParameters(
        command=sys.executable,
        args=["-m", "rlmlang", "mcp", "find.rlm", "--max-calls", "50"],
        env={**os.environ, **MORE},
        cwd=book,
    )

    async def talk() -> None:
        async with Client(begun, cache=None) as client:
            await used(client)

    asyncio.run(talk())


@pytest.fixture
def url(book: Path) -> Iterator[str]:
    """A server over HTTP, begun as a user would."""
    command = (sys.executable, "-m", "rlmlang", "mcp", "find.rlm", "--http", "0", "--max-usd", "1")
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=book, env={**os.environ, **MORE}
    )
    assert running.stderr is not None
    try:
        lines = iter(running.stderr.readline, "")
        yield next(x.split()[-1] for x in lines if x.startswith("listening at "))
        running.terminate()
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()
        running.stderr.close()


def test_over_http(url: str) -> None:
    async def talk() -> None:
        headers = {"Authorization": f"Bearer {MORE['RLM_MCP_TOKEN']}"}
        async with (
            create_mcp_http_client(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http), cache=None) as client,
        ):
            await used(client)

    for said in ({}, {"Authorization": "Bearer guessed"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, b"{}", said))
        assert refused.value.code == 401
    asyncio.run(talk())


WRONG = {
    "a folder that is none": (("find.rlm", "--root", "nowhere"), "source-missing"),
    "a recipe that is wrong": (("bad.rlm",), "unclosed-text"),
    "no recipe": (("nowhere.rlm",), "recipe-missing"),
    "recipes of one name": (("a/find.rlm", "b/find.rlm"), "tools-alike"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_served_is_said_at_once(book: Path, rlm: Rlm, what: str) -> None:
    (book / "bad.rlm").write_text('rlm 1\nrecipe a(x: Text) -> Text { return "e }\n')
    for folder in ("a", "b"):
        (book / folder).mkdir()
        (book / folder / "find.rlm").write_text((book / "find.rlm").read_text())
    args, code = WRONG[what]
    done = rlm("mcp", *args)
    assert f"error[{code}]" in done.err and done.code > 0


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_call_that_its_client_cancels_is_parked(book: Path, mode: str) -> None:
    text = "".join(f"Page {n} is wet. It rained.\n" * 20 for n in range(9)) + KEY
    (book / "book.txt").write_text(text)
    slow = Slow()
    recipes = recipes_of([("find.rlm", Options(store=book / "store.db"))])
    service = Service(recipes, Roots(["."]), engine=slow)

    async def talk() -> None:
        async with Client(server_of(service), mode=mode, cache=None) as client:
            task = asyncio.create_task(client.call_tool("find", FIND))
            await slow.waits.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await slow.left.wait()
            state = "running"
            while state == "running":  # it is ending
                listed = await client.call_tool("runs", {})
                (state,) = [x["state"] for x in listed.structured_content["runs"]]
            assert state == "parked"

    asyncio.run(talk())


def test_a_server_that_is_ended_parks_its_runs(book: Path, rlm: Rlm) -> None:
    """It is ended by a signal while it waits for a model, and its client still listens."""
    asked, over = Event(), Event()

    def answer(body: object) -> tuple[int, object]:
        asked.set()
        over.wait(60)
        return completion("[[ ## result ## ]]\nnothing")

    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    said = [
        {"id": 1, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "find", "arguments": FIND}},
    ]
    lines = ["this is no message", "[[[[", *(json.dumps({"jsonrpc": "2.0", **x}) for x in said)]
    with chat_server(answer) as server:
        command = ("-m", "rlmlang", "mcp", "find.rlm", "--model", "my/m", "--api-base", server.base)
        with subprocess.Popen(
            (sys.executable, *command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=book, env={**os.environ, **MORE},
        ) as running:  # fmt: skip
            assert running.stdin is not None and running.stderr is not None
            running.stdin.write("\n".join([*lines, ""]))
            running.stdin.flush()
            assert asked.wait(60)
            running.terminate()
            assert running.wait(60) == 0
            assert "Traceback" not in running.stderr.read()
        over.set()
    assert [x["state"] for x in json.loads(rlm("runs", "--json").out)] == ["parked"]
