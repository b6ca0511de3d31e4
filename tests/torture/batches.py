"""A batch killed again and again: nothing is lost or paid twice, its budget holds by the server's
count, and every file of an answer is whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.provider import Served, provider

RECIPE = """rlm 1

prompt tag(page: Text) -> Text {{ task: "Say what the page is about." retry <= 0 }}

recipe one(page: Text) -> Text {{
  return tag(page)
}}

batch all for one {{
  each page in glob("pages/*.txt")
  output: "out/{{name}}.json"
  at_once: {at_once}
  budget {{
    calls <= {calls}
  }}
}}
"""


def kills(items: int, times: int, at_once: int, seed: int = 3) -> dict[str, Any]:
    """kill -9 at random points of a batch with a budget for all items together."""
    chance, budget = random.Random(seed), items + times * at_once
    with tempfile.TemporaryDirectory() as name, provider(latency=0.1) as server:
        folder = Path(name)
        (folder / "pages").mkdir()
        for number in range(items):
            (folder / f"pages/{number:04}.txt").write_text(f"Page {number} is about {number}.")
        (folder / "one.rlm").write_text(RECIPE.format(calls=budget, at_once=at_once))
        for _ in range(times):
            run = _start(folder, server)
            before = server.stats()["n"]
            while run.poll() is None and server.stats()["n"] == before:
                time.sleep(0.02)
            time.sleep(chance.random())
            run.kill()
            run.communicate()
            _whole(folder)
            assert server.stats()["n"] <= budget
        done = _start(folder, server)
        _, err = done.communicate(timeout=600)
        assert done.returncode == 0, err
        stats = server.stats()
        assert len(_whole(folder)) == items == stats["unique"]
        again = stats["n"] - items
        assert again <= times * at_once, again
        return {"kills": times, "lost": 0, "asked again": again, "most": times * at_once}


def _start(folder: Path, server: Served) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "rlmlang", "batch", "one.rlm", "--quiet"),
            *("--model", "my/model", "--api-base", server.base),
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _whole(folder: Path) -> list[str]:
    """The answers that lie there, each of which can be read."""
    return [json.loads(p.read_text()) for p in sorted((folder / "out").glob("*.json"))]
