"""What a server may do to a store: go away, refuse, hold odd values, be somebody else's."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.stores import rows as sealed
from rlmlang.stores.address import Server, address_of
from rlmlang.stores.connection import Cell, stream
from rlmlang.stores.databases import database_of
from rlmlang.stores.opening import open_store
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.schema import TABLES, VERSION
from rlmlang.stores.store import Store
from tests.conftest import ROOT, Rlm
from tests.postgres import PASSWORD, Cluster
from tests.provider import provider
from tests.stores.test_durable import ARGS, rows

COMMAND = (sys.executable, "-m", "rlmlang", "run", "tags.rlm", "--model", "my/model", "--quiet")


@pytest.mark.postgres
def test_a_server_that_is_killed_stops_the_run_and_the_same_command_goes_on(
    server: Cluster, folder: Path
) -> None:
    """Nothing that was kept is asked again, and the budget holds by the provider's own count."""
    rows(folder, 200, "calls <= 260")
    url = server.database()
    with provider(latency=0.03, jitter=0.02) as served:
        command = (*COMMAND, "--api-base", served.base, "--parallel", "8", "--store", url)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
            while served.stats()["answered"] < 60:
                pass
            server.kill()
            assert run.stderr is not None
            said = run.stderr.read()
        assert run.returncode != 0
        assert "store-unreachable" in said
        assert "same command" in said
        assert PASSWORD not in said.replace("%20", " ")
        before = served.stats()["n"]
        assert before < 200
        server.start()
        with closing(StoreReader(address_of(url))) as reader:
            (killed,) = reader.runs()
            assert reader.state(killed) == "killed"
            kept = reader.totals(killed)[1]
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        assert again.stdout.strip() == "200"
        stats = served.stats()
        assert stats["n"] == before + 200 - kept <= 260
        assert before - kept <= 8  # those that were on their way


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:geheim@127.0.0.1:1/runs", "Connection refused"),
        ("postgresql://me:geheim@[127.0.0.1/runs", "its URL cannot be read"),
        ("postgres:///runs?host=/nowhere&password=geheim&user=me", "No such file"),
    ],
)
def test_a_server_that_is_not_there_is_said_before_anything_is_paid(
    url: str, words: str, book: Path, rlm: Rlm
) -> None:
    pytest.importorskip("psycopg")
    for command in (("run", "find.rlm", *ARGS), ("runs",), ("store", "verify")):
        found = rlm(*command, "--store", url)
        assert found.code != 0
        assert "[store-unreachable]" in found.err
        assert words in " ".join(found.err.split())
        assert "geheim" not in found.err + found.out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:a@b/c:d@host/runs", "postgresql://me:***@host/runs"),
        ("postgresql://me@host/runs", "postgresql://me@host/runs"),
        ("postgres://h/r?user=me&Pass%77ord=x@y", "postgres://h/r?user=me&Pass%77ord=***"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert str(Server(url)) == repr(Server(url)) == f"{Server(url)}" == shown


@pytest.mark.postgres
def test_what_a_server_refuses_is_said(server: Cluster, book: Path, rlm: Rlm) -> None:
    url = server.database()
    empty = rlm("runs", "--store", url)
    assert (empty.code, "[unknown-run]" in empty.err) == (1, True)
    assert rlm("run", "find.rlm", *ARGS, "--store", url).code == 0
    shown = [rlm(*c, "--store", url) for c in (("store", "ls"), ("show",), ("export",))]
    assert not [found for found in shown if PASSWORD.replace(" ", "%20") in found.out + found.err]
    for command in (("store", "adopt", "--store", url), ("store", "salvage", url, "new.db")):
        refused = rlm(*command)
        assert "[store-missing]" in refused.err
    with closing(database_of(Server(url)).write()) as writer, writer.transaction() as batch:
        batch.execute("UPDATE call SET step = 'other' WHERE state = 1")
    damaged = rlm("store", "verify", "--store", url)
    assert (damaged.code, "is not what was written" in damaged.out) == (1, True)
    assert "[store-damaged]" in rlm("run", "find.rlm", *ARGS, "--store", url).err
    with closing(database_of(Server(url)).write()) as writer, writer.transaction() as batch:
        batch.execute("UPDATE store SET version = ?", (VERSION + 1,))
    for command in (("run", "find.rlm", *ARGS), ("runs",)):
        assert "[store-too-new]" in rlm(*command, "--store", url).err


@pytest.mark.postgres
def test_the_page_about_it_can_be_followed(
    server: Cluster, book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "shared-store.md").read_text()
    blocks = dict(re.findall(r"```(sql|toml|text)\n(.*?)```", page, flags=re.DOTALL))
    server.say(re.sub(r"\bruns\b", "team", blocks["sql"]))
    url = f"postgresql://team@127.0.0.1:{server.port}/team"
    monkeypatch.setenv("PGPASSWORD", "choose one")
    assert rlm("run", "find.rlm", *ARGS).code == 0
    for line in blocks["text"].splitlines():
        said = line.replace("postgresql://runs@db.example.com/runs", url)
        found = rlm(*shlex.split(said)[1:])
        assert (found.code, found.err) == (0, ""), said
    (book / "rlm.toml").write_text(
        blocks["toml"].replace("postgresql://runs@db.example.com/runs", url)
    )
    refused = rlm("run", "find.rlm", *ARGS)
    assert "[project-untrusted]" in refused.err
    assert rlm("trust", str(book)).code == 0
    again = json.loads(rlm("run", "find.rlm", *ARGS, "--json").out)
    assert (again["usage"]["calls"], again["reused"]) == (0, 4)


TEXT = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(["\0", "\x01b", "\x01"])
WHEN = st.floats(min_value=0, allow_nan=False) | st.integers(0, 3)
CELLS: dict[str, st.SearchStrategy[Cell]] = {
    **dict.fromkeys(("attempt", "settings", "system", "origin"), st.integers(-(2**62), 2**62)),
    **dict.fromkeys(("worst_in", "used_in", "worst_usd"), st.none() | st.integers(0, 2**62)),
    **dict.fromkeys(("worst_out", "used_out", "used_usd"), st.none() | st.integers(0, 9)),
    **dict.fromkeys(("started", "ended", "seconds", "at"), st.none() | WHEN),
    **dict.fromkeys(("identity", "hash", "body", "key", "asked", "answer"), st.binary(max_size=4)),
    "data": TEXT | st.binary(max_size=4),
}


def row_of(table: str) -> st.SearchStrategy[list[Cell]]:
    """Any row that a store may be given."""
    own = {**CELLS, "id": st.integers(1, 4)}
    if table == "call":
        own["state"] = st.integers(0, 3)
    columns = (own.get(column, st.none() | TEXT) for column in TABLES[table])
    return st.tuples(*columns).map(list)


@pytest.fixture(scope="module")
def pair(
    server: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Store]]:
    """A store in a file, and one on a server."""
    file = tmp_path_factory.mktemp("pair") / "runs.db"
    with closing(open_store(file)) as one, closing(open_store(Server(server.database()))) as other:
        yield one, other


