"""What a question is asked about, as an input of the library's recipe: text and files as they lie,
data with its structure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.images import Image
from rlmlang.runtime.completion_images import lifted, of_files, opened
from rlmlang.runtime.given import refuse_halves
from rlmlang.runtime.python_values import PARTS, from_python, no_text
from rlmlang.sources.tree import open_several
from rlmlang.value import Json

if TYPE_CHECKING:
    from rlmlang.models.lm import History

Context: TypeAlias = (
    "str | bytes | Path | Sequence[Path] | IO[str] | IO[bytes] | Mapping[str, Json] |"
    " Sequence[Mapping[str, Json]] | Sequence[Json] | History | None"
)
NOTHING = "(no context)\n"


@dataclass(frozen=True)
class Given:
    """The recipe for a context, named by what is behind `ask`, and its input: a path, or a value
    that has no file."""

    of: str
    path: str = ""
    values: Mapping[str, Datum] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, str]:
        """The input that has a path."""
        return {"context": self.path} if self.path else {}


def of_paths(paths: Sequence[str]) -> Given:
    """A file, a folder, or several of them; images, if all are some."""
    if images := of_files(paths):
        return _seen([f"[image {n}: {path}]" for n, path in enumerate(paths, 1)], images)
    if len(paths) > 1:
        return Given("_files", values={"context": open_several(paths)})
    return Given("_files" if os.path.isdir(paths[0]) else "", paths[0])


def given(context: Context, folder: Path) -> Given:
    """A context; text is written into the folder first. Raises CodedError (wrong-input, those of
    images)."""
    if isinstance(context, PurePath):
        return of_paths([str(context)])
    several = list(context) if isinstance(context, list | tuple) else []
    if several and all(isinstance(x, PurePath) for x in several):
        return of_paths([str(path) for path in several])
    images: list[Image] = []
    rest = lifted(opened(context) or context, images)
    if images:
        return _seen(_plain(rest if isinstance(rest, list | dict) else [rest]), images)
    if context is None or isinstance(context, str | bytes | bytearray):
        return _text(context or NOTHING, folder)
    if callable(getattr(context, "read", None)):
        return _opened(context, folder)
    return _data(context)


def _text(text: str | bytes | bytearray, folder: Path) -> Given:
    said = from_python(text, "context")
    refuse_halves(said, "context")
    path = folder / "context.txt"
    path.write_text(said, encoding="utf-8", newline="")
    return of_paths([str(path)])


def _opened(file: Any, folder: Path) -> Given:
    """What a file that is open still holds, copied; its ending says which form it has."""
    name = getattr(file, "name", "")
    ending = PurePath(name).suffix if isinstance(name, str) else ""
    path = folder / f"context{ending or '.txt'}"
    first = file.read(1)
    with path.open("wb") as out:
        out.write(first.encode() if isinstance(first, str) else first)
        if isinstance(first, bytes):
            shutil.copyfileobj(file, out)
        else:
            while part := file.read(1 << 20):
                out.write(part.encode())
    return of_paths([str(path)]) if first else _text(NOTHING, folder)


def _seen(context: Datum, images: list[Image]) -> Given:
    """Images that the model is shown, and what is there besides."""
    return Given("_images", values={"context": context, "images": images})


def refuse_parts(messages: Datum) -> None:
    """Refuses messages with parts that are no text. Raises CodedError (wrong-input)."""
    said = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    for number, message in enumerate(said, 1):
        parts = message.get("content") if "role" in message else None
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get("type") in PARTS:
                raise no_text(f"message {number} of the context has a part `{part['type']}`")


def _data(context: object) -> Given:
    """Lists and dictionaries, with what is in them."""
    return Given("_data", values={"context": _plain(context)})


def _plain(context: object) -> Datum:
    """Lists and dictionaries in plain parts; of a history its messages. Raises CodedError
    (wrong-input)."""
    found = from_python(context, "context")
    if isinstance(found, dict) and set(found) == {"messages"}:
        found = found["messages"]
    if not isinstance(found, list | dict):
        raise failed(
            "wrong-input",
            f"a context is text, files or data; this is a {type(context).__name__}",
            hint="give text, bytes, a Path or several, an open file, messages, lists or "
            "dictionaries",
        )
    refuse_halves(found, "context")
    refuse_parts(found)
    return found
