"""A store that something has damaged: every command works or says `store-damaged`, none breaks."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
import stat
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from rlmlang.stores.opening import open_store
from rlmlang.stores.rows import digest
from rlmlang.stores.schema import TABLES
from tests.conftest import SIMPLE, Rlm
from tests.damage import outcome, regions, whole

STORE = Path(".rlm") / "store.db"
ARGS = ("--source", "book=book.txt", "--set", "question=Where does the key hang?")
RUN = ("run", "find.rlm", *ARGS)
STOPPED = ("run", "stops.rlm", *ARGS)
COMMANDS = (
    RUN, ("show",), ("show", "last", "notes"), ("show", "--json"), ("runs",), ("export",),
    ("store", "ls"), ("store", "verify"), ("store", "gc", "--older", "0d", "--keep", "0"),
    ("run", "find.rlm", *ARGS, "--why-miss", "notes"), ("run", "find.rlm", *ARGS, "--replay"),
    ("store", "salvage", str(STORE), "new.db"),
)  # fmt: skip
TOLD = {"store-damaged", "store-unwritable", "unknown-run", "store-missing", "store-too-new",
        "not-kept", "unknown-node"}  # fmt: skip


def told(rlm: Rlm, *command: str) -> str:
    """The code of what a command says, `ok` where it works. What it must not do fails the test."""
    done = rlm(*command)
    found = re.findall(r"error\[([\w-]+)\]", done.err)
    assert set(found) <= TOLD, (command, done.err)
    assert done.code in (0, 1), (command, done.err)
    return found[0] if found else "ok"


@pytest.fixture
def store(book: Path, rlm: Rlm) -> Path:
    """A store with three runs, one of which failed, beside its log."""
    stops = 'Text? { task: "What does the page say?" check: result == "never" }'
    plain = 'Text? "What does the page say about the question?"'
    Path("stops.rlm").write_text(SIMPLE.replace(plain, stops))
    assert rlm(*RUN).code == 0
    reader = sqlite3.connect(STORE)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM run").fetchall()  # while one reads, the log stays
    rlm("run", "find.rlm", *ARGS, "--set", "question=When did nobody sing?")
    assert rlm(*STOPPED).code == 1
    shutil.copytree(STORE.parent, "kept")
    reader.close()
    assert (Path("kept") / "store.db-wal").stat().st_size > 10_000
    return Path("kept")


def damage(chance: random.Random, file: Path) -> None:
    """Bytes of noise, a hole, a cut or pages in another order."""
    data = bytearray(file.read_bytes())
    at, size = chance.randrange(len(data)), chance.choice([1, 8, 400, 4096])
    kind = chance.choice(["noise", "noise", "noise", "zeros", "cut", "pages", "head"])
    if kind == "noise":
        data[at : at + size] = chance.randbytes(len(data[at : at + size]))
    elif kind == "zeros":
        data[at : at + size] = bytes(len(data[at : at + size]))
    elif kind == "cut":
        del data[at:]
    elif kind == "head":
        data[chance.randrange(100)] = chance.randrange(256)
    else:
        a, b = (chance.randrange(len(data) // 4096 + 1) * 4096 for _ in "ab")
        data[a : a + 4096], data[b : b + 4096] = data[b : b + 4096], data[a : a + 4096]
    file.write_bytes(data)


def test_random_damage_is_told_by_every_command(
    store: Path, rlm: Rlm, request: pytest.FixtureRequest
) -> None:
    seen = set()
    for seed in range(25):
        chance = random.Random(seed)
        shutil.rmtree(STORE.parent)
        shutil.copytree(store, STORE.parent)
        Path("new.db").unlink(missing_ok=True)
        damage(chance, chance.choice([STORE, STORE, STORE.with_name("store.db-wal")]))
        if chance.random() < 0.2:
            STORE.with_name(chance.choice(["store.db-wal", "store.db-shm"])).unlink(missing_ok=True)
        seen |= {told(rlm, *command) for command in chance.sample(COMMANDS, 4)}
    assert {"ok", "store-damaged"} <= seen


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "ok"),
        (b"SQLite format 3\0", "store-damaged"),
        (b"text\n" * 300, "store-damaged"),
        (b"\0" * 8192, "store-damaged"),
        (b"x", "store-damaged"),
    ],
    ids=["empty", "head", "text", "zeros", "byte"],
)
def test_files_that_are_no_store(book: Path, rlm: Rlm, content: bytes, code: str) -> None:
    for command in COMMANDS[1:]:
        shutil.rmtree(STORE.parent, ignore_errors=True)
        STORE.parent.mkdir()
        STORE.write_bytes(content)
        Path("new.db").unlink(missing_ok=True)
        found = told(rlm, *command)
        if command[0] in ("show", "runs", "export") or command[1] == "ls":
            assert found == ("unknown-run" if code == "ok" else code), command
    shutil.rmtree(STORE.parent)
    STORE.parent.mkdir()
    STORE.write_bytes(content)
    assert told(rlm, *RUN) == code
    if code == "ok":
        assert told(rlm, "store", "verify") == "ok"


def test_a_folder_in_the_place_of_a_store(book: Path, rlm: Rlm) -> None:
    STORE.mkdir(parents=True)
    assert {told(rlm, *c) for c in COMMANDS} <= {"store-unwritable", "unknown-run", "store-missing"}


def test_a_database_of_somebody_else_is_left_alone(book: Path, rlm: Rlm) -> None:
    STORE.parent.mkdir()
    connection = sqlite3.connect(STORE)
    connection.execute("CREATE TABLE mine(a)")
    connection.commit()
    connection.close()
    before = STORE.read_bytes()
    for command in COMMANDS[:-1]:
        assert told(rlm, *command) == "store-damaged", command
    assert STORE.read_bytes() == before


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "killed"])
def test_one_byte_anywhere_is_said_or_without_effect(store: Path, ended: bool) -> None:
    """Some of the sweep of `python -m tests.torture`."""
    if ended:
        open_store(store / "store.db").close()
        assert not (store / "store.db-wal").exists()
    was = whole(store)
    found = Counter(outcome(store, damage, was) for _, damage in list(regions(store, 4_999))[::11])
    assert found["ok"] > 5
    assert found["store-damaged"] > 10


def put_back(store: Path) -> None:
    """The copy of a store that a killed run left, in its place."""
    shutil.rmtree(STORE.parent)
    shutil.copytree(store, STORE.parent)


def assert_said(rlm: Rlm) -> None:
    """Every command says `store-damaged`, and a check says what is wrong."""
    for command in COMMANDS[:-1]:
        if command != ("store", "verify"):
            assert told(rlm, *command) == "store-damaged", command
    done = rlm("store", "verify")
    assert done.code == 1
    assert "rlm store salvage" in done.out + done.err


def test_a_log_that_vanished_is_noticed_and_the_rest_saved(store: Path, rlm: Rlm) -> None:
    put_back(store)
    Path(f"{STORE}-wal").unlink()
    assert_said(rlm)
    assert "its log is gone" in " ".join(rlm("runs").err.split())
    assert "its log is gone" in rlm("store", "verify").out
    assert told(rlm, *COMMANDS[-1]) == "ok"
    shutil.move("new.db", STORE)
    assert [told(rlm, *command) for command in (("runs",), RUN)] == ["ok", "ok"]


def test_the_log_of_another_store_is_noticed_and_not_salvaged(store: Path, rlm: Rlm) -> None:
    log = Path(f"{STORE}-wal")
    put_back(store)
    salvaged = rlm(*COMMANDS[-1]).out
    shutil.rmtree(STORE.parent)
    assert rlm(*RUN).code == 0
    shutil.copytree(STORE.parent, "other")
    with closing(sqlite3.connect(STORE)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM run").fetchall()
        assert rlm(*RUN, "--fresh").code == 0
        foreign = log.read_bytes()
    put_back(store)
    log.write_bytes(foreign)
    assert_said(rlm)
    assert "that of another store" in " ".join(rlm("runs").err.split())
    Path("new.db").unlink()
    assert rlm(*COMMANDS[-1]).out != salvaged
    assert json.loads(rlm("store", "ls", "--json", "--store", "new.db").out)["runs"] == 1


def test_a_store_that_was_emptied_is_noticed_and_one_that_is_removed_is_made_anew(
    store: Path, rlm: Rlm
) -> None:
    put_back(store)
    STORE.write_bytes(b"")
    assert_said(rlm)
    assert told(rlm, *COMMANDS[-1]) == "ok"
    found = json.loads(rlm("store", "ls", "--json", "--store", "new.db").out)
    assert found["runs"] == 2, "those in the log"
    for path in (STORE, Path(f"{STORE}-wal"), Path(f"{STORE}-shm")):
        path.unlink(missing_ok=True)
    assert [told(rlm, *RUN), told(rlm, "runs")] == ["ok", "ok"]


def test_what_is_removed_on_purpose_is_not_missed(store: Path, rlm: Rlm) -> None:
    put_back(store)
    with closing(sqlite3.connect(STORE)) as reader:
        reader.execute("SELECT * FROM run").fetchall()
        assert told(rlm, "store", "gc", "--older", "0d", "--keep", "0") == "ok"
        shutil.copytree(STORE.parent, "gone")
    assert told(rlm, "store", "verify", "--store", "gone/store.db") == "ok"


def change_event(rlm: Rlm, **changes: str) -> str:
    """Writes the first event of a store anew, with its seal; gives its kind."""
    connection = sqlite3.connect(STORE)
    row = list(connection.execute("SELECT * FROM event WHERE kind <> 'told'").fetchone()[:-1])
    kind = str(row[1])
    for name, value in changes.items():
        row[TABLES["event"].index(name)] = value
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(f"REPLACE INTO event VALUES ({marks})", [*row, digest("event", row)])
    connection.commit()
    connection.close()
    return kind


def test_an_event_of_an_unknown_kind_is_not_looked_into(book: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    before = rlm("show", "--json").out
    kind = change_event(rlm, kind="of-tomorrow", data="{ no json")
    assert [told(rlm, "show"), told(rlm, "export"), told(rlm, "store", "verify")] == ["ok"] * 3
    after = rlm("show", "--json").out
    assert f'"{kind}"' in before
    assert "of-tomorrow" not in after
    assert len(after.splitlines()) == len(before.splitlines()) - 1


@pytest.mark.parametrize("data", ["{ no json", "[]", "{}", '{"odd": 1}', "[" * 9_000])
def test_an_event_of_a_known_kind_that_cannot_be_read_is_damage(
    book: Path, rlm: Rlm, data: str
) -> None:
    rlm(*RUN)
    kind = change_event(rlm, data=data)
    assert told(rlm, "show") == told(rlm, "export") == "store-damaged"
    assert f"the kind {kind}" in " ".join(rlm("show").err.split())


def test_a_changed_amount_is_not_taken_for_what_was_spent(store: Path, rlm: Rlm) -> None:
    shutil.rmtree(STORE.parent)
    shutil.copytree(store, STORE.parent)
    connection = sqlite3.connect(STORE)
    connection.execute("UPDATE call SET used_in = 'many', worst_in = x'00'")
    connection.commit()
    connection.close()
    assert told(rlm, "runs") == told(rlm, "store", "ls") == "store-damaged"
    assert told(rlm, *STOPPED) == "store-damaged"
    assert rlm("store", "verify").code == 1
    assert told(rlm, "store", "salvage", str(STORE), "new.db") == "ok"
    assert told(rlm, *RUN, "--store", "new.db") == "ok"


def test_a_newer_store_is_told_by_every_command(book: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    connection = sqlite3.connect(STORE)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert {told(rlm, *command) for command in COMMANDS[:-1]} == {"store-too-new"}


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_what_is_kept_is_for_its_owner_alone(book: Path, rlm: Rlm, umask: int) -> None:
    import os

    old = os.umask(umask)
    try:
        rlm(*RUN)
        reader = sqlite3.connect(STORE)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM run").fetchall()
        rlm(*RUN, "--fresh")
        files = list(STORE.parent.rglob("*"))
        assert {STORE, Path(f"{STORE}-wal"), Path(f"{STORE}-shm")} <= set(files)
        for path in (STORE.parent, *files):
            if path.name != ".gitignore":
                mode = stat.S_IMODE(path.stat().st_mode)
                assert mode == (0o700 if path.is_dir() else 0o600), path
        reader.close()
        rlm("store", "salvage", str(STORE), "new.db")
        assert stat.S_IMODE(Path("new.db").stat().st_mode) == 0o600
    finally:
        os.umask(old)
    assert json.loads(rlm("store", "ls", "--json").out)["runs"] == 2


def test_a_store_with_other_rights_keeps_them(book: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    STORE.chmod(0o644)
    assert rlm(*RUN).code == 0
    assert stat.S_IMODE(STORE.stat().st_mode) == 0o644
