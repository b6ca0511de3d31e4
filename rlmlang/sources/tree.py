"""`tree("src")`: a folder with everything below it; and files and folders as one tree."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rlmlang.context import Document, LeftOut, Tree, not_utf8
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.sources.folder import MEANT, Found, folder_at
from rlmlang.sources.formats import open_text
from rlmlang.sources.local import unreadable
from rlmlang.sources.place import Place
from rlmlang.unicode import file_name

BLOCK = 1 << 20
NAMED = 3
REASONS = {
    "binary-source": "binary",
    "empty-source": "empty",
    "not-utf8": "not UTF-8",
    "source-missing": "not readable",
    "source-unreadable": "not readable",
    "document-unreadable": "broken or encrypted",
    "document-without-text": "without text",
    "bad-encoding": "not in its encoding",
    "extra-missing": "needs rlmlang[documents]",
    "source-too-large": "too large",
}
"""Why a file below a folder is left out, by the code that it has when it is named itself."""


def opened(place: Place) -> Tree:
    """A folder."""
    return open_tree(place.path, place.options)


def open_tree(root: str, options: Mapping[str, object] | None = None) -> Tree:
    """All text files below a folder. What is left out is named with its reason. Raises CodedError
    (nothing-matches, source-is-file, source-missing, files-left-out)."""
    _is_folder(root)
    folder = folder_at(root, options or {})
    found, left_out = texts(folder.files(), folder.left_out, extract=extracts(options))
    return tree_of(root, found, left_out, options)


def open_several(paths: Sequence[str]) -> Tree:
    """Files and folders as one tree; a path begins with the folder that it was found in. What is
    named and missing or no text is said at once; what is named twice is taken once."""
    documents: dict[str, Document] = {}
    left_out: list[LeftOut] = []
    for path in paths:
        if not os.path.isdir(path):
            found_here = checked(open_text(path, _posix(path)))
            documents.setdefault(os.path.realpath(path), found_here)
            continue
        folder = folder_at(path, {})
        below = [Found(f.path, _posix(os.path.join(path, f.name))) for f in folder.files()]
        fresh = [f for f in below if os.path.realpath(f.path) not in documents]
        found, others = texts(fresh, folder.left_out)
        documents |= {d.id: d for d in found}
        left_out += others
    return tree_of(", ".join(paths), list(documents.values()), left_out)


def _posix(path: str) -> str:
    return Path(path).as_posix()


def _is_folder(root: str) -> None:
    if os.path.isdir(root):
        return
    if not os.path.exists(root):
        raise unreadable(root, FileNotFoundError())
    raise failed(
        "source-is-file",
        f"{root} is a file, where a folder is wanted",
        hint="declare the parameter as Text, or name its folder",
    )


def texts(
    found: Iterable[Found], before: Iterable[LeftOut] = (), *, extract: bool = True
) -> tuple[list[Document], list[LeftOut]]:
    """Documents of the files that are text; and the others, with what was left out before."""
    documents: list[Document] = []
    left_out = list(before)
    for one in found:
        try:
            documents.append(checked(open_text(one.path, one.name, extract=extract)))
        except CodedError as problem:
            reason = REASONS.get(problem.diagnostic.code)
            if reason is None:
                raise
            left_out.append(LeftOut(file_name(one.name), reason))
    return documents, left_out


def tree_of(
    root: str,
    documents: Sequence[Document],
    left_out: Sequence[LeftOut],
    options: Mapping[str, object] | None = None,
) -> Tree:
    """Documents as a tree. Raises CodedError (nothing-matches) for none, and files-left-out where
    something was left out and the source says that it may not be."""
    lost = [one for one in left_out if one.reason not in MEANT]
    if lost and (options or {}).get("left_out") == "fail":
        raise failed(
            "files-left-out",
            f"{len(lost):,} of what stands below {file_name(root)} cannot be read: {_named(lost)}",
            reason="The source says `left_out: fail`.",
            hint="mend or move them, name their folder in `skip`, or write `left_out: say`",
        )
    if not documents:
        raise failed(
            "nothing-matches",
            f"no text file matches {file_name(root)}",
            reason=f"left out: {_named(left_out)}" if left_out else "",
            hint="the pattern is taken from the folder of the recipe; ** goes into folders",
        )
    return Tree(file_name(root), tuple(documents), tuple(left_out))


def extracts(options: Mapping[str, object] | None) -> bool:
    """Whether the text of documents is wanted, not the files as they are."""
    return (options or {}).get("extract") is not False


def _named(left_out: Sequence[LeftOut]) -> str:
    """The first few by name and reason."""
    words = ", ".join(f"{one.name:.80} ({one.reason})" for one in left_out[:NAMED])
    more = len(left_out) - NAMED
    return words + (f" and {more:,} more" if more > 0 else "")


def checked(document: Document) -> Document:
    """A file of a tree that is UTF-8 from end to end, so that no piece of it can fail later."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for at in range(document.start, document.size, BLOCK):
        data = document.read(at, min(document.size, at + BLOCK))
        try:
            decoder.decode(data, final=at + BLOCK >= document.size)
        except UnicodeDecodeError as mistake:
            raise not_utf8(document.id, at + mistake.start, data, mistake) from None
    return document
