"""A project to use packages in, with a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlmlang.runtime.trust_list import Listed, keep
from tests.packages.repositories import USER, Published, dep, legal


@pytest.fixture
def project(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with a recipe that uses `acme/legal`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    work = folder / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "go.rlm").write_text(USER)
    (work / "contract.txt").write_text("Ann pays 3.\n")
    keep(Listed(folders=(str(folder.resolve()),)))
    return work


@pytest.fixture
def published(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """`acme/legal` 3.2.1 in a repository, which the project uses, and has not locked."""
    found = Published(tmp_path_factory.mktemp("git") / "legal")
    found.commit(legal(), "v3.2.1")
    (project / "rlm.toml").write_text("[deps]\n" + dep("acme/legal", git=found.url, tag="v3.2.1"))
    return found
