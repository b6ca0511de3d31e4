"""The root of a project: where its configuration and its runs are, and what others cannot decide."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

import rlmlang
from rlmlang.runtime.root import root_at, root_of
from tests.conftest import BOOK, SIMPLE, Rlm

ARGS = ("--source", "book=book.txt", "--set", "question=where does the key hang")
SOMEBODY = 54_321


@pytest.fixture
def below(folder: Path) -> Path:
    """A recipe in a folder of a folder."""
    place = folder / "team" / "recipes"
    place.mkdir(parents=True)
    (place / "find.rlm").write_text(SIMPLE)
    (folder / "book.txt").write_text(BOOK)
    return place


def stores(folder: Path) -> list[str]:
    """Where runs are kept below a folder."""
    return sorted(str(p.parent.parent.relative_to(folder)) for p in folder.rglob(".rlm/store.db"))


def test_without_a_project_file_the_recipe_s_folder_is_the_project(
    below: Path, folder: Path, rlm: Rlm
) -> None:
    done = rlm("run", "team/recipes/find.rlm", *ARGS)
    assert stores(folder) == ["team/recipes"]
    assert "rlm show --store team/recipes/.rlm/store.db" in done.err
    assert rlm("show").code == 1
    assert "notes" in rlm("show", "--store", "team/recipes/.rlm/store.db").out
    outcome = rlmlang.run(
        below / "find.rlm",
        sources={"book": "book.txt"},
        sets={"question": "where does the key hang"},
        store="team/recipes/.rlm/store.db",
    )
    assert (outcome.reused > 0, stores(folder)) == (True, ["team/recipes"])


def test_the_nearest_project_file_above_the_recipe_decides(
    below: Path, folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "team" / "rlm.toml").write_text('[models]\ndefault = "offline/none"\n')
    (folder / "rlm.toml").write_text('[models]\ndefault = "offline/other"\n')
    done = rlm("plan", "team/recipes/find.rlm", *ARGS)
    assert "offline/none" in done.out
    assert f"project {folder}/team (team/rlm.toml); runs are kept in team/.rlm/store.db" in done.err
    rlm("run", "team/recipes/find.rlm", *ARGS, "--model", "offline/reader")
    assert stores(folder) == ["team"]
    monkeypatch.chdir(below)
    assert json.loads(rlm("runs", "--json").out)[0]["state"] == "finished"
    found = {row["what"]: row["words"] for row in json.loads(rlm("doctor", "--json").out)}
    assert found["project"] == f"{folder}/team, {folder}/team/rlm.toml"
    assert found["store"] == f"{folder}/team/.rlm/store.db can be written"


def test_an_older_store_in_the_current_folder_is_pointed_at(
    below: Path, folder: Path, rlm: Rlm
) -> None:
    (folder / ".rlm").mkdir()
    sqlite3.connect(folder / ".rlm" / "store.db").close()
    words = "an older store lies in ./.rlm: --store .rlm/store.db"
    assert words in rlm("run", "team/recipes/find.rlm", *ARGS).err
    assert words not in rlm("run", "team/recipes/find.rlm", *ARGS).err
    assert words not in rlm("run", "team/recipes/find.rlm", *ARGS, "--quiet").err


def test_links_lead_to_the_recipe_s_own_project(below: Path, folder: Path) -> None:
    (folder / "team" / "rlm.toml").write_text("")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "link.rlm").symlink_to(below / "find.rlm")
    assert root_of("elsewhere/link.rlm").folder == folder / "team"
    (folder / "elsewhere" / "rlm.toml").symlink_to(folder / "nowhere")
    assert root_at(folder / "elsewhere").file == folder / "elsewhere" / "rlm.toml"


def test_the_root_of_all_folders_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert root_of().folder == Path("/")
    assert root_of("std/needle").store == Path("/.rlm/store.db")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root may give files away")
def test_what_others_put_above_decides_nothing_until_it_is_trusted(
    below: Path, folder: Path, rlm: Rlm
) -> None:
    theirs = folder / "team" / "rlm.toml"
    theirs.write_text('[models]\ndefault = "offline/theirs"\n')
    os.chown(theirs, SOMEBODY, SOMEBODY)
    done = rlm("run", "team/recipes/find.rlm", *ARGS)
    assert (done.code, stores(folder)) == (0, ["team/recipes"])
    assert f"{theirs} belongs to somebody else, and is left aside" in " ".join(done.err.split())
    assert "offline/theirs" not in rlm("plan", "team/recipes/find.rlm", *ARGS).out
    assert rlm("trust", "team/rlm.toml").code == 0
    assert "offline/theirs" in rlm("plan", "team/recipes/find.rlm", *ARGS).out


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root may give files away")
def test_what_belongs_to_the_owner_of_the_recipes_counts(below: Path, folder: Path) -> None:
    theirs = folder / "team" / "rlm.toml"
    theirs.write_text("")
    for path in (theirs, below):
        os.chown(path, SOMEBODY, SOMEBODY)
    assert root_at(below).file == theirs
    link = folder / "rlm.toml"
    link.symlink_to(theirs)
    os.chown(link, SOMEBODY + 1, SOMEBODY + 1, follow_symlinks=False)
    assert root_at(folder).strange == (link,)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_project_that_may_not_be_written_says_what_to_do(
    below: Path, folder: Path, rlm: Rlm
) -> None:
    below.chmod(0o500)
    try:
        done = rlm("run", "team/recipes/find.rlm", *ARGS)
        assert (done.code, "[store-unwritable]" in done.err, "--store" in done.err) == (
            1,
            True,
            True,
        )
    finally:
        below.chmod(0o700)
