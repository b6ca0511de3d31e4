"""What is paid for is kept and used again, and nothing else is."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

import rlmlang
from rlmlang.stores.maintenance import verify
from rlmlang.stores.pages import records
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.salvage import whole_rows
from rlmlang.stores.schema import TABLES
from rlmlang.testing import Raw, ScriptedEngine
from tests.conftest import SIMPLE, Rlm
from tests.servers import chat_server, completion, field

STORE = Path(".rlm") / "store.db"
ARGS = ("--source", "book=book.txt", "--set", "question=Where does the key hang?")
ROWS = """rlm 1
source rows: [Text] = lines("rows.txt")
prompt tag(row: Text) -> Text {{ task: "Say what it is." retry <= {retry} {check} }}
recipe tags(log: [Text] = rows) -> Int {{
  budget {{ {budget} }}
  let said = map log with tag() {options}
  return count(said)
}}
"""


SKIP = """{
    on_error: skip(at_most: 10%)
    assume exact because "one line more or less"
  }"""


def rows(
    folder: Path,
    count: int,
    budget: str = "calls <= 100_000",
    options: str = "",
    retry: int = 0,
    check: str = "",
) -> None:
    """A recipe that asks once a line."""
    (folder / "tags.rlm").write_text(
        ROWS.format(budget=budget, options=options, retry=retry, check=check)
    )
    (folder / "rows.txt").write_text("".join(f"line {i}\n" for i in range(count)))


# ── reuse ────────────────────────────────────────────────────────────────────


def test_the_same_run_again_asks_nothing_and_says_the_same(book: Path, rlm: Rlm) -> None:
    first = rlm("run", "find.rlm", *ARGS, "--json")
    again = rlm("run", "find.rlm", *ARGS, "--json")
    found, more = json.loads(first.out), json.loads(again.out)
    assert more["result"] == found["result"]
    assert (more["usage"]["calls"], more["reused"]) == (0, 4)
    assert more["receipt"] == found["receipt"]
    assert "kept from before" in again.err
    assert json.loads(rlm("run", "find.rlm", *ARGS, "--json", "--fresh").out)["usage"]["calls"] == 2
    assert json.loads(rlm("run", "find.rlm", *ARGS, "--json", "--no-store").out)["reused"] == 2


def test_a_replay_opens_no_socket(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ("run", "find.rlm", *ARGS, "--model", "my/model", "--json")
    with chat_server(lambda body: field("behind the bell")) as server:
        first = json.loads(rlm(*run, "--api-base", server.base).out)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    outs = {rlm(*run[:-1], "--replay", "--api-base", server.base).out for _ in range(3)}
    assert outs == {first["result"] + "\n"}
    missing = rlm(*run[:-1], "--replay", "--api-base", "http://elsewhere/v1")
    assert (missing.code, "[not-kept]" in missing.err) == (1, True)


def test_only_what_depends_on_an_edit_is_asked_again(folder: Path) -> None:
    rows(folder, 30)
    text = (folder / "tags.rlm").read_text().replace(
        "return count(said)", "let kept = map said with again()\n  return count(kept)"
    ) + 'prompt again(said: Text) -> Text "Say it again."\n'

    def calls(edited: str) -> int:
        (folder / "tags.rlm").write_text(edited)
        engine = ScriptedEngine(lambda t: "<" + next(iter(t.inputs.values())) + ">")
        outcome = rlmlang.run("tags.rlm", engine=engine)
        assert outcome.problem is None
        assert outcome.reused + len(engine.requests) == 60
        return len(engine.requests)

    assert calls(text) == 60
    assert calls(text.replace("Say it again.", "Say it once more.")) == 30
    assert calls(text + "// a comment\n") == 0
    assert calls(text.replace("Say what it is.", "Say what that is.")) == 30  # `said` is unchanged
    (folder / "rows.txt").write_text(
        (folder / "rows.txt").read_text().replace("line 7\n", "line x\n")
    )
    assert calls(text) == 2


def test_why_miss_names_the_field(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *ARGS)
    assert "have kept answers" in rlm("run", "find.rlm", *ARGS, "--why-miss", "notes").out
    said = rlm("run", "find.rlm", *ARGS[:2], "--set", "question=Who?", "--why-miss", "notes").out
    assert "input `question` changed: - Where does the key hang? / + Who?" in said
    (book / "find.rlm").write_text(SIMPLE.replace("say about", "tell of"))
    said = rlm("run", "find.rlm", *ARGS, "--why-miss", "notes").out
    assert "the prompt changed" in said
    said = rlm(
        "run",
        "find.rlm",
        *ARGS,
        "--model",
        "b/c",
        "--api-base",
        "http://x/v1",
        "--why-miss",
        "notes",
    ).out
    assert "endpoint was 'rules 3', is 'http://x/v1'" in said
    assert "model was" in said
    assert rlm("run", "find.rlm", *ARGS, "--why-miss", "nots").code == 1
    assert len(json.loads(rlm("runs", "--json").out)) == 1  # looking leaves no run behind


@pytest.mark.parametrize(("how", "most"), [("one", 0.02), ("ten", 0.03)])
@pytest.mark.parametrize("kind", ["insert", "delete", "rewrite"])
def test_pieces_that_did_not_change_are_not_asked_again(
    folder: Path, how: str, most: float, kind: str
) -> None:
    chance = random.Random(7)
    lines = [
        f"2026-01-01 {chance.random()} user{chance.randrange(999)} logged in\n"
        for _ in range(60_000)
    ]
    log = folder / "log.txt"
    (folder / "r.rlm").write_text("""rlm 1
