"""Each scene does something to real processes and a real server, and gives what it measured. It
raises AssertionError when a promise is broken."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rlmlang.models.engines.rate_limiter import START_HERE
from rlmlang.stores.maintenance import verify
from rlmlang.stores.salvage import salvage
from tests.damage import outcome, regions
from tests.damage import whole as whole_store
from tests.provider import Served, provider
from tests.torture import batches

RECIPE = """rlm 1

source rows: [Text] = lines("rows.txt")

prompt tag(row: Text) -> Text {{ task: "Say what the line is about." retry <= 3 }}

recipe tags(log: [Text] = rows) -> Int {{
  budget {{
    calls <= {calls}
    tokens <= 2_000_000_000
  }}
  let said = map log with tag()
  return count(said)
}}
"""


@contextmanager
def place(rows: int, calls: int = 1_000_000) -> Iterator[Path]:
    """A folder with a recipe over so many rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tags.rlm").write_text(RECIPE.format(calls=calls))
        lines = (f"line {i}: the quick brown fox number {i} jumps\n" for i in range(rows))
        (folder / "rows.txt").write_text("".join(lines))
        yield folder


def start(folder: Path, server: Served, *args: str) -> subprocess.Popen[str]:
    """`rlm run` as a process."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "rlmlang",
            "run",
            "tags.rlm",
            "--model",
            "my/model",
            "--json",
            "--api-base",
            server.base,
            "--parallel",
            "64",
            *args,
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(run: subprocess.Popen[str]) -> dict[str, Any]:
    """What a run says when it has ended."""
    out, err = run.communicate(timeout=500)
    assert "Traceback" not in err, err
    found: dict[str, Any] = json.loads(out) if out.strip() else {"problem": {"code": err}}
    return {**found, "code": run.returncode, "err": err}


def sending(run: subprocess.Popen[str], server: Served) -> None:
    """Waits until a run sends something, or is over."""
    before = server.stats()["n"]
    while run.poll() is None and server.stats()["n"] == before:
        time.sleep(0.02)


def whole(folder: Path) -> None:
    """The store is what was written."""
    found = verify(folder / ".rlm" / "store.db")
    assert not found.wrong, found.wrong


def kills(rows: int, times: int, seed: int = 1) -> dict[str, Any]:
    """kill -9 at random points: nothing is lost, only what was in flight is asked again."""
    chance = random.Random(seed)
    with place(rows) as folder, provider(latency=0.3) as server:
        killed = 0
        while killed < times:
            run = start(folder, server)
            sending(run, server)
            time.sleep(chance.random() * 0.55)
            if run.poll() is not None:
                break
            run.kill()
            run.communicate()
            killed += 1
            whole(folder)
        found = finish(start(folder, server))
        stats = server.stats()
        assert found["problem"] is None, found
        assert (found["result"], stats["unique"]) == (rows, rows)
        again = stats["n"] - rows
        assert again <= 64 * killed, (again, killed)
        paid = count(folder / ".rlm" / "store.db", "state < 3")
        assert paid >= stats["n"], f"{stats['n']} requests, {paid} of them on record"
        return {"kills": killed, "lost": 0, "asked again": again, "most": 64 * killed}


def kills_with_a_budget(rows: int, times: int, budget: int, seed: int = 2) -> dict[str, Any]:
    """The server's own count never passes the budget, however often the run dies."""
    chance = random.Random(seed)
    with place(rows, budget) as folder, provider(latency=0.3) as server:
        for _ in range(times):
            run = start(folder, server)
            sending(run, server)
            time.sleep(chance.random() * 0.5)
            run.kill()
            run.communicate()
            whole(folder)
            assert server.stats()["n"] <= budget
        found = finish(start(folder, server))
        sent = server.stats()["n"]
        assert sent <= found["usage"]["calls"] <= budget, (sent, budget)
        return {"budget": budget, "the server counted": sent, "the ledger": found["usage"]["calls"]}


def interrupted(rows: int) -> dict[str, Any]:
    """Ctrl-C drains and leaves with 130; going on asks nothing again. A second Ctrl-C leaves."""
    with place(rows) as folder, provider(latency=0.5) as server:
        run = start(folder, server)
        while server.stats()["answered"] < 20:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        found = finish(run)
        assert found["code"] == 130, found
        found = finish(start(folder, server))
        assert (server.stats()["n"], found["result"]) == (rows, rows)
    with place(rows) as folder, provider(latency=30.0) as server:
        run = start(folder, server)
        while server.stats()["flying"] < START_HERE:  # no more are sent to a server that is silent
            time.sleep(0.02)
        run.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        begin = time.monotonic()
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=20)
        assert run.returncode == 130
        return {"asked again": 0, "second Ctrl-C left after s": round(time.monotonic() - begin, 2)}


