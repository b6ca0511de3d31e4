"""How many calls a second, against raw aiohttp with the same bodies and DSPy's own Predict.

One process, one server on loopback with a latency of 250 ms, 256 requests in flight.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.provider import provider

CALLS, WIDE, LATENCY, ROUNDS = 10_000, 256, 0.25, 3
RECIPE = """rlm 1

source rows: [Text] = lines("rows.txt")

prompt tag(row: Text) -> Text "Say what the line is about, in one word."

recipe tags(log: [Text] = rows) -> Int {
  budget {
    calls <= 1_000_000
    tokens <= 2_000_000_000
  }
  let said = map log with tag()
  return count(said)
}
"""


def rows(folder: Path, calls: int) -> None:
    """The rows, and the recipe over them."""
    lines = (
        f"line {i}: the quick brown fox number {i} jumps over the lazy dog\n" for i in range(calls)
    )
    (folder / "rows.txt").write_text("".join(lines))
    (folder / "tags.rlm").write_text(RECIPE)


def ours(folder: Path, base: str, wide: int, *more: str) -> float:
    """Seconds of `rlmlang.run`, from the prepared recipe to the outcome, the store on disk."""
    code = (
        "import json, sys, time; from pathlib import Path; import rlmlang.runtime as rt\n"
        "from rlmlang.runtime.prepare import prepare; from rlmlang.runtime.prepared import Options\n"
        "folder, base, wide = sys.argv[1:4]\n"
        "import rlmlang.runtime.asking\n"
        "ready = prepare(folder + '/tags.rlm', Options(models=('my/model',), api_base=base,\n"
        "    parallel=int(wide), store=Path(folder) / 's.db', fresh=True), need_all=True)\n"
        "start = time.perf_counter(); out = rt.execute(ready); taken = time.perf_counter() - start\n"
        "assert out.problem is None, out.problem\n"
        "print(taken)\n"
    )
    return run(code, str(folder), base, str(wide))


def raw(folder: Path, base: str, wide: int, bodies: Path) -> float:
    """Seconds of aiohttp with the same bodies."""
    code = (
        "import asyncio, aiohttp, json, sys, time\n"
        "folder, base, wide, bodies = sys.argv[1:5]\n"
        "async def main():\n"
        "    todo = iter(open(bodies, encoding='utf-8').read().splitlines())\n"
        "    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as s:\n"
        "        async def work():\n"
        "            for body in todo:\n"
        "                async with s.post(base + '/chat/completions', data=body.encode(),\n"
        "                                  headers={'content-type': 'application/json'}) as r:\n"
        "                    json.loads(await r.read())\n"
        "        start = time.perf_counter()\n"
        "        await asyncio.gather(*[work() for _ in range(int(wide))])\n"
        "        print(time.perf_counter() - start)\n"
        "asyncio.run(main())\n"
    )
    return run(code, str(folder), base, str(wide), str(bodies))


def dspys(folder: Path, base: str, wide: int, calls: int) -> float:
    """Seconds of DSPy's Predict under gather, for fewer calls, as if for all."""
    code = (
        "import asyncio, sys, time, dspy, logging; logging.disable(50)\n"
        "folder, base, wide, calls = sys.argv[1:5]\n"
        "lm = dspy.LM('openai/my-model', api_base=base, api_key='k', cache=False)\n"
        "p = dspy.Predict('row -> result')\n"
        "async def main():\n"
        "    todo = iter(range(int(calls)))\n"
        "    async def work():\n"
        "        for i in todo:\n"
        "            await p.acall(row=f'line {i}: the quick brown fox jumps')\n"
        "    with dspy.context(lm=lm, trace=None, disable_history=True):\n"
        "        start = time.perf_counter()\n"
        "        await asyncio.gather(*[work() for _ in range(int(wide))])\n"
        "        print(time.perf_counter() - start)\n"
        "asyncio.run(main())\n"
    )
    return run(code, str(folder), base, str(wide), str(calls))


def run(code: str, *args: str) -> float:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args], check=True, capture_output=True, text=True
    )
    return float(done.stdout.split()[-1])


def bodies(folder: Path, path: Path) -> None:
    """The bodies that a run sends, one a line."""
    import rlmlang
    from rlmlang.models.dialect import dialect_of
    from rlmlang.testing import ScriptedEngine

    engine = ScriptedEngine(lambda task: "x")
    inner = engine.complete
    with path.open("w", encoding="utf-8") as file:

        async def complete(request):
            file.write(json.dumps(dialect_of(request.model).body(request)) + "\n")
            return await inner(request)

        engine.complete = complete
        rlmlang.run(str(folder / "tags.rlm"), engine=engine, store=None, models=("my/model",))


def table(calls: int = CALLS, rounds: int = ROUNDS) -> list[tuple[str, str, str]]:
    """Rows of the benchmark: ratios to raw aiohttp, medians in alternation."""
    with tempfile.TemporaryDirectory() as name, provider(latency=LATENCY) as server:
        folder = Path(name)
        rows(folder, calls)
        bodies(folder, folder / "bodies.jsonl")
        times: dict[str, list[float]] = {"raw": [], "ours": [], "dspy": []}
        for _ in range(rounds):
            times["raw"].append(raw(folder, server.base, WIDE, folder / "bodies.jsonl"))
            times["ours"].append(ours(folder, server.base, WIDE))
            times["dspy"].append(dspys(folder, server.base, WIDE, calls // 4) * 4)
        base, mine, peer = (statistics.median(times[k]) for k in ("raw", "ours", "dspy"))
    what = f"{calls:,} calls, {WIDE} in flight, {LATENCY * 1000:.0f} ms"
    return [
        (f"{what}: raw aiohttp", f"{base:.1f} s", ""),
        (f"{what}: rlm, store on", f"{mine / base:.2f} × raw aiohttp ({mine:.1f} s)", "≤ 1.25"),
        (f"{what}: dspy.Predict.acall", f"{peer / base:.2f} × raw aiohttp", "the peer"),
    ]


if __name__ == "__main__":
    for row in table(*map(int, sys.argv[1:])):
        print(*row, sep="   ")
