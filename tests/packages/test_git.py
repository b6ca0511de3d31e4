"""Packages from real repositories: tags that moved, branches that were forced, hostile ones."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import Rlm
from tests.packages.repositories import LEGAL, Published, dep, git, legal, manifest


def lines(project: Path, *found: str) -> None:
    """Writes these lines below [deps]."""
    (project / "rlm.toml").write_text("[deps]\n" + "".join(found))


def test_a_package_in_a_folder_of_a_repository_brings_its_neighbour(
    project: Path, rlm: Rlm, tmp_path_factory
) -> None:
    both = Published(tmp_path_factory.mktemp("git") / "both")
    asks = "[deps]\n" + dep("team/common", path="../common")
    text = LEGAL.replace("rlm 1\n", 'rlm 1\n\nuse "team/common" { word }\n', 1)
    both.commit(
        {
            **{
                f"packages/legal/{k}": v for k, v in {**legal(more=asks), "legal.rlm": text}.items()
            },
            "packages/common/rlm.toml": manifest("team/common", "1.0.0"),
            "packages/common/common.rlm": "rlm 1\n\nexport const word = 1\n",
        },
        "v3.2.1",
    )
    lines(project, dep("acme/legal", git=both.url, tag="v3.2.1"))
    assert 'subdir = "FOLDER"' in rlm("deps", "lock").err
    lines(project, dep("acme/legal", git=both.url, tag="v3.2.1", subdir="nowhere"))
    assert "has no folder nowhere" in " ".join(rlm("deps", "lock").err.split())
    lines(project, dep("acme/legal", git=both.url, tag="v3.2.1", subdir="packages/legal"))
    assert rlm("deps", "lock").code == 0
    assert "subdirectory=packages/common" in (project / "rlm.lock").read_text()
    assert rlm("check", "go.rlm").code == 0


def test_a_tag_that_moved_is_refused_until_it_is_meant(
    project: Path, published: Published, rlm: Rlm
) -> None:
    assert rlm("deps", "lock").code == 0
    before = (project / "rlm.lock").read_text()
    commit = published.commit({"words.rlm": 'rlm 1\n\nexport const known = "other"\n'}, "v3.2.1")
    assert rlm("deps", "lock").code == 0
    assert (project / "rlm.lock").read_text() == before
    done = rlm("deps", "update")
    assert (done.code, "error[package-tag-moved]" in done.err) == (1, True)
    assert commit in done.err and (project / "rlm.lock").read_text() == before
    assert rlm("deps", "update", "--moved").code == 0
    assert commit in (project / "rlm.lock").read_text()


def test_what_is_locked_is_found_by_its_commit_when_the_tag_has_moved(
    project: Path, published: Published, rlm: Rlm, monkeypatch, tmp_path_factory
) -> None:
    assert rlm("deps", "lock").code == 0
    published.commit({"words.rlm": "rlm 1\n"}, "v3.2.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("empty")))
    assert "error[package-missing]" in rlm("check", "go.rlm").err
    assert "error[package-missing]" in rlm("deps", "lock", "--offline").err
    assert rlm("deps", "lock", "--locked").code == 0
    assert rlm("check", "go.rlm").code == 0


def test_a_branch_is_as_it_was_locked_until_it_is_updated(
    project: Path, published: Published, rlm: Rlm
) -> None:
    lines(project, dep("acme/legal", git=published.url, branch="main"))
    assert rlm("deps", "lock").code == 0
    first = (project / "rlm.lock").read_text()
    git(published.folder, "checkout", "-q", "--orphan", "fresh")
    forced = published.commit(legal("3.4.0"))
    git(published.folder, "branch", "-f", "main", "HEAD")
    assert rlm("deps", "lock").code == 0
    assert (project / "rlm.lock").read_text() == first
    assert rlm("deps", "update").code == 0
    found = (project / "rlm.lock").read_text()
    assert forced in found and 'version = "3.4.0"' in found


def test_a_commit_that_a_force_push_removed_is_said_to_be_gone(
    project: Path, published: Published, rlm: Rlm, monkeypatch, tmp_path_factory
) -> None:
    lines(project, dep("acme/legal", git=published.url, branch="main"))
    published.commit({"words.rlm": "rlm 1\n\nexport const known = 7\n"})
    assert rlm("deps", "lock").code == 0
    git(published.folder, "reset", "-q", "--hard", "HEAD~1")
    git(published.folder, "reflog", "expire", "--expire=now", "--all")
    git(published.folder, "gc", "-q", "--prune=now")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("empty")))
    done = rlm("deps", "lock", "--locked")
    assert (done.code, "error[package-unfetchable]" in done.err, "any more" in done.err) == (
        1,
        True,
        True,
    )


@pytest.mark.parametrize("length", [40, 9])
def test_a_revision_is_found(project: Path, published: Published, rlm: Rlm, length: int) -> None:
    commit = git(published.folder, "rev-parse", "HEAD")
    published.commit(legal("3.3.0"), "v3.3.0")
    lines(project, dep("acme/legal", git=published.url, rev=commit[:length]))
    assert rlm("deps", "lock").code == 0
    assert f"#{commit}" in (project / "rlm.lock").read_text()
    assert 'version = "3.2.1"' in (project / "rlm.lock").read_text()


def test_update_takes_the_highest_tag_of_the_same_major(
    project: Path, published: Published, rlm: Rlm
) -> None:
    for version in ("3.2.9", "3.10.0", "4.0.0", "3.11.0-rc1"):
        published.commit(legal(version), f"v{version}")
    published.commit(legal("3.99.0"), "other-v3.99.0")
    assert rlm("deps", "lock").code == 0
    assert 'version = "3.2.1"' in (project / "rlm.lock").read_text()
    assert rlm("deps", "update", "acme/legal").code == 0
    assert 'tag = "v3.10.0"' in (project / "rlm.toml").read_text()
    assert 'version = "3.10.0"' in (project / "rlm.lock").read_text()
    assert rlm("deps", "lock", "--locked").code == 0
    assert "uses no package" in rlm("deps", "update", "acme/other").err


def test_bytes_are_those_of_git_whatever_the_user_has_set(
    project: Path, published: Published, rlm: Rlm, tmp_path, monkeypatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        '[core]\n\tautocrlf = true\n\teol = crlf\n[filter "x"]\n\tsmudge = false\n\trequired = true\n'
    )
    published.commit(
        {
            ".gitattributes": "* text filter=x\n",
            "words.rlm": b"rlm 1\r\n\r\nexport const known = 1\n",
        },
        "v3.2.1",
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert rlm("deps", "lock").code == 0
    kept = next(Path(os.environ["XDG_CACHE_HOME"]).glob("rlmlang/packages/*/words.rlm"))
    stored = subprocess.run(
        ["git", "cat-file", "blob", "HEAD:words.rlm"],
        cwd=published.folder,
        capture_output=True,
        check=True,
    ).stdout
    assert kept.read_bytes() == stored


def test_no_hook_and_no_command_of_a_repository_is_run(
    project: Path, published: Published, rlm: Rlm, tmp_path, monkeypatch
) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-merge", "pre-auto-gc"):
        for place in (template, published.folder / ".git" / "hooks"):
            place.mkdir(exist_ok=True)
            (place / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
            (place / name).chmod(0o755)
    config = tmp_path / "config"
    config.write_text(
        f"[core]\n\thooksPath = {template}\n\tfsmonitor = {template}/post-merge\n[init]\n\ttemplateDir = {template.parent}\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert rlm("deps", "lock").code == 0
    assert not (tmp_path / "hooked").exists()


def test_a_transport_that_runs_commands_is_refused_however_it_comes(
    project: Path, published: Published, rlm: Rlm, tmp_path, monkeypatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f'[protocol "ext"]\n\tallow = always\n[url "ext::sh -c touch% {tmp_path}/run "]\n\tinsteadOf = {published.url}\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext")
    assert "error[package-unfetchable]" in rlm("deps", "lock").err
    assert not (tmp_path / "run").exists()


def crafted(folder: Path, tree: bytes) -> None:
    """A commit, tagged v3.2.1, with a tree that only plumbing can make."""
    id_ = git(folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=tree)
    commit = git(folder, "commit-tree", "-m", "crafted", id_)
    git(folder, "tag", "-f", "v3.2.1", commit)


def entries(folder: Path, *more: tuple[str, str, bytes]) -> bytes:
    """The bytes of a tree with the manifest and these files: mode, name, text."""
    toml = manifest("acme/legal", "3.2.1").encode()
    tree = b""
    for mode, name, data in (("100644", "rlm.toml", toml), *more):
        kind = "tree" if mode == "40000" else "blob"
        id_ = git(folder, "hash-object", "-t", kind, "-w", "--stdin", "--literally", given=data)
        tree += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(id_)
    return tree


HOSTILE = [
    ("120000", "legal.rlm", b"/etc/passwd", "which is a link"),
    ("100644", "..", b"rlm 1\n", "holds a file called"),
    ("100644", "../../evil.rlm", b"rlm 1\n", "holds a file called"),
    ("100644", ".git", b"x", "holds a file called"),
    ("100644", "a\\b.rlm", b"rlm 1\n", "holds a file called"),
    ("100644", "a\nb.rlm", b"rlm 1\n", "holds a file called"),
    ("100644", "legal.rlm", b"x" * 8_000_001, "8,000,001 bytes"),
]


@pytest.mark.parametrize(("mode", "name", "data", "words"), HOSTILE, ids=lambda x: repr(x)[:30])
def test_a_hostile_repository_leaves_nothing(
    project: Path, published: Published, rlm: Rlm, mode: str, name: str, data: bytes, words: str
) -> None:
    crafted(published.folder, entries(published.folder, (mode, name, data)))
    done = rlm("deps", "lock")
    assert done.code == 1
    assert "error[package-unsafe]" in done.err or "error[package-too-large]" in done.err
    assert words in " ".join(done.err.split())
    assert not (project / "rlm.lock").exists()
    home = Path(os.environ["XDG_CACHE_HOME"]) / "rlmlang" / "packages"
    assert [p.name for p in home.iterdir()] == [".lock"]


def test_a_submodule_is_refused_and_not_fetched(
    project: Path, published: Published, rlm: Rlm
) -> None:
    id_ = git(published.folder, "rev-parse", "HEAD")
    tree = entries(published.folder) + b"160000 sub\0" + bytes.fromhex(id_)
    crafted(published.folder, tree)
    assert "the submodule sub" in " ".join(rlm("deps", "lock").err.split())


def test_files_that_begin_with_a_hyphen_are_files(
    project: Path, published: Published, rlm: Rlm
) -> None:
    published.commit({"-rf.rlm": "rlm 1\n\nexport const odd = 1\n"}, "v3.2.1")
    assert rlm("deps", "lock").code == 0
    (project / "go.rlm").write_text('rlm 1\n\nuse "acme/legal/-rf" { odd }\n')
    assert rlm("check", "go.rlm").code == 0


def test_what_is_no_repository_or_has_no_such_tag_is_said(
    project: Path, published: Published, rlm: Rlm
) -> None:
    lines(project, dep("acme/legal", git=f"{published.url}-gone", tag="v1"))
    assert "error[package-unfetchable]" in rlm("deps", "lock").err
    lines(project, dep("acme/legal", git=published.url, tag="v9"))
    assert "has no tag v9" in " ".join(rlm("deps", "lock").err.split())
    lines(project, dep("acme/other", git=published.url, tag="v3.2.1"))
    assert "is the package `acme/legal`, not `acme/other`" in " ".join(
        rlm("deps", "lock").err.split()
    )


class Backend(BaseHTTPRequestHandler):
    """`git http-backend` behind a name and a password."""

    root, asked = Path(), list[str | None]()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _serve(self) -> None:
        said = self.headers.get("authorization")
        self.asked.append(said)
        if said != "Basic " + base64.b64encode(b"ann:s3cret").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=git")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        env = {
            **os.environ, "GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)), "GIT_PROTOCOL": self.headers.get("git-protocol", ""), "REMOTE_USER": "ann",
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
        }  # fmt: skip
        done = subprocess.run(
            ["git", "http-backend"], env=env, input=body, capture_output=True, check=True
        ).stdout
        head, _, data = done.partition(b"\r\n\r\n")
        said_headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(said_headers.pop("Status", "200").split()[0]))
        for name, text in said_headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def private(root: Path) -> Iterator[str]:
    """Repositories below a folder, served to who knows the password."""
    handler = type("Handler", (Backend,), {"root": root, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_private_repository_is_read_with_the_users_credential_helper_and_asks_nobody(
    project: Path, published: Published, rlm: Rlm, tmp_path: Path, monkeypatch
) -> None:
    config, helper = tmp_path / "config", tmp_path / "helper"
    helper.write_text('#!/bin/sh\n[ "$1" = get ] && echo username=ann && echo password=s3cret\n')
    helper.chmod(0o755)
    with private(published.folder.parent) as base:
        lines(project, dep("acme/legal", git=f"{base}/legal/.git", tag="v3.2.1"))
        done = rlm("deps", "lock")
        assert (done.code, "error[package-unfetchable]" in done.err) == (1, True)
        config.write_text(f"[credential]\n\thelper = {helper}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        assert rlm("deps", "lock").code == 0
    assert "s3cret" not in (project / "rlm.lock").read_text()
    assert rlm("check", "go.rlm").code == 0