@pytest.mark.postgres
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_both_give_back_what_was_put(pair: tuple[Store, Store], data: st.DataObject) -> None:
    """The same cells, of the same kinds, whole by their seals; the last of those with one id."""
    table = data.draw(st.sampled_from(["call", "verdict", "event"]))
    put = data.draw(st.lists(row_of(table), max_size=6))
    found = []
    for store in pair:
        store.journal.wait(lambda c: c.execute(f"DELETE FROM {table}"))  # noqa: B023
        store.journal.wait(lambda c: [c.put(table, list(row)) for row in put])  # noqa: B023
        found.append(store.reader.execute(f"SELECT * FROM {table} ORDER BY id").fetchall())
    assert [list(map(repr, row)) for row in found[0]] == [list(map(repr, row)) for row in found[1]]
    assert all(sealed.intact(table, row) for row in found[1])


def memory() -> int:
    """MB that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.mark.postgres
def test_a_large_answer_is_read_in_parts(server: Cluster, folder: Path) -> None:
    """100 MB of rows, other statements in between; one that is given up leaves nothing open."""
    database = database_of(address_of(server.database()))
    database.write().close()
    many = "SELECT n, repeat('x', 1000) FROM generate_series(1, ?) n"
    with closing(database.read()) as connection:
        before, total = memory(), 0
        for number, text in stream(connection, many, (100_000,)):
            total += len(text)
            if number % 20_000 == 1:
                assert connection.execute("SELECT ?::int", (number,)).fetchone() == (number,)
                assert memory() - before < 40
        assert total == 100_000_000
        given_up = stream(connection, many, (100_000,))
        assert next(given_up)[0] == 1
        del given_up
        assert connection.execute("SELECT count(*) FROM pg_cursors").fetchone() == (0,)
        gone = stream(connection, many, (100_000,))
        assert next(gone)[0] == 1
    with pytest.raises(CodedError, match="store-unreachable|cannot be reached"):
        list(gone)
