"""One batch by 1, 2, 4 and 8 processes that share a store on a server of PostgreSQL's, 16 calls of a
second at a time each: how near they come to so many times one, and, with a provider's limit, how
near to that and how often it is passed.

`python -m tests.benchmarks.workers` prints a line for each; PostgreSQL must be installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import cluster
from tests.provider import Served, provider

AT_ONCE, SECONDS, WORKERS = 16, 20, (1, 2, 4, 8)
ITEMS, PAGES = 8, 20  # items at a time of each process; calls of an item
LIMIT = 40.0  # requests a second that the provider allows in the second part
RECIPE = """rlm 1

prompt tag(line: Slice) -> Text { task: "What is it about?" retry <= 0 }

recipe one(page: Text) -> [Text] {
  return map (split page by lines(per: 1)) with tag()
}

batch all for one {
  each page in glob("pages/*.txt")
}
"""


@dataclass(frozen=True)
class Pace:
    """Answers a second while all were at work, and the part of the requests that were refused."""

    each_second: float
    refused: float


def pace(url: str, served: Served, workers: int, items: int, limit: float = 0.0) -> Pace:
    """A batch of so many items by so many processes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.rlm").write_text(RECIPE)
        (folder / "pages").mkdir()
        for item in range(items):
            lines = (f"Line {n} of {item} at {served.base}\n" for n in range(PAGES))
            (folder / f"pages/{item:04}.txt").write_text("".join(lines))
        said = f'[limits."my/model"]\nrequests_per_minute = {60 * limit}\n' if limit else ""
        (folder / "rlm.toml").write_text(said)
        rlm = [sys.executable, "-m", "rlmlang"]
        own = ["--store", url, "--items", str(ITEMS), "--quiet"]
        asking = [
            "--model",
            "my/model",
            "--api-base",
            served.base,
            "--parallel",
            str(AT_ONCE),
        ]
        batch = [*rlm, "batch", "one.rlm", *own, *asking, "--trust"]
        help_ = [*rlm, "work", *own, "--wait", "60", "--trust"]
        env = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        quiet = subprocess.DEVNULL
        running = [
            subprocess.Popen(command, cwd=folder, env=env, stdout=quiet)
            for command in (batch, *[help_] * (workers - 1))
        ]
        try:
            return _watched(served, running[0], workers, items, limit)
        finally:
            for process in running:
                process.kill()
                process.wait()


def _watched(
    served: Served, host: subprocess.Popen[bytes], workers: int, items: int, limit: float
) -> Pace:
    """Waits until all are at work, and counts until few items are left."""
    full = min(AT_ONCE * workers, int(limit) or AT_ONCE * workers)
    while served.stats()["flying"] < full * 0.9 and host.poll() is None:
        time.sleep(0.1)
    first, began = served.stats(), time.monotonic()
    while served.stats()["answered"] < items * PAGES - 2 * full and host.poll() is None:
        time.sleep(0.05)
    last, seconds = served.stats(), time.monotonic() - began
    asked = last["n"] - first["n"]
    refused = (last["refused"] - first["refused"]) / max(1, asked)
    return Pace((last["answered"] - first["answered"]) / seconds, refused)


def main() -> None:
    """Prints how it scales, then how a limit is kept to."""
    with cluster() as server:
        for workers in WORKERS:
            with provider(latency=1.0) as served:
                items = AT_ONCE * workers * SECONDS // PAGES
                found = pace(server.database(), served, workers, items)
            part = found.each_second / (AT_ONCE * workers)
            print(f"{workers} workers: {found.each_second:.1f} calls/s, {part:.0%} of linear")
        for workers in WORKERS[2:]:
            with provider(latency=1.0, rate=LIMIT, burst=LIMIT) as served:
                items = int(LIMIT * SECONDS) // PAGES
                found = pace(server.database(), served, workers, items, LIMIT)
            part = found.each_second / LIMIT
            print(
                f"{workers} workers, {LIMIT:.0f} requests/s allowed: {found.each_second:.1f}/s, "
                f"{part:.0%} of the limit, {found.refused:.1%} refused"
            )


if __name__ == "__main__":
    main()
