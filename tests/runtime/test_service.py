"""The service of `examples/service`, asked by a real client: it streams, a client that goes away
stops its run, what was paid is kept, and one budget holds for all requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.servers import chat_server, field

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
SERVICE = ROOT / "examples" / "service"
COMMAND = re.findall(r"^    (uvicorn .*)$", (SERVICE / "README.md").read_text(), re.MULTILINE)[0]
BOOK = "".join(f"Page {n}. " + "The road was wet. " * 20 + "\n\n" for n in range(10))
ANSWERED = 4


@contextmanager
def service(base: str, calls: int) -> Iterator[Any]:
    """A client of the service, which asks models at an address and may make so many calls."""
    env = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "RLM_API_BASE": base, "CALLS": str(calls),
        "RLM_MODEL": "openai/gpt-4o-mini", "OPENAI_API_KEY": "sk-none",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", *COMMAND.split(), "--port", "0"],
        cwd=SERVICE, env=env, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stderr is not None
        lines = (re.search(r"running on (http://\S+)", line) for line in run.stderr)
        address = next(found[1] for found in lines if found)
        rest = threading.Thread(target=run.stderr.read)
        rest.start()
        with httpx.Client(base_url=address, timeout=60) as client:
            yield client
        run.kill()
        rest.join()


def ask(client: Any, question: str = "Who keeps the key?") -> list[dict[str, Any]]:
    """The lines of one answer."""
    given = {"question": question, "book": BOOK}
    return [json.loads(x) for x in client.post("/find", json=given).text.splitlines()]


def test_who_goes_away_stops_the_run_and_keeps_what_was_paid(folder: Path) -> None:
    gate, count, kept = threading.Event(), iter(range(1, 1000)), list[str]()

    def answer(body: Any) -> Any:
        if next(count) > ANSWERED:
            gate.wait(60)
        else:
            kept.append(json.dumps(body))
        return field("a note")

    with chat_server(answer) as server, service(server.base, calls=1000) as client:
        given = {"question": "Who?", "book": BOOK}
        with client.stream("POST", "/find", json=given) as response:
            told = (json.loads(line)["event"] for line in response.iter_lines())
            for _ in range(ANSWERED):
                assert "call_finished" in told  # up to the next
        while client.get("/spent").json()["running"]:  # nothing but the client's leaving ends it
            assert not gate.is_set()
        gate.set()
        *events, last = ask(client, "Who?")
        assert (last["result"], last["problem"]) == ("a note", "")
        assert sum(e["event"] == "run_resumed" for e in events) == 1
        asked = Counter(json.dumps(body) for body in server.requests)
        assert [asked[one] for one in kept] == [1] * ANSWERED
        assert client.get("/spent").json()["calls"] == len(server.requests)


def test_one_budget_holds_for_all_requests(folder: Path) -> None:
    with (
        chat_server(lambda body: field("a note")) as server,
        service(server.base, calls=30) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(lambda n: ask(client, f"Who is {n}?")[-1], range(8)))
        assert (len(server.requests), client.get("/spent").json()["calls"]) == (30, 30)
        assert any("30 calls is spent" in last["problem"] for last in found)


def test_the_service_is_short() -> None:
    code = (SERVICE / "service.py").read_text().splitlines()
    assert len([line for line in code if line.strip()]) <= 40
