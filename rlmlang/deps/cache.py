"""The cache of packages that all projects share: trees below their hashes, read-only, each there
whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.tree import Tree, hash_of
from rlmlang.runtime.package_files import cache_home, cached_folder, whole_tree
from rlmlang.stores.locks import CommitLock

NEW = ".new-"


@contextmanager
def filling() -> Iterator[Path]:
    """The cache's folder, for one process at a time; what another left half done is gone. Raises
    CodedError (file-unwritable)."""
    home = cache_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = CommitLock(home / ".lock")
    except OSError as mistake:
        words = f"{home} cannot be written: {mistake.strerror}"
        raise failed("file-unwritable", words, hint="XDG_CACHE_HOME names another place") from None
    try:
        with lock.held():
            for left in home.glob(f"{NEW}*"):
                remove(left)
            yield home
    finally:
        lock.close()


def cached(hash_: str) -> Tree | None:
    """The tree of a hash, None where the cache has none, or one that somebody has changed."""
    folder = cached_folder(hash_)
    if not folder.is_dir():
        return None
    with suppress(CodedError, OSError):
        tree = whole_tree(folder, str(folder))
        return tree if hash_of(tree) == hash_ else None
    return None


def keep(tree: Tree) -> str:
    """Keeps a tree, and gives its hash; what is there and was changed is put right. The caller
    holds the lock of `filling`."""
    hash_ = hash_of(tree)
    if cached(hash_) is None:
        remove(cached_folder(hash_))
        write(tree, cached_folder(hash_), fixed=True)
    return hash_


def write(tree: Tree, folder: Path, *, fixed: bool) -> None:
    """Writes a tree into a new folder: all of it or nothing. What is `fixed` can only be read.
    Raises CodedError (file-unwritable)."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=NEW, dir=folder.parent))
        try:
            for name, data in tree.items():
                _write(part / name, data, 0o444 if fixed else 0o644)
            for above, _, _ in os.walk(part, topdown=False):
                Path(above).chmod(0o555 if fixed else 0o755)
            part.rename(folder)
        finally:
            if part.exists():
                remove(part)
    except OSError as mistake:
        words = f"{folder} cannot be written: {mistake.strerror}"
        raise failed("file-unwritable", words) from None


def _write(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)


def remove(folder: Path) -> None:
    """Removes a folder that can only be read."""
    for above, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(above).chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)
