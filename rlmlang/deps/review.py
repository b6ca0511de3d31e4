"""A package looked at before it is published: documented, tested, whole, and rightly numbered."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlmlang.deps.cache import filling, write
from rlmlang.deps.git import repository
from rlmlang.deps.raising import TAGS, highest
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.ir.suite import Checked
from rlmlang.packages.changes import Signature, changes, too_low
from rlmlang.packages.manifest import Manifest
from rlmlang.packages.tree import Tree, code_in, hash_of, main_file
from rlmlang.packages.version import Version
from rlmlang.runtime.checking import checked
from rlmlang.runtime.package_files import package_in


@dataclass(frozen=True)
class Tagged:
    """The last version that the repository has a tag of: its tag, files and exports."""

    tag: str
    version: Version
    tree: Tree
    exports: dict[str, Signature]


def review(folder: Path) -> tuple[Manifest, tuple[Diagnostic, ...]]:
    """What stands against publishing the package in a folder. Raises CodedError for what is no
    package at all."""
    manifest, tree = package_in(folder, str(folder))
    files = {n: checked(str(folder / n)) for n in tree if n.endswith(".rlm")}
    found = [d for one in files.values() for d in one.diagnostics]
    found += _undocumented(folder, files)
    found += _untested(files)
    found += _of_files(manifest, tree)
    found += _numbered(manifest, tree, files, last_tagged(folder))
    return manifest, tuple(found)


def _unready(words: str, hint: str, reason: str = "") -> Diagnostic:
    return Diagnostic("package-unready", words, reason=reason, hint=hint)


def _undocumented(folder: Path, files: dict[str, Checked]) -> Iterator[Diagnostic]:
    for name, found in files.items():
        for one in found.exports:
            if not one.doc.strip():
                words = f"{folder / name}:{one.line}: `{one.name}` is exported without a word"
                yield _unready(words, f"/// What {one.name} is for. Above it.")


def _untested(files: dict[str, Checked]) -> Iterator[Diagnostic]:
    tested = {t.recipe for found in files.values() for t in found.suite.tests}
    for name, found in files.items():
        for one in found.exports:
            if one.word == "recipe" and one.name not in tested:
                words = f"{name}: no test is for the recipe `{one.name}`, which is exported"
                yield _unready(words, f'test "…" for {one.name} {{ … }}')


def _of_files(manifest: Manifest, tree: Tree) -> Iterator[Diagnostic]:
    if not main_file(manifest.name, tree):
        own = manifest.name.rsplit("/", 1)[-1]
        yield _unready(f'no file is what `use "{manifest.name}"` means', f"call one {own}.rlm")
    said = tree.get("CHANGELOG.md", b"").decode("utf-8", "replace")
    if str(manifest.version) not in said:
        words = f"CHANGELOG.md says nothing of {manifest.version}"
        yield _unready(words, f"a heading `## {manifest.version}`, and what changed for users")
    for name in code_in(tree):
        stem = f'from "{name}:'.encode()
        if not any(stem in data for n, data in tree.items() if n.endswith(".rlm")):
            words = f"{name} is included, and no `code` names it"
            yield _unready(words, "leave it out of `include`, or keep it if others import it")


def _numbered(
    manifest: Manifest, tree: Tree, files: dict[str, Checked], last: Tagged | None
) -> Iterator[Diagnostic]:
    if last is None or hash_of(tree) == hash_of(last.tree):
        return
    if manifest.version == last.version:
        words = f"{manifest.version} is tagged already ({last.tag}), and was another"
        yield _unready(words, "a tag names one version for ever: raise `version` in rlm.toml")
        return
    found = list(changes(last.exports, signatures(files)))
    if wanted := too_low(last.version, manifest.version, found):
        reason = "\n".join(c.words for c in found)
        words = f"{manifest.version} should be {wanted}"
        yield _unready(words, "raise `version` in rlm.toml", reason)


def signatures(files: dict[str, Checked]) -> dict[str, Signature]:
    """What files export, by file and name."""
    return {
        f"{name.removesuffix('.rlm')}.{one.name}": (one.word, one.takes, one.gives)
        for name, found in files.items()
        for one in found.exports
    }


def last_tagged(folder: Path) -> Tagged | None:
    """The highest version of a package that its own repository has a tag of; None outside of a
    repository, and where it has none that can be read."""
    top = next((p for p in (folder, *folder.parents) if (p / ".git").exists()), None)
    if top is None:
        return None
    subdir = "" if top == folder else folder.relative_to(top).as_posix()
    with filling() as home, repository(f"file://{top}", home) as repo:
        refs = repo.refs(f"{TAGS}*")
        tag = highest([r.removeprefix(TAGS) for r in refs if not r.endswith("^{}")])
        if not tag:
            return None
        commit = refs.get(f"{TAGS}{tag}^{{}}") or refs[f"{TAGS}{tag}"]
        try:
            manifest, tree = repo.package(commit, subdir)
        except CodedError:
            return None  # it was no package then
    return Tagged(tag, manifest.version, tree, _exports_in(tree))


def _exports_in(tree: Tree) -> dict[str, Signature]:
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "package")
        write(tree, folder, fixed=False)
        return signatures({n: checked(str(folder / n)) for n in tree if n.endswith(".rlm")})
