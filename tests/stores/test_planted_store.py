"""A store that somebody else made, or added rows to, gives no answer until its user says so."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

import rlmlang
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.session import Session
from rlmlang.runtime.trust_list import Listed, keep
from rlmlang.stores import rows, schema, signing
from rlmlang.stores.connection import Cell
from tests.conftest import Result, Rlm

ASK = """rlm 1
prompt sum(text: Text) -> Text "Add what the text says."
recipe adding(text: Text) -> Text { return sum(text) }
"""
RUN = ("run", "clone/add.rlm", "--set", "text=one and one")
PLANTED = "PLANTED-three"
LOCKED = ("store.db.lock", "store.db-shm", "store.db-wal")


@pytest.fixture
def clone(folder: Path) -> Path:
    """A recipe in a folder that nobody trusts."""
    keep(Listed())
    place = folder / "clone"
    place.mkdir()
    (place / "add.rlm").write_text(ASK)
    return place


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of somebody else, whose home is another."""
    return tmp_path_factory.mktemp("theirs")


def plant(store: Path, secret: bytes = b"") -> int:
    """Writes another answer over all that are kept, by hand: with seals that are right."""
    with closing(sqlite3.connect(store)) as c:
        found = c.execute("SELECT * FROM call WHERE state = 1").fetchall()
        for row in found:
            values: list[Cell] = list(row[:-1])
            at = schema.TABLES["call"].index("answer")
            values[at] = rows.pack(f"[[ ## result ## ]]\n{PLANTED}\n\n[[ ## completed ## ]]\n")
            marks = ", ".join("?" * len(row))
            c.execute(
                f"REPLACE INTO call VALUES({marks})", [*values, rows.seal("call", values, secret)]
            )
        c.commit()
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return len(found)


def store_of(clone: Path) -> Path:
    return clone / ".rlm" / "store.db"


def untrusted(done: Result) -> bool:
    """Whether a command refused a store, with a way out."""
    said = " ".join(done.err.split())
    return done.code == 1 and "[store-untrusted]" in said and "rlm store adopt" in said


def state_of(clone: Path) -> list[tuple[str, bytes]]:
    """Every file of a folder, but for those that SQLite and rlmlang lock."""
    found = sorted(p for p in clone.rglob("*") if p.is_file())
    return [(p.name, p.read_bytes()) for p in found if not p.name.startswith(LOCKED)]


@pytest.mark.parametrize("secret", [b"", b"somebody"])
def test_planted_answers_are_used_by_no_command(clone: Path, rlm: Rlm, secret: bytes) -> None:
    first = rlm(*RUN)
    assert (first.code, PLANTED in first.out) == (0, False)
    assert plant(store_of(clone), secret) == 1
    before = state_of(clone)
    for command in (RUN, (*RUN, "--replay"), (*RUN, "--why-miss", "result")):
        done = rlm(*command)
        assert untrusted(done) and PLANTED not in done.out + done.err
    assert state_of(clone) == before


def test_a_store_made_in_another_home_is_refused_before_anything_is_asked(
    clone: Path, rlm: Rlm, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(elsewhere))
        rlm(*RUN)
        plant(store_of(clone), signing.own_secret())
        assert PLANTED in rlm(*RUN).out
    before = state_of(clone)
    done = rlm(*RUN)
    assert untrusted(done) and PLANTED not in done.out
    monkeypatch.chdir(clone)
    for command in (
        ("show",), ("show", "--answer"), ("show", "--plan"), ("runs",), ("export",),
        ("store", "ls"), ("test", "--record", "last"), ("graph", "last"),
    ):  # fmt: skip
        done = rlm(*command)
        assert untrusted(done), command
        assert PLANTED not in done.out + done.err
    assert state_of(clone) == before
    said = {x["what"]: x for x in json.loads(rlm("doctor", "--json").out)}["rows of the store"]
    assert (said["ok"], "not all yours" in said["words"]) == (False, True)


def test_rows_in_the_middle_that_others_added_are_refused_where_they_would_be_used(
    clone: Path, rlm: Rlm
) -> None:
    rlm(*RUN)
    rlm(*RUN[:-1], "text=the second")
    rlm(*RUN[:-1], "text=the third")
    store = store_of(clone)
    plant(store, b"somebody")
    sign_ends(store)
    done = rlm(*RUN[:-1], "text=the second")
    assert untrusted(done) and PLANTED not in done.out
    assert rlm("show", "--store", str(store)).code == 0


