"""The page of a package, for those who use it: what it exports, what that takes, asks and costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rlmlang.ir.bounds import Cost
from rlmlang.ir.suite import Export
from rlmlang.packages.changes import Signature
from rlmlang.packages.manifest import Manifest
from rlmlang.packages.tree import Tree, code_in
from rlmlang.reference.markdown import code, fenced, plain


@dataclass(frozen=True)
class Entry:
    """An export: the file that it stands in, what `use` says to reach it, how it is declared, what
    users count on, what it takes at most, and the tests that are written for it."""

    file: str
    use: str
    export: Export
    signature: Signature
    most: Cost | None = None
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Described:
    """A package with what it exports, its main file first, and its files."""

    manifest: Manifest
    entries: tuple[Entry, ...]
    tree: Tree

    def words(self, file: str) -> str:
        """The text of one of its files; empty where it has none."""
        return self.tree.get(file, b"").decode("utf-8", "replace")


def package_markdown(found: Described) -> str:
    """The page in Markdown."""
    return "\n\n".join(part.strip("\n") for part in _parts(found) if part.strip()) + "\n"


def _parts(found: Described) -> Iterator[str]:
    manifest = found.manifest
    yield f"# {manifest.name} {manifest.version}"
    yield _about(found.words("README.md"))
    yield _facts(found)
    use = ""
    for entry in found.entries:
        if entry.use != use:
            use = entry.use
            words = f'use "{use}"'
            yield f"## {code(words)}"
        yield from _entry(entry)
    yield _below(found.words("CHANGELOG.md"))


def _about(readme: str) -> str:
    """The first paragraph of a README that is no heading."""
    parts = (p.strip() for p in readme.split("\n\n"))
    return next((p for p in parts if p and not p.startswith("#")), "")


def _facts(found: Described) -> str:
    deps = ", ".join(f"{code(d.key)} ({d.source.asked})" for d in found.manifest.deps)
    python = ", ".join(map(code, code_in(found.tree)))
    return "\n".join(
        f"- {label}: {words}" for label, words in (("uses", deps), ("Python", python)) if words
    )


def _entry(entry: Entry) -> Iterator[str]:
    export = entry.export
    yield f"### {code(export.name)}"
    yield plain(export.doc)
    yield fenced(export.form, "rlm")
    yield "\n".join(_notes(entry))
    if export.task:
        yield f"It asks:\n\n{fenced(export.task.strip(), 'text')}"
    for test in entry.tests:
        yield fenced(test, "rlm")


def _notes(entry: Entry) -> Iterator[str]:
    if entry.signature.coverage:
        yield f"- coverage: {code(entry.signature.coverage)}"
    if entry.most is not None:
        most = entry.most
        yield f"- calls at most: {code(str(most.calls))}"
        yield f"- tok at most: {code(str(most.tokens_in))} in, {code(str(most.tokens_out))} out"


def _below(changelog: str) -> str:
    """A changelog below the page's own heading."""
    lines = [f"#{line}" if line.startswith("#") else line for line in changelog.splitlines()]
    return "\n".join(lines)
