"""A million items against an engine without latency: memory, store, and how fast a run resumes.

The answers are joined as they come, so that nothing holds all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.cli.steady import steady
from rlmlang.runtime import execute
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.stores.opening import open_store
from rlmlang.stores.runs import PARKED, RunRow, run_from, write_run
from rlmlang.stores.sqlite_writer import FileWriter
from tests.benchmarks.calls import rows

RECIPE = """rlm 1

source rows: [Text] = lines("rows.txt")

prompt tag(row: Text) -> Text "Say what the line is about, in one word."

prompt join(words: [Text]) -> Text "Join the words."

recipe tags(log: [Text] = rows) -> Text {
  budget {
    calls <= 2_000_000
    tokens <= 9_000_000_000
  }
  let said = map log with tag()
  return reduce said with join() { fanin: 20 }
}
"""
ANSWER = Message.assistant([TextPart("[[ ## result ## ]]\nfox\n\n[[ ## completed ## ]]")])


class Counting:
    """Answers at once, and notes the memory every so often."""

    def __init__(self, every: int) -> None:
        self.every, self.count, self.memory = every, 0, list[int]()

    async def complete(self, request: Request) -> Response:
        """An answer."""
        self.count += 1
        if self.count % self.every == 0:
            self.memory.append(resident())
        return Response(
            id=None,
            model=request.model,
            message=ANSWER,
            finish_reason="stop",
            usage=Usage(input_tokens=9, output_tokens=3),
        )


def resident() -> int:
    """MB of memory in use."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def table(items: int = 1_000_000) -> list[tuple[str, str, str]]:
    """Rows of the benchmark, measured in a fresh process."""
    code = f"import json; from tests.benchmarks.scale import measured; print(json.dumps(measured({items})))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return [tuple(row) for row in json.loads(done.stdout)]


def measured(items: int) -> list[tuple[str, str, str]]:
    """The same, in this process, made ready as `rlm run` does."""
    steady()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows(folder, items)
        (folder / "tags.rlm").write_text(RECIPE)
        options: dict[str, Any] = {
            "models": ("my/model",),
            "store": folder / "s.db",
            "parallel": 256,
        }
        ready = prepare(str(folder / "tags.rlm"), Options(**options), need_all=True)
        engine = Counting(items // 10)
        begin = time.perf_counter()
        outcome = execute(ready, engine=engine)
        taken = time.perf_counter() - begin
        assert outcome.problem is None, outcome.problem
        size = sum(p.stat().st_size for p in folder.glob("s.db*"))
        scan = resume(folder / "s.db")
    flat = f"{engine.memory[0]} MB after a tenth, {engine.memory[-1]} MB at the end"
    calls = engine.count
    return [
        (f"{items:,} items, {calls:,} calls: memory", flat, "flat"),
        (f"{items:,} items: store a call", f"{size / calls:.0f} bytes", "≤ 1,000"),
        (f"{items:,} items: resume scan", f"{scan:.1f} s", "≤ 5"),
        (f"{items:,} items: calls a second", f"{calls / taken:,.0f}", ""),
    ]


def resume(path: Path) -> float:
    """Seconds to find out where a run was: what it has, and what it has spent."""
    with closing(FileWriter(path)) as writer, writer.transaction() as c:
        run = run_from(c.execute("SELECT * FROM run").fetchone())
        write_run(c, replace(run, state=PARKED), str)
    begin = time.perf_counter()
    store = open_store(path)
    begun = store.begin(RunRow(0, "again", run.identity))
    taken = time.perf_counter() - begin
    assert begun.resumed, begun
    store.close()
    return taken


if __name__ == "__main__":
    for row in table(*map(int, sys.argv[1:])):
        print(*row, sep="   ")
