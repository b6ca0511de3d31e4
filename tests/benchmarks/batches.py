"""The same 200 texts with one question each: a shell loop of `rlm run`, `rlm batch`,
`dspy.Parallel`, and Inspect's `eval-set`; wall time, processor time, requests, and how many of 40
texts are asked again after a kill at 20 answers.

One server on loopback that answers after 250 ms. `python -m tests.benchmarks.batches [INSPECT]`
prints the table; INSPECT is the program of an environment of its own that has inspect-ai and openai.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.provider import Served, provider

ITEMS, KILLED, LATENCY = 200, 40, 0.25
RECIPE = """rlm 1

prompt tag(page: Text) -> Text { task: "What is the page about?" retry <= 0 }

recipe one(page: Text) -> Text {
  return tag(page)
}
"""
LOOP = (
    "for f in pages/*.txt; do {python} -m rlmlang run one.rlm --source page=$f --model my/model"
    " --api-base {base} --out out/$(basename $f .txt).json --quiet || exit 1; done"
)
PARALLEL = """
import sys; from pathlib import Path; import dspy
lm = dspy.LM("openai/my/model", api_base=sys.argv[1], api_key="none", cache=True)
dspy.configure(lm=lm)
tag = dspy.Predict("page -> result")
pages = sorted(Path("pages").glob("*.txt"))
pairs = [(tag, dspy.Example(page=p.read_text()).with_inputs("page")) for p in pages]
found = dspy.Parallel(num_threads=8, disable_progress_bar=True)(pairs)
Path("out").mkdir(exist_ok=True)
for page, answer in zip(pages, found):
    (Path("out") / f"{page.stem}.json").write_text(answer.result)
"""
TASK = """
from pathlib import Path
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.solver import generate

@task
def about():
    pages = sorted(Path("pages").glob("*.txt"))
    asked = "What is the page about? "
    return Task(dataset=[Sample(id=p.stem, input=asked + p.read_text()) for p in pages],
                solver=generate())
"""
EVAL_SET = "eval-set about.py --log-dir logs --model openai/my --display none --max-connections 8"


def commands(base: str, inspect: str = "") -> dict[str, list[str]]:
    """The ways; that of Inspect where its program is given."""
    batch = [sys.executable, "-m", "rlmlang", "batch", "one.rlm", "--each", "page=pages/*.txt"]
    batch += ["--out", "out/{name}.json", "--model", "my/model", "--api-base", base, "--quiet"]
    evals = [inspect, *EVAL_SET.split(), "--model-base-url", base, "-M", "responses_api=false"]
    return {
        "rlm run in a shell loop": ["bash", "-c", LOOP.format(python=sys.executable, base=base)],
        "rlm batch, 8 items at a time": batch,
        "dspy.Parallel, 8 threads": [sys.executable, "-c", PARALLEL, base],
        **({"inspect eval-set, 8 connections": evals} if inspect else {}),
    }


@dataclass(frozen=True)
class Measured:
    """Wall and processor seconds of the last command, and of all commands the requests, and those
    that were sent a second time."""

    wall: float
    cpu: float
    calls: int
    again: int


def once(command: list[str], server: Served, items: int, *, kill_at: int = 0) -> Measured:
    """The way from its first text to its last, killed once after so many requests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        (folder / "out").mkdir()
        for number in range(items):
            text = f"Page {number} of {server.base} tells of the harbour in {1800 + number}."
            (folder / f"pages/{number:04}.txt").write_text(text)
        (folder / "one.rlm").write_text(RECIPE)
        (folder / "about.py").write_text(TASK)
        env = {**os.environ, "DSPY_CACHEDIR": str(folder / "cache"), "OPENAI_API_KEY": "none"}
        if kill_at:
            with subprocess.Popen(
                command, cwd=folder, env=env, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ) as run:  # fmt: skip
                while server.stats()["answered"] < kill_at and run.poll() is None:
                    time.sleep(0.02)
                os.killpg(run.pid, signal.SIGKILL)
        used, began = _used(), time.monotonic()
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
        wall, stats = time.monotonic() - began, server.stats()
        return Measured(wall, _used() - used, stats["n"], stats["n"] - stats["unique"])


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(inspect: str = "") -> list[tuple[str, str, str]]:
    """A row a way: what is measured, and what was found."""
    rows = []
    for name in commands("", inspect):
        with provider(latency=LATENCY) as server:
            whole = once(commands(server.base, inspect)[name], server, ITEMS)
        with provider(latency=LATENCY) as server:
            way = commands(server.base, inspect)[name]
            again = once(way, server, KILLED, kill_at=KILLED // 2).again
        rows.append(
            (
                f"{ITEMS} texts: {name}",
                f"{whole.wall:.1f} s, {whole.cpu:.1f} s of CPU, {whole.calls} calls; "
                f"killed at {KILLED // 2} of {KILLED}: {again} asked again",
                "",
            )
        )
        print(*rows[-1], file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    for row in table(*sys.argv[1:2]):
        print(*row)
