"""PDF: the text of each page, below a line with its number."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from rlmlang.context import SECTION, Document
from rlmlang.sources.readers.stored_file import broken, file_of, without_text

logging.getLogger("pypdf").addHandler(logging.NullHandler())  # stderr is ours


def texts(origin: Document) -> Iterator[str]:
    """The pages. Raises CodedError (document-unreadable, document-without-text)."""
    try:
        pages = _opened(origin).pages
        said = 0
        for number in range(len(pages)):
            text = pages[number].extract_text().strip()
            said += bool(text)
            yield SECTION.format(f"page {number + 1}") + (f"{text}\n\n" if text else "")
    except DependencyError:
        raise broken(origin, "PDF", "it is encrypted; pip install 'pypdf[crypto]'") from None
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError, OSError) as mistake:
        raise broken(origin, "PDF", mistake) from None
    except RecursionError:
        raise broken(origin, "PDF", "its parts refer to each other in a circle") from None
    if not said:
        scanned = f": its {len(pages):,} pages are pictures, or empty"
        raise without_text(origin, "PDF", scanned)


def _opened(origin: Document) -> pypdf.PdfReader:
    """A PDF that needs no password, or an empty one."""
    reader = pypdf.PdfReader(file_of(origin))
    if reader.is_encrypted and not reader.decrypt(""):
        raise broken(origin, "PDF", "it is encrypted, and needs a password")
    return reader
