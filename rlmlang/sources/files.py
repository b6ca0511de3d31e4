"""Local files as documents: read by offset, checked for change, errors that name file and byte."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlmlang.context import Document, TextDocument, Tree, not_utf8
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import nearest
from rlmlang.sources.pipes import piped
from rlmlang.unicode import file_name

BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
PROBE = 8192
BLOCK = 1 << 20
NO_TEXT = ("binary-source", "empty-source", "not-utf8")
SKIPPED = frozenset(
    ".git .hg .svn __pycache__ node_modules .venv venv .tox .mypy_cache .pytest_cache .rlm "
    "site-packages dist-packages".split()
)


@dataclass(frozen=True)
class FileDocument:
    """A file. `stamp` is its size, time and inode when it was opened."""

    id: str
    path: str
    size: int
    start: int
    stamp: tuple[int, int, int]

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a range. Raises CodedError when the file is gone or has changed."""
        try:
            fd = os.open(self.path, os.O_RDONLY)
        except OSError as mistake:
            raise unreadable(self.id, mistake) from None
        try:
            if _stamp(os.fstat(fd)) != self.stamp:
                raise changed(self.id)
            return _pread(fd, start, end)
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
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            raise _folder(path)
        if not stat.S_ISREG(info.st_mode) or not info.st_size:
            return in_memory(name or path, piped(path, info))
        with open(path, "rb") as file:
            head = file.read(PROBE)
    except (OSError, ValueError) as mistake:
        raise unreadable(path, mistake) from None
    start = content_start(path, head)
    return FileDocument(
        file_name(name or path), os.path.abspath(path), info.st_size, start, _stamp(info)
    )


def in_memory(name: str, data: bytes) -> TextDocument:
    """Bytes that came from outside as a document. Raises CodedError for what is no text."""
    return TextDocument(name, data, content_start(name, data[:PROBE]))


def content_start(path: str, head: bytes) -> int:
    """Where the text behind a byte order mark begins. Raises CodedError for what is no text."""
    _probe(path, head)
    return len(BOM) if head.startswith(BOM) else 0


def _folder(path: str) -> CodedError:
    return failed(
        "source-is-folder",
        f"{path} is a folder, where a file is wanted",
        hint="declare the parameter as Tree, or name a file in it",
    )


def _stamp(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino


def _probe(path: str, head: bytes) -> None:
    """Refuses what is plainly no UTF-8 text."""
    if not head:
        raise failed(
            "empty-source", f"{path} is empty", hint="give a file that has something in it"
        )
    if head.startswith(UTF16):
        raise failed(
            "not-utf8",
            f"{path} is UTF-16: byte 0 is {head[0]:02x} {head[1]:02x}",
            hint=f"convert it first: iconv -f UTF-16 -t UTF-8 {path} > utf8.txt",
        )
    if b"\0" in head:
        raise failed(
            "binary-source",
            f"{path} is no text: byte {head.index(0):,} is 00",
            hint="extract its text first, for example with pdftotext, or leave it out of the glob",
        )


def open_tree(root: str, pattern: str = "**/*") -> Tree:
    """All text files below a folder. Caches and version control are passed over; files
    that are empty or no UTF-8 text are left out and counted in the receipt."""
    base = Path(root)
    if not base.is_dir():
        raise (
            failed(
                "source-is-file",
                f"{root} is a file, where a folder is wanted",
                hint="declare the parameter as Text, or name its folder",
            )
            if base.exists()
            else unreadable(root, FileNotFoundError())
        )
    found = [(str(p), p.relative_to(base).as_posix()) for p in _below(base, pattern)]
    return _tree(root, *_texts(found))


def open_several(paths: Sequence[str]) -> Tree:
    """Files and folders as one tree; a path begins with the folder that it was found in. What is
    named and missing or no text is said at once."""
    documents: list[Document] = []
    left_out: list[str] = []
    for path in paths:
        if Path(path).is_dir():
            texts, others = _texts([(str(p), p.as_posix()) for p in _below(Path(path))])
            documents += texts
            left_out += others
        else:
            documents.append(_checked(open_file(path, Path(path).as_posix())))
    return _tree(", ".join(paths), documents, left_out)


def open_glob(pattern: str, base: str) -> Tree:
    """All text files that match a glob, taken from the folder `base`."""
    rooted = Path(pattern)
    anchor = Path(rooted.anchor) if rooted.is_absolute() else Path(base)
    relative = str(rooted.relative_to(rooted.anchor)) if rooted.is_absolute() else pattern
    found = [p for p in sorted(anchor.glob(relative)) if p.is_file()]
    return _tree(pattern, *_texts([(str(p), p.relative_to(anchor).as_posix()) for p in found]))


def _below(base: Path, pattern: str = "**/*") -> list[Path]:
    """The files below a folder in order, but for caches and version control."""
    return [p for p in sorted(base.glob(pattern)) if p.is_file() and not _skipped(p, base)]


def _texts(found: Sequence[tuple[str, str]]) -> tuple[list[Document], list[str]]:
    """Documents of the files that are text, and the names of the others."""
    documents: list[Document] = []
    left_out: list[str] = []
    for path, name in found:
        try:
            documents.append(_checked(open_file(path, name)))
        except CodedError as problem:
            if problem.diagnostic.code not in NO_TEXT:
                raise
            left_out.append(file_name(name))
    return documents, left_out


def _tree(root: str, documents: Sequence[Document], left_out: Sequence[str]) -> Tree:
    if not documents:
        raise failed(
            "nothing-matches",
            f"no text file matches {root}",
            hint="the pattern is taken from the folder of the recipe; ** goes into folders",
        )
    return Tree(file_name(root), tuple(documents), tuple(left_out))


def _checked(document: Document) -> Document:
    """A file of a tree that is UTF-8 from end to end, so that no piece of it can fail later."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(document.start, document.size, BLOCK):
        data = document.read(at, min(document.size, at + BLOCK))
        try:
            decoder.decode(data, final=at + BLOCK >= document.size)
        except UnicodeDecodeError as mistake:
            raise not_utf8(document.id, at + mistake.start, data, mistake) from None
    return document


def _skipped(path: Path, base: Path) -> bool:
    return any(part in SKIPPED for part in path.relative_to(base).parts)


def unreadable(path: str, mistake: OSError | ValueError) -> CodedError:
    """The problem of a file that cannot be opened."""
    if isinstance(mistake, ValueError):
        return failed("source-missing", f"{path!r} is no path: {mistake}")
    if isinstance(mistake, FileNotFoundError | NotADirectoryError):
        near = [p.name for p in Path(path).parent.glob("*")][:200] if path else []
        close = nearest(Path(path).name, [n for n in near if n != Path(path).name])
        hint = f"`{Path(path).with_name(close)}` is near: was that meant?" if close else ""
        return failed(
            "source-missing", f"there is no file {path}",
            hint=hint or "a recipe's paths begin at its folder, the command line's at this one",
        )  # fmt: skip
    if isinstance(mistake, PermissionError):
        return failed(
            "source-unreadable", f"{path} may not be read", hint="change its permissions (chmod +r)"
        )
    return failed("source-unreadable", f"{path} cannot be read: {mistake.strerror or mistake}")
