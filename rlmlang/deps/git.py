"""A repository read by the user's own git, so that keys, credential helpers and proxies count.

Nothing of it is checked out and nothing in it is run: files are taken as they are stored, after
their names and sizes were looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.manifest import Manifest
from rlmlang.packages.source import COMMIT, Source
from rlmlang.packages.tree import (
    MANIFEST,
    Tree,
    included,
    require_names,
    require_sizes,
    unsafe,
)
from rlmlang.runtime.package_files import manifest_from

PATIENCE = 300.0  # seconds of one call of git
MOST_FETCHED = 500_000_000  # bytes of a repository
PROTOCOLS = "file:git:http:https:ssh"
SAFE = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0",
    "-c", "maintenance.auto=false", "-c", "protocol.ext.allow=never", "-c", "core.askPass=",
    "-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false",
)  # fmt: skip
OF_ANOTHER = (
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_NAMESPACE GIT_COMMON_DIR "
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_EXTERNAL_DIFF SSH_ASKPASS GIT_TRACE"
).split()
"""Variables that would have git work on another repository, or ask somebody."""
SECRET = re.compile(r"(://[^/@\s:]*):[^/@\s]*@")
PLAIN = ("100644", "100755")


@dataclass(frozen=True)
class Entry:
    """A file as a commit has it: its mode, the object that holds it, its bytes."""

    mode: str
    id: str
    size: int


class Repository:
    """A copy of what was fetched of one URL, in a folder of its own that is gone afterwards."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self._git("init", "--quiet", "--bare", "--template=", ".")

    def commit_of(self, source: Source) -> str:
        """The commit that a tag, branch or revision names now. Raises CodedError
        (package-unfetchable)."""
        if source.by == "rev":
            return self._commit_from(source.ref)
        kind = "tags" if source.by == "tag" else "heads"
        name = f"refs/{kind}/{source.ref}"
        found = self.refs(name, f"{name}^{{}}")
        commit = found.get(f"{name}^{{}}") or found.get(name)
        if commit is None:
            raise self._lost(f"has no {source.by} {source.ref}")
        return commit

    def refs(self, *patterns: str) -> dict[str, str]:
        """The commits of refs. Raises CodedError (package-unfetchable)."""
        lines = self._git("ls-remote", "--quiet", "--", self.url, *patterns).decode(
            "utf-8", "replace"
        )
        pairs = (line.split("\t", 1) for line in lines.splitlines() if "\t" in line)
        return {name: commit for commit, name in pairs if COMMIT.fullmatch(commit)}

    def package(self, commit: str, subdir: str) -> tuple[Manifest, Tree]:
        """The package in a folder of a commit. Raises CodedError (package-unfetchable,
        package-broken, package-unsafe, package-too-large)."""
        self._fetch(commit)
        entries = dict(self._entries(commit, subdir))
        if MANIFEST not in entries or entries[MANIFEST].mode not in PLAIN:
            where = f"its folder {subdir}" if subdir else "its top folder"
            raise failed(
                "package-broken",
                f"{self.url}: {where} has no {MANIFEST} at {commit[:12]}",
                hint='a package in a folder of a repository is named with subdir = "FOLDER"',
            )
        require_sizes({MANIFEST: entries[MANIFEST].size}, self.url)
        manifest = manifest_from(self._blobs({MANIFEST: entries[MANIFEST]})[MANIFEST], self.url)
        chosen = {n: e for n, e in entries.items() if included(n, manifest.include)}
        for name, entry in chosen.items():
            if entry.mode not in PLAIN:
                raise unsafe(self.url, f"holds {name}, which is a link")
        require_names(chosen, self.url)
        require_sizes({n: e.size for n, e in chosen.items()}, self.url)
        return manifest, self._blobs(chosen)

    def _commit_from(self, rev: str) -> str:
        if COMMIT.fullmatch(rev):
            return rev
        self._fetch_all()
        with suppress(CodedError):
            found = (
                self._git(
                    "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"
                )
                .decode()
                .strip()
            )
            if COMMIT.fullmatch(found):
                return found
        raise self._lost(f"has no commit {rev}")

    def _fetch(self, commit: str) -> None:
        """Brings one commit; from a server that gives none by itself, all of them."""
        if self._has(commit):
            return
        with suppress(CodedError):
            self._git("fetch", "--quiet", "--no-tags", "--depth=1", "--", self.url, commit)
        if not self._has(commit):
            self._fetch_all()
        if not self._has(commit):
            raise self._lost(f"has no commit {commit[:12]} any more")

    def _fetch_all(self) -> None:
        refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        self._git("fetch", "--quiet", "--no-tags", "--", self.url, *refs)

    def _has(self, commit: str) -> bool:
        with suppress(CodedError):
            self._git("cat-file", "-e", f"{commit}^{{commit}}")
            return True
        return False

    def _entries(self, commit: str, subdir: str) -> Iterator[tuple[str, Entry]]:
        tree = f"{commit}:{subdir}" if subdir else commit
        try:
            listed = self._git("ls-tree", "-r", "-z", "-l", "--full-tree", tree)
        except CodedError:
            raise self._lost(f"has no folder {subdir} at {commit[:12]}") from None
        for line in listed.split(b"\0"):
            about, tab, raw = line.partition(b"\t")
            if not tab:
                continue
            mode, _, id_, size = about.decode().split()
            name = raw.decode("utf-8", "surrogateescape")
            if any(p in ("", ".", "..") or p.lower() == ".git" for p in name.split("/")):
                raise unsafe(self.url, f"holds a file called {name!r:.100}")
            if mode == "160000":
                raise unsafe(self.url, f"holds the submodule {name}, whose files are elsewhere")
            yield name, Entry(mode, id_, int(size) if size.isdigit() else 0)

    def _blobs(self, entries: dict[str, Entry]) -> Tree:
        """The bytes of files, as they are stored."""
        asked = "".join(f"{e.id}\n" for e in entries.values()).encode()
        data, at, found = self._git("cat-file", "--batch", given=asked), 0, dict[str, bytes]()
        for name, entry in entries.items():
            at = data.index(b"\n", at) + 1
            found[name] = data[at : at + entry.size]
            at += entry.size + 1
        return found

    def _git(self, *args: str, given: bytes = b"") -> bytes:
        """What a call of git writes. Raises CodedError (package-unfetchable)."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._call(args, given, out, err)
            out.seek(0)
            err.seek(0)
            if code == 0:
                return out.read()
            words = err.read(4_000).decode("utf-8", "replace").strip().splitlines()
        raise self._lost("cannot be read", "\n".join(words[-4:]))

    def _call(self, args: tuple[str, ...], given: bytes, out: IO[bytes], err: IO[bytes]) -> int:
        with tempfile.TemporaryFile() as sent:
            sent.write(given)
            sent.seek(0)
            try:
                process = subprocess.Popen(  # noqa: S603
                    ["git", *SAFE, *args],  # noqa: S607, the user's own
                    cwd=self.folder,
                    env=_environment(),
                    stdin=sent,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise failed(
                    "package-unfetchable", "there is no program `git`", hint="install git"
                ) from None
            try:
                return self._ended(process)
            finally:
                _end(process)

    def _ended(self, process: subprocess.Popen[bytes]) -> int:
        """How a call ends. Raises CodedError for one that takes too long, or fetches too much."""
        end, wait = time.monotonic() + PATIENCE, 0.05
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(wait)
            wait = min(1.0, wait * 2)
            if time.monotonic() > end:
                raise self._lost(f"did not answer within {PATIENCE:g} s")
            if _bytes_in(self.folder) > MOST_FETCHED:
                raise failed(
                    "package-too-large",
                    f"{_shown(self.url)} is larger than {MOST_FETCHED:,} bytes",
                    hint="publish the package in a repository of its own",
                )

    def _lost(self, words: str, reason: str = "") -> CodedError:
        return failed(
            "package-unfetchable",
            f"{_shown(self.url)} {words}",
            reason=_shown(reason),
            hint="look at the URL and at your access: `git ls-remote URL` must work without asking",
        )


def _environment() -> dict[str, str]:
    """The user's, without what names another repository or asks anybody."""
    kept = {k: v for k, v in os.environ.items() if k not in OF_ANOTHER}
    kept.setdefault("GIT_ASKPASS", "")
    never = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
    return {**kept, **never, "GIT_ALLOW_PROTOCOL": PROTOCOLS, "LC_ALL": "C"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a call with all that it began."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _bytes_in(folder: Path) -> int:
    total = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(above, name).lstat().st_size
    return total


def _shown(text: str) -> str:
    """A text without passwords of URLs."""
    return SECRET.sub(r"\1:…@", text)


@contextmanager
def repository(url: str, home: Path) -> Iterator[Repository]:
    """A copy of a repository for as long as it is needed, in a folder below `home`."""
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
    try:
        yield Repository(folder, url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