prompt note(page: Slice) -> Text "What is odd here?"
recipe find(log: Text) -> Int {
  budget { calls <= 100_000 }
  let notes = map (split log by stable(around: 2ktok)) with note()
  return count(notes)
}
""")

    def share(lines: list[str]) -> tuple[int, int]:
        log.write_text("".join(lines))
        engine = ScriptedEngine(lambda task: "nothing")
        outcome = rlmlang.run("r.rlm", engine=engine, sources={"log": str(log)})
        assert outcome.problem is None
        return len(engine.requests), outcome.result

    share(lines)
    places, size = (1, 600) if how == "one" else (10, 60)
    for _ in range(places):
        at = chance.randrange(len(lines) - size)
        new = [
            f"changed {chance.random()} entirely in this place of the log\n" for _ in range(size)
        ]
        lines[at : at + (0 if kind == "insert" else size)] = [] if kind == "delete" else new
    asked, pieces = share(lines)
    # the 50 MB of the benchmark have 8 times as many pieces; an edge costs the same few
    assert asked / pieces <= most + places * 3 / pieces


# ── crashes and budgets ──────────────────────────────────────────────────────


def test_the_ledger_goes_on_where_it_was(folder: Path) -> None:
    rows(folder, 50, "calls <= 60", retry=1)
    engine = ScriptedEngine(lambda t: "x" if "problem" in t.inputs else Raw(t.inputs["row"]))
    first = rlmlang.run("tags.rlm", engine=engine, parallel=1)
    assert first.problem is not None
    assert (first.problem.diagnostic.code, len(engine.requests)) == ("budget-spent", 60)
    again = rlmlang.run("tags.rlm", engine=engine, parallel=1)
    assert again.resumed
    assert (again.usage.calls, again.now.calls, len(engine.requests)) == (60, 0, 60)
    more = rlmlang.run("tags.rlm", engine=engine, sets={"budget.calls": "100"})
    assert more.problem is None
    assert (more.result, more.usage.calls, more.now.calls) == (50, 100, 40)


OUTPUT = """rlm 1
model m {{ output <= 1_500tok }}
source rows: [Text] = lines("rows.txt")
prompt tag(row: Text) -> Text {{ model: m task: "Say what it is." retry <= 0 }}
recipe tags(log: [Text] = rows) -> Int {{
  budget {{ calls <= 100_000 {limit} <= {most} }}
  let said = map log with tag()
  return count(said)
}}
"""


@pytest.mark.parametrize("ratio", [1, 5, 15])
@pytest.mark.parametrize(("limit", "most"), [("tokens", 400_000), ("usd", 300)])
def test_budgets_of_tokens_and_dollars_are_used_up_and_not_passed(
    folder: Path, ratio: int, limit: str, most: int
) -> None:
    """256 at a time; what a call really uses is 1, 1/5, 1/15 of what it may use."""
    rows(folder, 6_000)
    (folder / "tags.rlm").write_text(OUTPUT.format(limit=limit, most=most))
    (folder / "rlm.toml").write_text('[prices]\n"my/model" = { input = 0.0, output = 1000.0 }\n')
    engine = ScriptedEngine(lambda task: "x", tokens_out=1_500 // ratio)
    from rlmlang.runtime.prepare import prepare
    from rlmlang.runtime.prepared import Options
    from rlmlang.runtime.session import Session

    options = Options(parallel=256, models=("my/model",), store=None)
    outcome = anyio.run(Session(prepare("tags.rlm", options, need_all=True), engine=engine).run)
    assert outcome.problem is not None
    assert outcome.problem.diagnostic.code == "budget-spent"
    used = outcome.usage.tokens if limit == "tokens" else float(outcome.usage.usd)
    assert 0.98 * most <= used <= most


def test_a_refused_answer_is_kept_and_not_paid_again(folder: Path, rlm: Rlm) -> None:
    rows(folder, 20, options=SKIP)
    bad = {"line 7"}

    def script(task: Any) -> Any:
        return Raw("no form at all") if task.inputs["row"] in bad else "x"

    engine = ScriptedEngine(script)
    outcome = rlmlang.run("tags.rlm", engine=engine, store=STORE)
    assert (outcome.result, len(engine.requests)) == (19, 20)
    assert "no form at all" in rlm("show", "last", "said[7]").out
    assert rlmlang.run("tags.rlm", engine=engine, store=STORE).now.calls == 0
    bad.clear()
    again = rlmlang.run("tags.rlm", engine=engine, retry_failed=True, store=STORE)
    assert (again.result, again.now.calls) == (20, 1)


def test_a_killed_run_is_listed_and_shown(book: Path, rlm: Rlm) -> None:
    code = (
        "import os, rlmlang; from rlmlang.testing import ScriptedEngine\n"
        "def script(task):\n"
        "    if 'third bell' in str(task.inputs): os._exit(9)\n"
        "    return 'x'\n"
        "rlmlang.run('find.rlm', engine=ScriptedEngine(script), parallel=1,\n"
        "            sources={'book': 'book.txt'}, sets={'question': 'q'}, store='.rlm/store.db')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    (run,) = json.loads(rlm("runs", "--json").out)
    assert (run["state"], run["calls"], run["answers"]) == ("killed", 2, 1)
    assert "did not come to its end" in rlm("show").out
    engine = ScriptedEngine(lambda task: "x")
    given: Any = {"sources": {"book": "book.txt"}, "sets": {"question": "q"}, "store": STORE}
    outcome = rlmlang.run("find.rlm", engine=engine, **given)
    assert outcome.resumed
    assert (len(engine.requests), outcome.usage.calls) == (2, 4)  # one of unknown end is charged


# ── providers ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_parks_the_run_at_once(folder: Path, rlm: Rlm, status: int) -> None:
    rows(folder, 300)
    answered = 0

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        nonlocal answered
        answered += 1
        return field("x") if answered <= 100 or mended else (status, {"error": "no"})

    mended = False
    run = ("run", "tags.rlm", "--model", "my/model", "--parallel", "8", "--json")
    with chat_server(answer) as server:
        done = rlm(*run, "--api-base", server.base)
        assert done.code == 1
        assert json.loads(done.out)["problem"]["code"].startswith("model-")
        assert len(server.requests) <= 100 + 8
        assert json.loads(rlm("runs", "--json").out)[0]["state"] == "parked"
        mended = True
        server.requests.clear()
        done = rlm(*run, "--api-base", server.base)
        assert (done.code, json.loads(done.out)["result"]) == (0, 300)
        assert len(server.requests) == 200
        assert "resuming" in done.err


def test_a_long_pause_parks_the_run(folder: Path, rlm: Rlm) -> None:
    from tests.provider import provider

    rows(folder, 5)
    with provider(status=429, retry_after="3600") as server:
        done = rlm("run", "tags.rlm", "--model", "my/model", "--api-base", server.base)
    assert (done.code, "asks to wait 3,600 s" in done.err) == (75, True)
    assert "run again after" in done.err


# ── the store itself ─────────────────────────────────────────────────────────


def test_twenty_secrets_are_nowhere(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)

    def word(n: int) -> str:
        return "".join(chance.choice("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789") for _ in range(n))

    shapes = [
        f"sk-{word(40)}",
        f"AKIA{word(16).upper()}",
        f"ghp_{word(36)}",
        f"github_pat_{word(40)}",
        f"glpat-{word(20)}",
        f"xoxb-{word(24)}",
        f"AIza{word(35)}",
        f"hf_{word(34)}",
        f"sk_live_{word(24)}",
        f"npm_{word(36)}",
        f"eyJ{word(20)}.eyJ{word(20)}.{word(20)}",
        f"SG.{word(22)}.{word(30)}",
        f"pypi-{word(60)}",
        f"ya29.{word(40)}",
        f"Bearer {word(40)}",
    ]
    exact = {
        f"{n}_{kind}": word(24)
        for n, kind in enumerate(["API_KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"])
    }
    for name, value in exact.items():
        monkeypatch.setenv(f"MY{name}", value)
    secrets = [s.removeprefix("Bearer ") for s in shapes] + list(exact.values())
    assert len(secrets) == 20
    rows(folder, 1, options=SKIP.replace("10%", "100%"))
    (folder / "rows.txt").write_text(
        "".join(f"token {s} here\n" for s in [*shapes, *exact.values()])
    )
    said = itertools.cycle([*shapes, *exact.values()])

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        secret = next(said)
        if secret == shapes[0]:
            return 500, {"error": f"your key {secret} is wrong"}
        return (
            completion(f"I found {secret}") if secret in shapes[5:10] else field(f"it is {secret}")
        )

    with chat_server(answer) as server:
        texts = []
        for _ in range(4):
            done = rlm(
                "run",
                "tags.rlm",
                "--model",
                "my/model",
                "--api-base",
                server.base,
                "--parallel",
                "1",
                "--json",
            )
            texts.append(done.err)
            assert "[secret]" not in done.out, "what was answered is not changed"
    texts += [rlm("show", "--all").out, rlm("export").out, rlm("show", "last", "said").out]
    kept = b"".join(p.read_bytes() for p in (folder / ".rlm").rglob("*") if p.is_file())
    reader = StoreReader(STORE)
    for run in reader.runs():
        texts += [str(e) for e in reader.events(run)]
    reader.close()
    assert len(server.requests) > 20
    for secret in secrets:
        assert not any(secret in text for text in texts), secret
        assert secret.encode() not in kept


def test_no_pickle_is_ever_loaded(book: Path) -> None:
    code = (
        "import sys, rlmlang\n"
        "def hook(event, args):\n"
        "    if event.startswith('pickle.') or event == 'marshal.loads' and ready: raise SystemExit(event)\n"
        "ready = False\n"
        "sys.addaudithook(hook)\n"
        "for _ in range(2):\n"
        "    out = rlmlang.run('find.rlm', sources={'book': 'book.txt'}, sets={'question': 'q'})\n"
        "    assert out.problem is None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_flipped_byte_is_found_or_changes_nothing(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *ARGS)
    connection = sqlite3.connect(STORE)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = {(t, *r) for t in TABLES for r in connection.execute(f"SELECT * FROM {t}")}
    connection.close()
    good, chance, found = STORE.read_bytes(), random.Random(1), 0
    assert {(t, *row) for t, row in whole_rows(good)} >= before
    for _ in range(250):
        bad = bytearray(good)
        at = chance.randrange(len(bad))
        bad[at] ^= 1 << chance.randrange(8)
        Path("bad.db").write_bytes(bad)
        if verify(Path("bad.db")).wrong:
            found += 1
            continue
        connection = sqlite3.connect("bad.db")
        assert {(t, *r) for t in TABLES for r in connection.execute(f"SELECT * FROM {t}")} == before
        connection.close()
    assert found > 10


def test_pages_read_what_sqlite_reads(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c, d)")
    chance = random.Random(3)
    written = []
    for number in range(1, 400):
        size = chance.choice([0, 3, 100, 4000, 9000, 70_000])
        row = (
            number << 30,
            chance.randbytes(size),
            "é" * (size // 50),
            chance.random(),
            chance.choice([None, 0, 1, -5, 300, 1 << 20, -(1 << 40), 1 << 62]),
        )
        written.append(row)
        connection.execute("INSERT INTO t VALUES(?,?,?,?,?)", row)
    connection.commit()
    connection.close()
    found = {
        r.rowid: (r.rowid, *r.values[1:]) for r in records(path.read_bytes()) if len(r.values) == 5
    }
    assert [found[row[0]] for row in written] == written


def test_the_store_is_looked_after(book: Path, rlm: Rlm) -> None:
    assert rlm("store", "verify").code == 1
    for _ in range(3):
        rlm("run", "find.rlm", *ARGS)
    assert json.loads(rlm("store", "ls", "--json").out)["runs"] == 3
    assert rlm("store", "verify").code == 0
    assert "0 runs removed" in rlm("store", "gc").out
    assert (
        "1 runs removed" in rlm("store", "gc", "--older", "0d", "--keep", "1").out
    )  # one is used again
    assert rlm("store", "verify").code == 0
    assert rlm("store", "salvage", str(STORE), "new.db").code == 0
    assert rlm("store", "verify", "--store", "new.db").code == 0
    assert rlm("store", "salvage", str(STORE), "new.db").code == 2
    again = rlm("run", "find.rlm", *ARGS, "--json", "--store", "new.db")
    assert json.loads(again.out)["usage"]["calls"] == 0
    out = rlm("export", "--out", "run.jsonl")
    assert out.code == 0
    events = [json.loads(x) for x in Path("run.jsonl").read_text().splitlines()]
    assert events[-1]["event"] == "run_finished"
    assert any(e["event"] == "call_finished" and "[[ ## page ## ]]" in e["request"] for e in events)


def test_a_damaged_store_is_told_and_not_used(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *ARGS)
    STORE.write_bytes(b"SQLite format 3\0" + bytes(random.Random(2).randbytes(8000)))
    for command in (("run", "find.rlm", *ARGS), ("show",), ("runs",), ("export",), ("store", "ls")):
        done = rlm(*command)
        assert done.code == 1
        assert "[store-damaged]" in done.err, (command, done.err)
    assert rlm("store", "verify").code == 1
    STORE.write_text("this is no database at all, but long enough to look like one" * 20)
    assert "[store-damaged]" in rlm("run", "find.rlm", *ARGS).err


def test_a_store_from_the_future_is_left_alone(book: Path, rlm: Rlm) -> None:
    rlm("run", "find.rlm", *ARGS)
    connection = sqlite3.connect(STORE)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    for command in (("run", "find.rlm", *ARGS), ("show",), ("runs",)):
        assert "[store-too-new]" in rlm(*command).err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(book: Path, rlm: Rlm) -> None:
    book.chmod(0o500)
    try:
        assert "[store-unwritable]" in rlm("run", "find.rlm", *ARGS).err
    finally:
        book.chmod(0o700)


def test_limits_of_a_provider_may_be_declared(book: Path, rlm: Rlm) -> None:
    limits = '[limits]\n"offline/reader" = { requests_per_minute = 60_000, parallel = 2 }\n'
    (book / "rlm.toml").write_text(limits)
    assert rlm("run", "find.rlm", *ARGS).code == 0
    for bad in ("requests_per_minute = 0", "speed = 3", 'parallel = "two"'):
        (book / "rlm.toml").write_text(re.sub("{.*}", "{ " + bad + " }", limits))
        assert "[bad-project]" in rlm("run", "find.rlm", *ARGS).err


def test_a_clock_that_jumps_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock jumps by days, back and forth, at every reading; waits, limits and results are
    as they are without."""
    import time

    rows(folder, 40, "calls <= 200 wall <= 60s")
    jumps = itertools.cycle([86_400.0, -172_800.0, 3_600.0, -1.0])
    plain, moved = time.time, 0.0

    def jumping() -> float:
        nonlocal moved
        moved += next(jumps)
        return plain() + moved

    with chat_server(lambda body: field("said")) as server:
        monkeypatch.setattr(time, "time", jumping)
        outcome = rlmlang.run("tags.rlm", models=("my/model",), api_base=server.base, store=STORE)
        again = rlmlang.run("tags.rlm", models=("my/model",), api_base=server.base, store=STORE)
    assert outcome.problem is None and again.problem is None, outcome.problem
    assert (outcome.result, outcome.usage.calls, again.usage.calls) == (40, 40, 0)
    reader = StoreReader(STORE)
    assert sum(1 for run in reader.runs() for _ in reader.events(run)) > 80