def faults(rows: int, share: float) -> dict[str, Any]:
    """Faults of nine kinds: all calls succeed, every attempt is recorded."""
    with place(rows) as folder, provider(latency=0.05, faults=share, hang=30.0) as server:
        found = finish(start(folder, server, "--timeout", "1"))
        stats = server.stats()
        assert found["problem"] is None, found
        assert found["result"] == rows
        assert found["usage"]["calls"] == stats["n"]
        assert stats["n"] <= 1.6 * rows, stats
        whole(folder)
        return {"ok": f"{rows}/{rows}", "requests a call": round(stats["n"] / rows, 2)}


def limited(rows: int, rate: float) -> dict[str, Any]:
    """A provider of so many requests a second, 256 at a time."""
    with place(rows) as folder, provider(latency=0.05, rate=rate, retry_after="0.5") as server:
        run = start(folder, server, "--parallel", "256")
        while server.stats()["n"] == 0:
            time.sleep(0.01)
        begin = time.monotonic()
        found = finish(run)
        taken = time.monotonic() - begin
        stats = server.stats()
        assert found["problem"] is None, found
        refused, used = stats["refused"] / stats["n"], (rows - 50) / rate / taken
        assert refused <= 0.05, stats
        return {"failed": 0, "refused": f"{refused:.1%}", "of the limit used": f"{used:.0%}"}


def outage(rows: int, seconds: float) -> dict[str, Any]:
    """A server that goes away in the middle: the run waits and ends well; no storm of retries."""
    with place(rows) as folder, provider(latency=0.1) as server:
        run = start(folder, server)
        while server.stats()["answered"] < rows // 3:
            time.sleep(0.02)
        server.set(down=True)
        time.sleep(seconds)
        server.set(down=False)
        found = finish(run)
        assert found["problem"] is None, found
        assert found["result"] == rows
        return {"ok": f"{rows}/{rows}", "requests beside": found["usage"]["calls"] - rows}


def disk_full(rows: int) -> dict[str, Any]:
    """A small disk fills up: the run stops, what is kept is whole, and goes on elsewhere."""
    with place(rows) as folder, provider(latency=0.02) as server:
        small = folder / "small"
        small.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(small)],
            capture_output=True,
            check=False,
        )
        if made.returncode:
            return {"skipped": "no small disk can be made here"}
        try:
            found = finish(start(folder, server, "--store", str(small / "s.db")))
            assert found["problem"]["code"] == "store-unwritable", found
            assert not verify(small / "s.db").wrong
            kept = count(small / "s.db", "state = 1")
            (folder / "new").mkdir()
            for name in small.iterdir():
                if name.is_file():
                    shutil.copy(name, folder / "new" / name.name)
        finally:
            subprocess.run(["umount", str(small)], check=True)
        before = server.stats()["n"]
        found = finish(start(folder, server, "--store", "new/s.db"))
        assert found["result"] == rows
        more = server.stats()["n"] - before
        assert more == rows - kept
        return {"kept": kept, "asked afterwards": more}


def count(path: Path, which: str) -> int:
    """How many calls of that kind a store has."""
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT COUNT(*) FROM call WHERE {which}").fetchone()[0]
    connection.close()
    return int(found)


def corrupted(rows: int, times: int, seed: int = 3) -> dict[str, Any]:
    """512 random bytes anywhere: found, or without effect; whole rows are saved; never wrong."""
    chance = random.Random(seed)
    with place(rows) as folder, provider() as server:
        finish(start(folder, server))
        store = folder / ".rlm" / "store.db"
        checkpoint(store)
        good, rowset = store.read_bytes(), contents(store)
        noticed = harmless = saved = 0
        for number in range(times):
            bad = bytearray(good)
            at = chance.randrange(0, len(bad) - 512)
            bad[at : at + 512] = chance.randbytes(512)
            path = folder / f"bad{number}.db"
            path.write_bytes(bad)
            wrong = verify(path).wrong
            new = folder / f"new{number}.db"
            salvage(path, new)
            rescued = contents(new)
            assert rescued <= rowset, "salvage gave a row that was never written"
            touched = rows_in(good, at, 512)
            assert rowset - rescued <= touched, "a whole row was not saved"
            noticed, harmless = noticed + bool(wrong), harmless + (not wrong)
            assert wrong or rescued == rowset, "damage that nobody noticed"
            saved += len(rescued)
            path.unlink()
            new.unlink()
        return {
            "times": times,
            "noticed": noticed,
            "without effect": harmless,
            "wrong rows": 0,
            "rows saved": f"{saved / times / len(rowset):.1%}",
        }


