"""Anything that is not a local path, through fsspec, read by range where the store can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.sources.local import PROBE, changed

SCHEME = re.compile(r"^[a-z][a-z0-9+.-]+://")


@dataclass(frozen=True)
class RemoteDocument:
    """A file behind a URL; `fs` and `path` are fsspec's."""

    id: str
    size: int
    fs: Any
    path: str
    start: int = 0

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises CodedError when the store does not answer."""
        data = self.fetch(start, end)
        if len(data) != end - start:
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
        size = fs.size(path)
    except Exception as mistake:
        raise _unreachable(url, mistake) from None
    if size is None:
        return _fetched(url, fs, path)
    document = RemoteDocument(url, int(size), fs, path)
    head = document.fetch(0, min(PROBE, document.size))
    if len(head) == document.size:  # small, or the store knows no ranges
        return TextDocument(url, head)
    return document


def _fetched(url: str, fs: Any, path: str) -> TextDocument:
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
