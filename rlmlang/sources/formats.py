"""A stored document as text: unpacked, decoded, and with the text of a document taken out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pkgutil import resolve_name

from rlmlang.context import DecodedDocument, Document, TextDocument
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.readers import DOCUMENTS, PACKED, ReaderKind, bare_name
from rlmlang.sources.decoded import decoded
from rlmlang.sources.encodings import in_encoding
from rlmlang.sources.local import PROBE, FileDocument, content_start, stored
from rlmlang.sources.readers.stored_file import too_large
from rlmlang.sources.remote import RemoteDocument

Stored = FileDocument | RemoteDocument | TextDocument
HELD = (FileDocument, TextDocument)
DEEPEST = 3
"""How often a file may be packed."""
FREE = 1 << 28
RATIO = 250
"""More than `FREE` bytes must not be more than so many times the packed ones."""
MOST = 1 << 35
"""How many bytes a packed file may hold at all."""


def text_in(origin: Stored, encoding: str = "utf-8", *, extract: bool = True) -> Document:
    """The text that a document holds. Raises CodedError for what holds none, cannot be read, or
    needs what is not installed."""
    found = _unpacked(origin)
    kind = _document_kind(found.id) if extract else None
    if kind is not None and found.size:
        return _read(found, kind, encoding)
    if encoding.lower() != "utf-8":
        return in_encoding(found, encoding)
    head = found.read(0, min(PROBE, found.size))
    start = content_start(found.id, head)
    if not isinstance(found, DecodedDocument):
        return replace(found, start=start)
    held = found.text
    return replace(found, text=replace(held, start=start)) if isinstance(held, HELD) else found


def open_text(path: str, name: str = "", *, extract: bool = True) -> Document:
    """The text that a file holds, whatever form it has."""
    return text_in(stored(path, name), extract=extract)


def _unpacked(origin: Stored) -> Stored | DecodedDocument:
    """What a packed file holds; another one as it is."""
    found: Stored | DecodedDocument = origin
    for _ in range(DEEPEST):
        head = found.read(0, min(8, found.size))
        kind = next((k for k in PACKED if head.startswith(k.magic)), None)
        if kind is None:
            break
        run = _runner(kind)
        found = decoded(found, _how(found, kind), partial(_limited, found, run))
    return found


def _limited(origin: Document, run: Callable[..., Iterator[str | bytes]]) -> Iterator[str | bytes]:
    """What a packed file holds, up to a limit. Raises CodedError (source-too-large)."""
    held, packed = 0, origin.size - origin.start
    for data in run(origin):
        held += len(data)
        if held > MOST or (held > FREE and held > RATIO * packed):
            raise too_large(origin.id, f"unpacks to more than {held:,} bytes from {packed:,}")
        yield data


def _document_kind(name: str) -> ReaderKind | None:
    suffix = bare_name(name.partition("?")[0]).rpartition(".")[2].lower()
    return next((k for k in DOCUMENTS if suffix in k.suffixes), None)


def _read(origin: Document, kind: ReaderKind, encoding: str) -> DecodedDocument:
    """The text of a document. One that is text itself may be in an encoding that is declared."""
    how, run = _how(origin, kind), _runner(kind)
    if kind.encoded and encoding.lower() != "utf-8":
        return decoded(origin, f"{how} in {encoding.lower()}", lambda: run(origin, encoding))
    found = decoded(origin, how, lambda: map(_own_sections, run(origin)))
    return replace(found, sectioned=kind.sectioned)


def _own_sections(text: str | bytes) -> str:
    """A block of text in which nothing but its first line can pass for that of a section."""
    written = text if isinstance(text, str) else text.decode()
    first, end, rest = written.partition("\n")
    return first + end + rest.replace("\f", "\n")


def _how(origin: Document, kind: ReaderKind) -> str:
    """How a text is made, in words that change whenever it might be another one."""
    before = f"{origin.decoding}, " if isinstance(origin, DecodedDocument) else ""
    edition = f" {kind.edition}" if kind.edition > 1 else ""
    library = f" by {kind.package} {version(kind.package)}" if kind.package else ""
    return f"{before}{kind.name}{edition}{library}"


def _runner(kind: ReaderKind) -> Callable[..., Iterator[str | bytes]]:
    """What reads a form. Raises CodedError (extra-missing)."""
    try:
        found: Callable[..., Iterator[str | bytes]] = resolve_name(kind.runner)
    except (ModuleNotFoundError, PackageNotFoundError) as missing:
        words = f"{kind.name} needs {missing.name}, which is not installed"
        raise failed("extra-missing", words, hint=f"pip install '{kind.extra}'") from None
    return found
