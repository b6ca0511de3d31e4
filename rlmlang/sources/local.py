"""Local files as documents: read by offset, checked for change, errors that name file and byte."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from rlmlang.context import TextDocument
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import nearest
from rlmlang.sources.pipes import piped, stdin_bytes
from rlmlang.unicode import file_name

BOM = b"\xef\xbb\xbf"
MARKS = {
    "utf-32-le": b"\xff\xfe\0\0",
    "utf-32-be": b"\0\0\xfe\xff",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
    "utf-8": BOM,
}
"""The byte order marks that a text may begin with, a longer one before one that begins it."""
PROBE = 8192


@dataclass(frozen=True)
class FileDocument:
    """A file. `stamp` is its size, the time of its content and its inode when it was opened; then
    the time of any change, which no program can set back, and its device."""

    id: str
    path: str
    size: int
    start: int
    stamp: tuple[int, ...]

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises CodedError when the file is gone or has changed."""
        try:
            fd = os.open(self.path, os.O_RDONLY)
        except OSError as mistake:
            raise unreadable(self.id, mistake) from None
        try:
            if _stamp(os.fstat(fd)) != self.stamp:
                raise changed(self.id)
            data = _pread(fd, start, end)
            if _stamp(os.fstat(fd)) != self.stamp:
                raise changed(self.id)
            return data
        finally:
            os.close(fd)


def changed(name: str) -> CodedError:
    """The problem of a source that is not what it was when it was opened."""
    return failed(
        "source-changed",
        f"{name} changed while it was being read",
        reason="Pieces cut before and after the change would not belong together.",
        hint="run again; copy the file first if something keeps writing to it",
    )


def _pread(fd: int, start: int, end: int) -> bytes:
    data = os.pread(fd, max(0, end - start), start)
    while len(data) < end - start:
        more = os.pread(fd, end - start - len(data), start + len(data))
        if not more:
            break
        data += more
    return data


def open_file(path: str, name: str = "") -> FileDocument | TextDocument:
    """A text file as a document; a pipe is read to its end. Raises CodedError for what is
    missing, empty, no text or no file."""
    document = stored(path, name)
    head = document.read(0, min(PROBE, document.size))
    return replace(document, start=content_start(name or path, head))


def stored(path: str, name: str = "") -> FileDocument | TextDocument:
    """The bytes of a file, whatever they are; a pipe is read to its end. Raises CodedError for what
    is missing or no file."""
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            raise _folder(path)
        if not stat.S_ISREG(info.st_mode) or not info.st_size:
            return TextDocument(file_name(name or path), piped(path, info))
    except (OSError, ValueError) as mistake:
        raise unreadable(path, mistake) from None
    return FileDocument(
        file_name(name or path), os.path.abspath(path), info.st_size, 0, _stamp(info)
    )


def standard_input() -> TextDocument:
    """What is piped in, held in memory, whatever it is. Raises CodedError (empty-source,
    source-unreadable)."""
    try:
        return TextDocument("stdin", stdin_bytes())
    except OSError as mistake:
        raise unreadable("stdin", mistake) from None


def in_memory(name: str, data: bytes) -> TextDocument:
    """Bytes that came from outside as a document. Raises CodedError for what is no text."""
    return TextDocument(name, data, content_start(name, data[:PROBE]))


def content_start(path: str, head: bytes) -> int:
    """Where the text behind a byte order mark begins. Raises CodedError for what is no text."""
    _probe(path, head)
    return len(BOM) if head.startswith(BOM) else 0


def marked_as(head: bytes) -> str:
    """The encoding that a byte order mark names, or nothing."""
    return next((name for name, mark in MARKS.items() if head.startswith(mark)), "")


def _folder(path: str) -> CodedError:
    return failed(
        "source-is-folder",
        f"{path} is a folder, where a file is wanted",
        hint="declare the parameter as Tree, or name a file in it",
    )


def _stamp(info: os.stat_result) -> tuple[int, ...]:
    return info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns, info.st_dev


def _probe(path: str, head: bytes) -> None:
    """Refuses what is plainly no UTF-8 text."""
    if not head:
        raise failed(
            "empty-source", f"{path} is empty", hint="give a file that has something in it"
        )
    marked = marked_as(head)
    if marked not in ("", "utf-8"):
        encoding = marked[:6]
        raise failed(
            "not-utf8",
            f"{path} is {encoding.upper()}: byte 0 is {head[0]:02x} {head[1]:02x}",
            hint=f'a source declares it: encoding: "{encoding}"; '
            f"or convert it first: iconv -f {encoding.upper()} -t UTF-8 {path} > utf8.txt",
        )
    if b"\0" in head:
        raise failed(
            "binary-source",
            f"{path} is no text: byte {head.index(0):,} is 00",
            hint="extract its text first, for example with pdftotext, or leave it out of the glob",
        )


def unreadable(path: str, mistake: OSError | ValueError) -> CodedError:
    """The problem of a file that cannot be opened."""
    if isinstance(mistake, ValueError):
        return failed("source-missing", f"{path!r} is no path: {mistake}")
    shown = file_name(path)
    if isinstance(mistake, FileNotFoundError | NotADirectoryError):
        above = os.path.dirname(path) or "."
        near = os.listdir(above)[:200] if path and os.path.isdir(above) else []
        close = nearest(Path(path).name, [n for n in near if n != Path(path).name])
        hint = f"`{Path(path).with_name(close)}` is near: was that meant?" if close else ""
        return failed(
            "source-missing",
            f"there is no file {shown}",
            hint=hint or "a recipe's paths begin at its folder, the command line's at this one",
        )
    if isinstance(mistake, PermissionError):
        return failed(
            "source-unreadable",
            f"{shown} may not be read",
            hint="change its permissions (chmod +r)",
        )
    return failed("source-unreadable", f"{shown} cannot be read: {mistake.strerror or mistake}")
