"""The lines that a piece of a context is shown with."""

from __future__ import annotations

BEFORE, TEXT, AFTER = "--- before, for context only", "--- text", "--- after, for context only"
MOST_HEADING = 100


def heading(path: str, part: str = "") -> str:
    """The line above a file's text inside a piece; long paths lose their middle. With the `part` of
    a document that was cut it is no longer."""
    words = f" (part {part})" if part else ""
    data, most = path.encode(), MOST_HEADING - len(words)
    if len(data) > most:
        first, last = data[:30].decode(errors="ignore"), data[30 - most + 10 :]
        path = f"{first}…{last.decode(errors='ignore')}"
    return f"=== {path}{words}\n"
