"""Sources that are no UTF-8 text: their text is made once and kept in the user's cache by the hash
of their bytes, so that answers refer to positions in a text that is there again in the next run.

Whoever extracts text calls `decoded`: with the document whose bytes count, with words that say how
its text is made (and that change whenever the same bytes would give another text, as with a new
version of a library), and with what makes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from rlmlang.context import DecodedDocument, Document, TextDocument
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.resources import user_cache
from rlmlang.sources.local import stored

BLOCK = 1 << 20
FOLDER = "decoded"
Made = Callable[[], Iterable[str | bytes]]
"""Gives a text block by block; what is bytes is written as it is."""
MOST = 1 << 26
"""How many bytes of a text are held where the cache cannot be written."""


def decoded(origin: Document, how: str, made: Made) -> DecodedDocument:
    """The text that `made` gives for `origin`, from the cache where it is kept already. Raises
    CodedError (empty-source, source-unreadable, source-changed and whatever `made` raises)."""
    key = hashlib.sha256(f"{how}\n".encode())
    for at in range(0, origin.size, BLOCK):
        key.update(origin.read(at, min(origin.size, at + BLOCK)))
    folder = user_cache() / FOLDER / key.hexdigest()
    path = _kept(folder) or _keep(folder, made)
    if path is None:
        text: Document = TextDocument(origin.id, _in_memory(origin.id, made))
    else:
        text = stored(str(path), origin.id)
    origin.read(0, 0)  # unchanged since it was hashed
    if not text.size:
        raise failed(
            "empty-source",
            f"{origin.id} holds no text ({how})",
            hint="give a file that has something in it",
        )
    return DecodedDocument(text, origin, how)


def _kept(folder: Path) -> Path | None:
    """The file of a text that is kept whole: it is called by its own hash."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == path.stem:
                    return path
    return None


def _keep(folder: Path, made: Made) -> Path | None:
    """The file that a text was written to, block by block; None where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file, name = tempfile.mkstemp(dir=folder, suffix=".part")
    except OSError:
        return None
    try:
        found = hashlib.sha256()
        with os.fdopen(file, "wb") as out:
            for text in made():
                data = text if isinstance(text, bytes) else text.encode()
                found.update(data)
                out.write(data)
        path = folder / f"{found.hexdigest()}.txt"
        Path(name).replace(path)
    except OSError:
        return None
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def _in_memory(name: str, made: Made) -> bytes:
    held = bytearray()
    for text in made():
        held += text if isinstance(text, bytes) else text.encode()
        if len(held) > MOST:
            raise failed(
                "source-unreadable",
                f"the text of {name} has more than {MOST:,} bytes, and cannot be kept",
                hint=f"make {user_cache()} writable, or set XDG_CACHE_HOME to a folder that is",
            )
    return bytes(held)
