"""The cache that projects share: whole or not there, never changed unseen, filled by one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Rlm
from tests.packages.repositories import Published, legal


def home() -> Path:
    """Where packages are kept."""
    return Path(os.environ["XDG_CACHE_HOME"]) / "rlmlang" / "packages"


def trees() -> list[Path]:
    """The packages that are kept."""
    return sorted(p for p in home().iterdir() if p.is_dir())


def test_a_package_that_was_tampered_with_is_refused_and_put_right(
    project: Path, published: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    (folder,) = trees()
    assert not os.access(folder / "legal.rlm", os.W_OK) or os.getuid() == 0
    assert folder.stat().st_mode & 0o222 == 0 and (folder / "legal.rlm").stat().st_mode & 0o222 == 0
    changes = [
        lambda: (folder / "legal.rlm").write_text("rlm 1\n"),
        lambda: (folder / "words.rlm").unlink(),
        lambda: (folder / "more.rlm").write_text("rlm 1\n"),
        lambda: (
            (folder / "words.rlm").unlink(),
            (folder / "words.rlm").symlink_to("/etc/hostname"),
        ),
    ]
    for change in changes:
        folder.chmod(0o755)
        (folder / "legal.rlm").chmod(0o644)
        change()
        done = rlm("check", "go.rlm")
        assert "error[package-changed]" in done.err or "error[package-unsafe]" in done.err
        assert rlm("deps", "verify").code == 1
        assert rlm("deps", "lock", "--locked").code == 0
        assert rlm("deps", "verify").code == 0
        assert rlm("check", "go.rlm").code == 0


def test_what_a_killed_process_left_is_cleared_and_never_used(
    project: Path, published: Published, rlm: Rlm
) -> None:
    left = home() / ".new-left"
    (left / "deep").mkdir(parents=True)
    (left / "deep" / "legal.rlm").write_text("rlm 1\n")
    (left / "deep").chmod(0o555)
    assert rlm("deps", "lock").code == 0
    assert [p.name for p in home().iterdir() if p.name.startswith(".new")] == []
    assert len(trees()) == 1


def test_two_projects_share_one_copy(
    project: Path, published: Published, rlm: Rlm, monkeypatch
) -> None:
    assert rlm("deps", "lock").code == 0
    other = project.parent / "other"
    other.mkdir()
    (other / "rlm.toml").write_text((project / "rlm.toml").read_text())
    monkeypatch.chdir(other)
    assert rlm("deps", "lock").code == 0
    assert len(trees()) == 1


def test_processes_that_lock_at_once_do_not_disturb_each_other(
    project: Path, published: Published, rlm: Rlm
) -> None:
    text, other = (project / "rlm.toml").read_text(), project.parent / "other"
    other.mkdir()
    (other / "rlm.toml").write_text(text)
    command = [sys.executable, "-m", "rlmlang", "deps", "lock"]
    running = [subprocess.Popen(command, cwd=where) for where in (project, other, project)]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    assert (project / "rlm.lock").read_text() == (other / "rlm.lock").read_text()
    assert len(trees()) == 1
    assert rlm("deps", "verify").code == 0


def test_copies_in_the_project_are_used_and_held_against_their_hashes(
    project: Path, published: Published, rlm: Rlm, monkeypatch, tmp_path_factory
) -> None:
    assert rlm("deps", "lock").code == 0
    assert rlm("deps", "vendor").out == "vendor/acme/legal@3.2.1\n"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("empty")))
    assert rlm("check", "--locked", "go.rlm").code == 0
    assert rlm("check", ".").err.count("no problems") == 1
    copied = project / "vendor" / "acme" / "legal@3.2.1" / "words.rlm"
    copied.write_text('rlm 1\n\nexport const known = "mine"\n')
    assert "error[package-changed]" in rlm("check", "go.rlm").err
    published.commit(legal("3.3.0"), "v3.3.0")
    assert rlm("deps", "update").code == 0
    assert rlm("deps", "vendor").out == "vendor/acme/legal@3.3.0\n"
    assert not copied.parent.exists()
    assert rlm("check", "go.rlm").code == 0
