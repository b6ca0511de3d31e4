"""Places for stores: a file, and a database of a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Cluster, cluster, programs


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A PostgreSQL server for these tests alone."""
    pytest.importorskip("psycopg")
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with cluster() as running:
        yield running


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What --store may name; commands and other processes find it in the environment."""
    if request.param == "file":
        named = str(folder / "runs.db")
    else:
        named = request.getfixturevalue("server").database()
    monkeypatch.setenv("RLM_STORE", named)
    return named
