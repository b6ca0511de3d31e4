"""`tree("src")`: a folder with everything below it; and files and folders as one tree."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from rlmlang.context import Document, Tree, not_utf8
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.sources.local import open_file, unreadable
from rlmlang.sources.place import Place
from rlmlang.unicode import file_name

BLOCK = 1 << 20
SKIPPED = frozenset(
    ".git .hg .svn __pycache__ node_modules .venv venv .tox .mypy_cache .pytest_cache .rlm "
    "site-packages dist-packages".split()
)


def opened(place: Place) -> Tree:
    """A folder."""
    return open_tree(place.path)


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
    return tree_of(root, *texts(found))


def open_several(paths: Sequence[str]) -> Tree:
    """Files and folders as one tree; a path begins with the folder that it was found in. What is
    named and missing or no text is said at once."""
    documents: list[Document] = []
    left_out: list[str] = []
    for path in paths:
        if Path(path).is_dir():
            found, others = texts([(str(p), p.as_posix()) for p in _below(Path(path))])
            documents += found
            left_out += others
        else:
            documents.append(_checked(open_file(path, Path(path).as_posix())))
    return tree_of(", ".join(paths), documents, left_out)


def _below(base: Path, pattern: str = "**/*") -> list[Path]:
    """The files below a folder in order, but for caches and version control."""
    return [p for p in sorted(base.glob(pattern)) if p.is_file() and not _skipped(p, base)]


def texts(found: Sequence[tuple[str, str]]) -> tuple[list[Document], list[str]]:
    """Documents of the files that are text, and the names of the others."""
    documents: list[Document] = []
    left_out: list[str] = []
    for path, name in found:
        try:
            documents.append(_checked(open_file(path, name)))
        except CodedError as problem:
            if "no text" not in problem.entry:
                raise
            left_out.append(file_name(name))
    return documents, left_out


def tree_of(root: str, documents: Sequence[Document], left_out: Sequence[str]) -> Tree:
    """Documents as a tree. Raises CodedError (nothing-matches) for none."""
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
