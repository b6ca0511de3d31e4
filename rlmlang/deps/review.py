"""A package looked at before it is published: documented, tested, whole, and rightly numbered."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlmlang.deps.cache import filling, write
from rlmlang.deps.described import checked_files, entries
from rlmlang.deps.git import repository
from rlmlang.deps.raising import TAGS, highest
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Code
from rlmlang.ir.predictors import prompts_of
from rlmlang.ir.recipe import Recipe
from rlmlang.ir.suite import Checked
from rlmlang.packages.changes import Signature, changes, too_low
from rlmlang.packages.manifest import Manifest
from rlmlang.packages.tree import Tree, code_in, hash_of, main_file
from rlmlang.packages.version import Version
from rlmlang.reference.package import Entry
from rlmlang.runtime.package_files import package_in
from rlmlang.runtime.parts import parts_of

USED = ("prompt", "pattern", "code")


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
    files = checked_files(folder, tree)
    found = [d for one in files.values() for d in one.diagnostics]
    exported = list(entries(manifest.name, tree, files))
    found += _undocumented(folder, exported)
    found += _untested(files, exported)
    found += _of_files(manifest, tree)
    found += _left_out(folder, tree, files)
    found += _numbered(manifest, tree, signatures(exported), last_tagged(folder))
    return manifest, tuple(found)


def _unready(words: str, hint: str, reason: str = "") -> Diagnostic:
    return Diagnostic("package-unready", words, reason=reason, hint=hint)


def _undocumented(folder: Path, exported: list[Entry]) -> Iterator[Diagnostic]:
    for entry in exported:
        one = entry.export
        if not one.doc.strip():
            words = f"{folder / entry.file}:{one.line}: `{one.name}` is exported without a word"
            yield _unready(words, f"/// What {one.name} is for. Above it.")


def _untested(files: Mapping[str, Checked], exported: list[Entry]) -> Iterator[Diagnostic]:
    """A recipe has a test of its own; a prompt, pattern or function is of a recipe that has one. A
    recipe without one is told, and not also what only it uses."""
    tested = {t.recipe for found in files.values() for t in found.suite.tests}
    every = [x for found in files.values() for x in found.recipes.values()]
    for entry in exported:
        one = entry.export
        if one.word == "recipe" and one.name not in tested:
            words = f"{entry.file}: no test is for the recipe `{one.name}`, which is exported"
            yield _unready(words, f'test "…" for {one.name} {{ … }}')
        if one.word in USED and not any(_uses(recipe, entry) for recipe in every):
            words = f"{entry.file}: nothing that is tested uses the {one.word} `{one.name}`"
            yield _unready(words, "write a recipe that uses it, and a test for that")


def _uses(recipe: Recipe, entry: Entry) -> bool:
    """Whether a recipe asks a prompt, calls a function, or has steps of a pattern."""
    one = entry.export
    if one.word == "prompt":
        return any(p.name == one.name for p in prompts_of(recipe).values())
    if one.word == "code":
        return any(isinstance(x, Code) and x.name == one.name for x in parts_of(recipe, set()))
    places = (p for step in recipe.steps for p in step.places)
    return any(
        Path(p.path).name == Path(entry.file).name and one.line <= p.line <= one.end for p in places
    )


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


def _left_out(folder: Path, tree: Tree, files: Mapping[str, Checked]) -> Iterator[Diagnostic]:
    """What recipes and tests of a package name beside them, and its users would not have."""
    for name, found in files.items():
        parts = (*found.recipes.values(), *found.suite.tests, *found.suite.evals)
        for path in sorted(set(_named(parts))):
            full = os.path.normpath(folder / Path(name).parent / path)
            inside = os.path.relpath(full, folder).replace(os.sep, "/")
            if Path(full).is_file() and inside not in tree:
                words = f"{name} names {path}, which does not belong to the package"
                yield _unready(words, f'add "{inside}" to `include` in rlm.toml')


def _named(parts: tuple[object, ...]) -> Iterator[str]:
    """The files that parts of a recipe file name."""
    for part in parts_of(parts, set()):
        match part:
            case Code(path=path) | s.Opened(path=path) | s.Replayed(path=path):
                yield path
            case s.Scripted(path=path):
                yield path.partition(".py:")[0] + ".py" if ".py:" in path else path
            case s.Dataset(path=path):
                yield path


def _numbered(
    manifest: Manifest, tree: Tree, now: Mapping[str, Signature], last: Tagged | None
) -> Iterator[Diagnostic]:
    if last is None or hash_of(tree) == hash_of(last.tree):
        return
    if manifest.version == last.version:
        words = f"{manifest.version} is tagged already ({last.tag}), and was another"
        yield _unready(words, "a tag names one version for ever: raise `version` in rlm.toml")
        return
    found = list(changes(last.exports, now))
    if wanted := too_low(last.version, manifest.version, found):
        reason = "\n".join(c.words for c in found)
        words = f"{manifest.version} should be {wanted}"
        yield _unready(words, "raise `version` in rlm.toml", reason)


def signatures(exported: Iterable[Entry]) -> dict[str, Signature]:
    """What a package exports, by file and name."""
    found = ((f"{e.file.removesuffix('.rlm')}.{e.export.name}", e.signature) for e in exported)
    return dict(found)


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
    return Tagged(tag, manifest.version, tree, _exports_in(manifest.name, tree))


def _exports_in(package: str, tree: Tree) -> dict[str, Signature]:
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "package")
        write(tree, folder, fixed=False)
        return signatures(entries(package, tree, checked_files(folder, tree)))
