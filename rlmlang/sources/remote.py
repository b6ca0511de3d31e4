"""Anything that is not a local path, through fsspec, read by range where the store can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.sources.local import PROBE, changed

STAMPS = (
    "ETag",
    "etag",
    "md5Hash",
    "generation",
    "VersionId",
    "version_id",
    "LastModified",
    "last_modified",
    "updated",
    "mtime",
    "created",
    "ino",
    "size",
)
WEB = {"http", "https"}  # who serves pages is not asked twice for each part of one
FileSystem = Any  # fsspec has no types
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]+://")


@dataclass(frozen=True)
class RemoteDocument:
    """A file behind a URL; `fs` and `path` are fsspec's, `stamp` is what the store said of its
    version when it was opened: nothing of the web."""

    id: str
    size: int
    fs: FileSystem
    path: str
    start: int = 0
    stamp: tuple[str, ...] = ()

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises CodedError when the store does not answer, or has another
        version by now."""
        data = self.fetch(start, end)
        if len(data) != end - start or _stamp(self.id, self.fs, self.path) != self.stamp:
            raise changed(self.id)
        return data

    def fetch(self, start: int, end: int) -> bytes:
        """What the store gives for a range: all there is where it knows no ranges."""
        try:
            data: bytes = self.fs.cat_file(self.path, start=start, end=end) if end else b""
        except Exception as mistake:
            raise _unreachable(self.id, mistake) from None
        return data


def is_remote(path: str) -> bool:
    """Whether a path names a scheme, as https:// or s3://."""
    return SCHEME.match(path) is not None


def remote(url: str) -> RemoteDocument | TextDocument:
    """The bytes behind a URL, whatever they are. Raises CodedError (source-unreachable)."""
    import fsspec

    try:
        fs, path = fsspec.core.url_to_fs(url)
        stamp, size = _stamp(url, fs, path), fs.size(path)
    except CodedError:
        raise
    except Exception as mistake:
        raise _unreachable(url, mistake) from None
    if size is None:
        return _fetched(url, fs, path)
    document = RemoteDocument(url, int(size), fs, path, stamp=stamp)
    head = document.fetch(0, min(PROBE, document.size))
    if len(head) == document.size:  # small, or the store knows no ranges
        return TextDocument(url, head)
    return document


def _stamp(url: str, fs: FileSystem, path: str) -> tuple[str, ...]:
    """What tells a version of a file from others, as the store has it now and no list of it."""
    kinds = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    if kinds & WEB:
        return ()
    try:
        fs.invalidate_cache()
        found = fs.info(path)
    except Exception as mistake:
        raise _unreachable(url, mistake) from None
    return tuple(f"{name}={found[name]}" for name in STAMPS if name in found)


def _fetched(url: str, fs: FileSystem, path: str) -> TextDocument:
    """A store that does not say how large a file is gives it whole."""
    try:
        data = fs.cat_file(path)
    except Exception as mistake:
        raise _unreachable(url, mistake) from None
    return TextDocument(url, data)


def _unreachable(url: str, mistake: Exception) -> Exception:
    return failed(
        "source-unreachable",
        f"{url} cannot be read: {type(mistake).__name__}: {mistake}",
        hint="check the address and the network; s3://, gs:// and others need their fsspec package",
    )