def sign_ends(store: Path) -> None:
    """Signs the first and the last call as the user's, so that only those between are not."""
    secret = signing.own_secret()
    with closing(sqlite3.connect(store)) as c:
        for row in c.execute(signing.ENDS.format("call")).fetchall():
            made = rows.seal("call", row[:-1], secret)
            c.execute("UPDATE call SET seal = ? WHERE id = ?", (made, row[0]))
        c.commit()
        assert signing.all_signed(store, c, secret)


def test_what_counts_by_the_user_s_word(clone: Path, rlm: Rlm, folder: Path) -> None:
    rlm(*RUN)
    store = store_of(clone)
    plant(store, b"somebody")
    for word in (("--store", str(store)), ("--trust",)):
        assert PLANTED in rlm(*RUN, *word).out
        assert rlm(*RUN).code == 1
    rlm("trust", "clone")
    assert PLANTED in rlm(*RUN).out
    rlm("trust", "--remove", "clone")
    assert rlm(*RUN).code == 1
    done = rlm("store", "adopt", "--store", str(store))
    assert (done.code, "are yours" in done.out) == (0, True)
    assert rlm("store", "verify", "--store", str(store)).code == 0
    assert PLANTED in rlm(*RUN).out


def test_the_environment_trusts_for_all_commands(
    clone: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rlm(*RUN)
    plant(store_of(clone))
    monkeypatch.setenv("RLM_TRUST", "1")
    monkeypatch.chdir(clone)
    assert PLANTED in rlm(*RUN[:1], "add.rlm", *RUN[2:]).out
    assert rlm("show").code == 0


def test_own_rows_are_brought_over_alone(clone: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    store, own, every = store_of(clone), clone / "own.db", clone / "every.db"
    plant(store, b"somebody")
    found = json.loads(rlm("store", "salvage", str(store), str(every), "--json").out)["saved"]
    mine = json.loads(rlm("store", "salvage", "--own", str(store), str(own), "--json").out)["saved"]
    assert (found["run"], mine["run"], found["call"], mine["call"]) == (1, 1, 1, 0)


def test_a_program_uses_a_store_of_others_only_if_it_names_it(clone: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    plant(store_of(clone))
    sets = {"text": "one and one"}
    ready = prepare("clone/add.rlm", Options(sets=sets), need_all=True)
    with pytest.raises(CodedError, match="not written by you"):
        Session(ready)
    assert rlmlang.run("clone/add.rlm", sets=sets).result != PLANTED
    assert rlmlang.run("clone/add.rlm", store=store_of(clone), sets=sets).result == PLANTED


def test_a_store_follows_its_folder_and_keeps_its_secret(clone: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    shutil.move(clone, clone.with_name("moved"))
    done = rlm("run", "moved/add.rlm", *RUN[2:], "--replay")
    assert done.code == 0
    secret = signing.user_state() / "signing.secret"
    assert (stat.S_IMODE(secret.stat().st_mode), secret.stat().st_size) == (0o600, 32)
    assert (clone.with_name("moved") / ".rlm" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("home", ["relative", "/dev/null/nowhere"])
def test_without_a_place_for_a_secret_a_run_ends_and_counts_by_name(
    clone: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", home)
    monkeypatch.setenv("HOME", home)
    assert rlm(*RUN).code == 0
    assert not Path(home).exists()
    signing._passing.cache_clear()  # as in the next process
    assert untrusted(rlm(*RUN))
    assert rlm(*RUN, "--store", str(store_of(clone)), "--replay").code == 0


def test_a_store_of_version_2_is_not_signed_by_being_brought_up(clone: Path, rlm: Rlm) -> None:
    rlm(*RUN)
    store = store_of(clone)
    with closing(sqlite3.connect(store)) as c:
        for table in schema.TABLES:
            for row in c.execute(f"SELECT * FROM {table}").fetchall():
                plain = rows.digest(table, row[:-1])
                c.execute(f"UPDATE {table} SET seal = ? WHERE id = ?", (plain, row[0]))
        c.execute("PRAGMA user_version=2")
        c.commit()
    assert untrusted(rlm(*RUN))
    assert rlm("runs", "--store", str(store)).code == 0  # brought up
    assert rlm(*RUN).code == 1
    rlm("store", "adopt", "--store", str(store))
    assert rlm(*RUN, "--replay").code == 0