def swept(rows: int, every: int) -> dict[str, Any]:
    """One changed byte in every region of a store and of what is beside it, cuts, files that are
    gone, after a clean end and after a kill: said, or without effect."""
    seen = Counter[str]()
    with place(rows) as folder, provider() as server:
        finish(start(folder, server))
        ended, killed = folder / "ended", folder / "killed"
        shutil.copytree(folder / ".rlm", ended)
        with closing(sqlite3.connect(folder / ".rlm" / "store.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM run").fetchall()  # while one reads, the log stays
            finish(start(folder, server, "--fresh"))
            shutil.copytree(folder / ".rlm", killed)
        for store in (ended, killed):
            was = whole_store(store)
            for name, damage in regions(store, every):
                try:
                    seen[outcome(store, damage, was)] += 1
                except AssertionError as mistake:
                    raise AssertionError(f"{store.name}: {name}: {mistake}") from None
    return dict(seen)


def checkpoint(path: Path) -> None:
    """All of the log in the file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def contents(path: Path) -> set[Any]:
    """All rows of all tables."""
    from rlmlang.stores.schema import TABLES

    connection = sqlite3.connect(path)
    found = {(t, *row) for t in TABLES for row in connection.execute(f"SELECT * FROM {t}")}
    connection.close()
    return found


def rows_in(data: bytes, at: int, length: int) -> set[Any]:
    """The rows on the pages that a range touches, or whose overflow does."""
    from rlmlang.stores.pages import page_size
    from rlmlang.stores.salvage import whole_rows

    size = page_size(data)
    first, last = at // size, (at + length - 1) // size
    blank = bytearray(data)
    for page in range(first, last + 1):
        start = max(page * size, 100)
        blank[start : (page + 1) * size] = b"\0" * ((page + 1) * size - start)
    every = {(t, *row) for t, row in whole_rows(data)}
    return every - {(t, *row) for t, row in whole_rows(bytes(blank))}


def two_at_once(rows: int) -> dict[str, Any]:
    """Two processes, one store, one recipe: each call is made once."""
    with place(rows) as folder, provider(latency=0.2) as server:
        runs = [start(folder, server), start(folder, server)]
        found = [finish(r) for r in runs]
        assert [f["result"] for f in found] == [rows, rows], found
        stats = server.stats()
        assert stats["unique"] == rows
        assert stats["n"] == rows, stats
        assert all("locked" not in f["err"] for f in found)
        whole(folder)
        return {"calls": rows, "asked": stats["n"]}


def watched(rows: int) -> dict[str, Any]:
    """Somebody reads the store all the time: the writer is not held up, the log stays small."""
    with place(rows) as folder, provider(latency=0.05) as server:
        run, looks, largest = start(folder, server), 0, 0
        log = folder / ".rlm" / "store.db-wal"
        while run.poll() is None:
            if log.exists():
                done = subprocess.run(
                    [sys.executable, "-m", "rlmlang", "runs"],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                looks, largest = looks + 1, max(largest, log.stat().st_size)
        assert finish(run)["result"] == rows
        assert largest < 64 << 20
        return {"looks": looks, "largest log": f"{largest >> 10:,} KiB"}


SHORT: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("killed", lambda: kills(200, 2)),
    ("killed, with a budget", lambda: kills_with_a_budget(200, 2, 250)),
    ("interrupted", lambda: interrupted(100)),
    ("30 % faults", lambda: faults(100, 0.3)),
    ("outage of 1 s", lambda: outage(200, 1)),
    ("disk full", lambda: disk_full(1_500)),
    ("corrupted", lambda: corrupted(100, 15)),
    ("two at once", lambda: two_at_once(300)),
    ("a batch killed", lambda: batches.kills(40, 2, 8)),
]
FULL: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("killed 50 times, 2,000 calls", lambda: kills(2_000, 50)),
    ("killed 40 times, budget 2,600", lambda: kills_with_a_budget(2_000, 40, 2_600)),
    ("interrupted", lambda: interrupted(500)),
    ("30 % faults, 600 calls", lambda: faults(600, 0.3)),
    ("100 requests/s, 256 at a time, 2,000 calls", lambda: limited(2_000, 100)),
    ("outage of 30 s", lambda: outage(1_000, 30)),
    ("disk full", lambda: disk_full(3_000)),
    ("corrupted 200 times", lambda: corrupted(1_000, 200)),
    ("a byte in each region, and every 211th", lambda: swept(40, 211)),
    ("two at once, 1,000 calls", lambda: two_at_once(1_000)),
    ("watched", lambda: watched(3_000)),
    ("a batch of 500 killed 20 times", lambda: batches.kills(500, 20, 8)),
]
