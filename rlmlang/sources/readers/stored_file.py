"""A document as the file object that libraries read, and what is said where they cannot."""

from __future__ import annotations

import io
import zipfile

from rlmlang.context import Document
from rlmlang.diagnostics.diagnostic import CodedError, failed

MOST_INSIDE = 1 << 28
"""How many bytes the parts of a DOCX or EPUB may have that are read, unpacked."""


class StoredFile(io.RawIOBase):
    """The bytes of a document, by position."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document, self.at = document, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to a byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.document.size}[whence]
        if base + offset < 0:
            raise OSError("a position before the first byte")
        self.at = base + offset
        return self.at

    def tell(self) -> int:
        """The byte it stands at."""
        return self.at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fills a buffer with what comes next."""
        end = min(self.document.size, self.at + len(buffer))
        data = self.document.read(self.at, end) if end > self.at else b""
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def file_of(document: Document) -> io.BufferedReader:
    """A document as a file."""
    return io.BufferedReader(StoredFile(document), 1 << 16)


def broken(document: Document, form: str, why: object) -> CodedError:
    """The problem of a file that is not what its name says, or is damaged."""
    return failed(
        "document-unreadable",
        f"{document.id} cannot be read as {form}: {why or 'it is damaged'}",
        hint="mend it or leave it out; extract: false reads a file as it is",
    )


def without_text(document: Document, form: str, why: str) -> CodedError:
    """The problem of a document in which no text was found."""
    return failed(
        "document-without-text",
        f"no text was found in {document.id}, a {form} file{why}",
        hint="recognize its text first, for example with ocrmypdf, or leave it out",
    )


def archive_of(document: Document, form: str) -> zipfile.ZipFile:
    """A zip file whose parts may be read. Raises CodedError (document-unreadable,
    source-too-large)."""
    try:
        archive = zipfile.ZipFile(file_of(document))
    except (zipfile.BadZipFile, OSError, NotImplementedError) as mistake:
        raise broken(document, form, mistake) from None
    parts = [part for part in archive.infolist() if not is_picture(part.filename)]
    total = sum(part.file_size for part in parts)
    if total > MOST_INSIDE:
        raise too_large(document.id, f"holds {total:,} bytes of text and markup")
    if any(part.flag_bits & 1 for part in parts):
        raise broken(document, form, "it is encrypted")
    return archive


def is_picture(name: str) -> bool:
    """Whether a part of an archive holds no text."""
    return name.lower().endswith(
        (".jpg", ".jpeg", ".png", ".gif", ".webp", ".emf", ".wmf", ".ttf", ".otf", ".woff", ".mp3")
    )


def too_large(name: str, what: str) -> CodedError:
    """The problem of a file that would unpack to more than anyone could mean."""
    return failed(
        "source-too-large",
        f"{name} {what}",
        reason="A small file can be made to unpack without end, so there is a limit.",
        hint="if it is meant to, unpack it and name what it held",
    )
