"""Packages found where their sources say, and what each of them asks for."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlmlang.deps.cache import cached, filling, keep
from rlmlang.deps.git import repository
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.lock import Lock, Locked
from rlmlang.packages.manifest import Dependency, Manifest
from rlmlang.packages.selection import Candidate
from rlmlang.packages.source import Source
from rlmlang.packages.tree import MANIFEST, Tree, code_in, hash_of
from rlmlang.packages.version import range_of
from rlmlang.runtime.package_files import installed, manifest_from, package_in


@dataclass
class Fetcher:
    """Packages of a project, fetched once each. A commit that `lock` has is not looked up again,
    but for the keys in `fresh`; `offline` asks no repository; with `moved` a tag may name another
    commit than it did."""

    project: Path
    lock: Lock = field(default_factory=Lock)
    fresh: Collection[str] = ()
    offline: bool = False
    moved: bool = False
    _found: dict[Source, tuple[Candidate, Manifest, Tree]] = field(default_factory=dict)

    def candidate(self, wanted: Dependency, above: Source | None = None) -> Candidate:
        """The package that a dependency means; `above` is where the one that asks for it lies.
        Raises CodedError for what is not there, broken, unsafe, or of another version or name."""
        source = _placed(wanted, above)
        if source.kind == "git" and not source.commit:
            source = self._pinned(wanted, source)
        found, manifest, _ = self._at(source, wanted)
        if manifest.name != wanted.name:
            raise failed(
                "package-broken",
                f"{source.asked} is the package `{manifest.name}`, not `{wanted.name}`",
                hint=f"call it `{manifest.name}` below [deps]",
            )
        return found

    def needs(self, found: Candidate) -> Mapping[str, Candidate]:
        """What a package asks for, by its own keys."""
        manifest = self._found[found.source][1]
        return {d.key: self.candidate(d, found.source) for d in manifest.deps}

    def locked(self, found: Candidate, deps: Mapping[str, str]) -> Locked:
        """A package as its lock has it; its files are kept in the cache where it came by git."""
        tree = self._found[found.source][2]
        return Locked(found.name, found.version, found.source, found.hash, code_in(tree), deps)

    def bring(self, locked: Locked) -> None:
        """Has the files of a locked package here. Raises CodedError (package-changed) where its
        commit holds something else than was locked, and those of fetching."""
        if locked.source.kind != "git" or cached(locked.hash) is not None:
            return
        found = hash_of(self._of_git(locked.source, locked.name)[1])
        if found != locked.hash:
            raise failed(
                "package-changed",
                f"{locked.id} is not what was locked",
                reason=f"{locked.source}\nlocked: {locked.hash}\nfound:  {found}",
                hint="somebody has edited rlm.lock: take it from your history",
            )

    def _at(self, source: Source, wanted: Dependency) -> tuple[Candidate, Manifest, Tree]:
        if source not in self._found:
            manifest, tree = self._read(source, wanted)
            found = Candidate(manifest.name, manifest.version, source, hash_of(tree))
            self._found[source] = found, manifest, tree
        return self._found[source]

    def _read(self, source: Source, wanted: Dependency) -> tuple[Manifest, Tree]:
        if source.kind == "path":
            return package_in(self.project / source.place, wanted.name)
        if source.kind == "git":
            return self._of_git(source, wanted.name)
        manifest, tree, _ = installed(wanted.name)
        asked = range_of(source.place)
        if asked is None or not asked.holds(manifest.version):
            raise failed(
                "package-version",
                f"`{wanted.name}` {manifest.version} is installed, where {source.place} is wanted",
                hint="install another version, or change the line in rlm.toml",
            )
        return manifest, tree

    def _of_git(self, source: Source, name: str) -> tuple[Manifest, Tree]:
        known = next((p for p in self.lock.packages.values() if p.source == source), None)
        tree = cached(known.hash) if known is not None else None
        if tree is not None:
            return manifest_from(tree[MANIFEST], name), tree
        self._require_line(source)
        with filling() as home, repository(source.place, home) as repo:
            manifest, tree = repo.package(source.commit, source.subdir)
            keep(tree)
        return manifest, tree

    def _pinned(self, wanted: Dependency, source: Source) -> Source:
        """A source with its commit: that of the lock, unless it shall be looked up. Raises
        CodedError (package-tag-moved, package-unfetchable)."""
        known = [p.source for p in self.lock.packages.values() if p.source.asked == source]
        if known and wanted.key not in self.fresh:
            return known[0]
        self._require_line(source)
        with filling() as home, repository(source.place, home) as repo:
            commit = repo.commit_of(source)
        if known and source.by == "tag" and known[0].commit != commit and not self.moved:
            raise _moved(wanted, known[0], commit)
        return Source(source.kind, source.place, source.by, source.ref, source.subdir, commit)

    def _require_line(self, source: Source) -> None:
        if self.offline:
            raise failed(
                "package-missing",
                f"{source.asked} is not on this machine, and --offline asks no repository",
                hint="run the command once without --offline",
            )


def _placed(wanted: Dependency, above: Source | None) -> Source:
    """Where a dependency lies: a path of a package is taken from its own folder, in a repository
    from its own commit. Raises CodedError (package-unsafe)."""
    source = wanted.source
    if source.kind != "path":
        return source
    if above is None or above.kind == "path":
        base = above.place if above is not None else "."
        return Source("path", posixpath.normpath(posixpath.join(base, source.place)))
    subdir = posixpath.normpath(posixpath.join(above.subdir, source.place))
    if above.kind == "python" or posixpath.isabs(source.place) or subdir.split("/")[0] == "..":
        raise failed(
            "package-unsafe",
            f"`{wanted.name}` is asked for at {source.place}, which leads out of the package",
            reason=str(above.asked),
            hint="tell whoever publishes the package: only `path` in its own repository works",
        )
    inside = "" if subdir == "." else subdir
    return Source("git", above.place, above.by, above.ref, inside, above.commit)


def _moved(wanted: Dependency, known: Source, commit: str) -> CodedError:
    return failed(
        "package-tag-moved",
        f"the tag {known.ref} of `{wanted.name}` names another commit than it did",
        reason=f"{known.place}\nlocked: {known.commit}\nnow:    {commit}",
        hint=f"ask whoever published it; if it is meant: rlm deps update {wanted.key} --moved",
    )
