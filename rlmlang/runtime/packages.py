"""Finds what `use "acme/legal"` names: by the project's lock alone, never by network, and only as
it was locked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.source import Package, SourceFile
from rlmlang.diagnostics.suggest import did_you_mean, nearest
from rlmlang.packages.lock import FILE, Lock, Locked, lock_of
from rlmlang.packages.manifest import Dependency, deps_of
from rlmlang.packages.tree import Tree, hash_of, main_file
from rlmlang.runtime.files import asked_for
from rlmlang.runtime.package_files import (
    cached_folder,
    distribution_of,
    installed,
    package_in,
    vendored_folder,
    whole_tree,
)
from rlmlang.runtime.projectfile import ProjectFile, read_file
from rlmlang.runtime.root import Root

LOCK_IT = "`rlm deps lock` writes it"


@dataclass(frozen=True)
class Placed:
    """A package where it lies, with its files as they are; `package` is what it says of texts."""

    locked: Locked
    folder: Path
    tree: Tree
    package: Package

    def text(self, name: str) -> SourceFile:
        """One of its files. Raises CodedError (import-missing, recipe-unreadable)."""
        if name not in self.tree:
            raise failed(
                "import-missing",
                f"the package {self.locked.id} has no file {name}",
                hint=did_you_mean(name, [n for n in self.tree if n.endswith(".rlm")]),
            )
        path = str(self.folder / name)
        try:
            text = self.tree[name].decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as mistake:
            words = f"{path} is not UTF-8 text: byte {mistake.start:,}"
            raise failed("recipe-unreadable", words, hint="take another version") from None
        return SourceFile(path, text, self.package)


class Packages:
    """The packages of one project. With `exactly` a package in a folder beside the project must be
    what was locked as well; `trust` takes what its rlm.toml says, for this command alone."""

    def __init__(self, root: Root, *, trust: bool = False, exactly: bool = False) -> None:
        self.root, self.trust, self.exactly = root, trust, exactly
        self._placed: dict[str, Placed] = {}

    @cached_property
    def deps(self) -> tuple[Dependency, ...]:
        """What the project's `rlm.toml` uses. Raises CodedError (bad-project)."""
        return deps_of(self.file.values) if self.file is not None else ()

    @cached_property
    def file(self) -> ProjectFile | None:
        """The project's `rlm.toml`. Raises CodedError (bad-project)."""
        return read_file(self.root.file) if self.root.file is not None else None

    @cached_property
    def code(self) -> frozenset[str]:
        """The packages whose Python may run: only a file that is trusted says so."""
        from rlmlang.runtime.prepared import Options
        from rlmlang.runtime.project import Project
        from rlmlang.runtime.trust import untrusted

        found = self.file.section("code").get("allow") if self.file is not None else None
        if not isinstance(found, list):
            return frozenset()
        doubt = untrusted(Project(file=self.file), Options(trust=self.trust))
        return frozenset(map(str, found)) if doubt is None else frozenset()

    @cached_property
    def lock(self) -> Lock:
        """The project's lock. Raises CodedError (package-not-locked, lock-unreadable)."""
        found = read_lock(self.root.folder)
        if found is None:
            raise failed(
                "package-not-locked",
                f"there is no {self.root.folder / FILE}",
                reason="A package is used as it was locked, at a version with a hash.",
                hint=LOCK_IT,
            )
        return found

    def require(self) -> None:
        """Raises CodedError (package-not-locked, lock-outdated, package-missing, package-changed)
        where the lock is not what `rlm.toml` asks for, or a package not what is locked."""
        if not self.deps:
            return
        if changed := self.lock.drift(self.deps):
            raise _outdated(changed)
        for locked in self.lock.packages.values():
            self.placed(locked)

    def find(self, path: str, version: str, importer: str) -> SourceFile | None:
        """The file that `use` names; None for a package that nobody declares. Raises CodedError for
        what else stands in the way."""
        name, below = self._name(path, importer)
        if not name:
            self._hold_near(path, importer)
            return None
        placed = self.placed(self._chosen(name, version, importer))
        file = below if below.endswith(".rlm") else f"{below}.rlm"
        return placed.text(file if below else main_file(name, placed.tree) or _none(placed))

    def holds(self, path: str) -> bool:
        """Whether a file is of a package that was found."""
        return self._of(path) is not None

    def lives(self, path: str) -> bool:
        """Whether a file is of a package in a folder beside the project, where people edit it."""
        placed = self._of(path)
        return placed is not None and self._edited(placed.locked, placed.folder)

    def _edited(self, locked: Locked, folder: Path) -> bool:
        copied = vendored_folder(self.root.folder, locked)
        return locked.source.kind == "path" and folder != copied

    def beside(self, path: str, importer: str) -> SourceFile | None:
        """The file of a package that another file of it names by a path; None where the importer
        is of no package, and for what is not in it. Raises CodedError (recipe-unreadable)."""
        placed = self._of(importer)
        if placed is None:
            return None
        full = os.path.normpath(os.path.join(os.path.dirname(importer), path))
        name = os.path.relpath(full, placed.folder).replace(os.sep, "/")
        return placed.text(name) if name in placed.tree else None

    def owner(self, path: str) -> Locked | None:
        """The locked package whose folder a path lies in; None for any other path, and where
        nothing is locked. Raises CodedError (lock-unreadable)."""
        found = read_lock(self.root.folder) if self.deps else None
        for locked in found.packages.values() if found is not None else ():
            with suppress(CodedError):  # what is not here holds no path
                if path.startswith(f"{self._folder(locked)}{os.sep}"):
                    return locked
        return None

    def own_text(self, path: str) -> SourceFile | None:
        """The file of a package that lies at a path; None where `owner` knows none. Raises
        CodedError (package-changed, import-missing)."""
        locked = self.owner(path)
        if locked is None:
            return None
        placed = self.placed(locked)
        return placed.text(os.path.relpath(path, placed.folder).replace(os.sep, "/"))

    def _of(self, importer: str) -> Placed | None:
        """The package that a file is of, among those that were found."""
        for placed in self._placed.values():
            if importer.startswith(f"{placed.folder}{os.sep}"):
                return placed
        return None

    def _keys(self, importer: str) -> Mapping[str, str]:
        """What an importer may name, and what that is locked as; empty where it is not."""
        placed = self._of(importer)
        if placed is not None:
            return placed.locked.deps
        wanted = self.deps
        locked = self.lock.deps if wanted else {}
        return {d.key: locked.get(d.key, "") for d in wanted}

    def _name(self, path: str, importer: str) -> tuple[str, str]:
        """The package that a path begins with, empty where it is not declared, and what follows
        it."""
        names = {k.partition("@")[0] for k in self._keys(importer)}
        found = [n for n in names if path == n or path.startswith(f"{n}/")]
        name = max(found, key=len, default="")
        return name, path[len(name) + 1 :]

    def _hold_near(self, path: str, importer: str) -> None:
        """Raises CodedError (package-unknown) where a name that is declared is near."""
        near = nearest(path, {k.partition("@")[0] for k in self._keys(importer)})
        if near:
            words = f"no package `{path}` is declared"
            raise failed("package-unknown", words, hint=f"`{near}` is near: was that meant?")

    def _chosen(self, name: str, version: str, importer: str) -> Locked:
        """The locked package of a name, which has a version that is asked for. Raises CodedError
        (package-not-locked, lock-outdated, package-version)."""
        keys = {k: v for k, v in self._keys(importer).items() if k.partition("@")[0] == name}
        if self._of(importer) is None:
            self._locked_as_asked(keys)
        found = [self.lock.packages[id_] for id_ in keys.values()]
        asked = asked_for(version) if version else None
        fit = [x for x in found if asked is None or asked.holds(x.version)]
        if fit:
            plain = [x for x in fit if keys.get(name) == x.id]
            return plain[0] if plain and asked is None else max(fit, key=lambda x: x.version)
        have = " and ".join(str(x.version) for x in found)
        raise failed(
            "package-version",
            f"`{name}` is locked at {have}, where @{version} is asked for",
            hint=f"`rlm deps update {name}` takes a newer one; or ask for less",
        )

    def _locked_as_asked(self, keys: Mapping[str, str]) -> None:
        asked = {d.key: str(d.source.asked) for d in self.deps}
        for key, id_ in keys.items():
            if not id_:
                words = f"`{key}` is declared, and not in {FILE}"
                raise failed("package-not-locked", words, hint=LOCK_IT)
            if self.lock.asked[key] != asked[key]:
                raise _outdated(f"`{key}`")

    def placed(self, locked: Locked) -> Placed:
        """A package where it lies, held against its hash. Raises CodedError (package-missing,
        package-changed)."""
        if locked.id not in self._placed:
            folder, tree = self._tree(locked)
            found = hash_of(tree)
            live = self._edited(locked, folder) and not self.exactly
            if found != locked.hash and not live:
                raise _changed(locked, folder, found)
            may = locked.name in self.code
            code = tuple(str(folder / n) for n in tree if n.endswith(".py")) if may else ()
            package = Package(locked.name, str(locked.version), found, code)
            self._placed[locked.id] = Placed(locked, folder, tree, package)
        return self._placed[locked.id]

    def _folder(self, locked: Locked) -> Path:
        """Where a package lies, or would. Raises CodedError (package-missing, package-broken)."""
        copied = vendored_folder(self.root.folder, locked)
        if copied.is_dir():
            return copied
        if locked.source.kind == "path":
            return Path(os.path.normpath(self.root.folder / locked.source.place))
        if locked.source.kind == "python":
            return distribution_of(locked.name)[0]
        return cached_folder(locked.hash)

    def _tree(self, locked: Locked) -> tuple[Path, Tree]:
        folder = self._folder(locked)
        if folder == vendored_folder(self.root.folder, locked):
            return folder, whole_tree(folder, locked.id)
        if locked.source.kind == "path":
            return folder, package_in(folder, locked.id)[1]
        if locked.source.kind == "python":
            manifest, tree, folder = installed(locked.name)
            if manifest.version != locked.version:
                raise _other(locked, str(manifest.version))
            return folder, tree
        if not folder.is_dir():
            raise failed(
                "package-missing",
                f"{locked.id} is locked, and not on this machine",
                hint="`rlm deps lock` fetches what is missing",
            )
        return folder, whole_tree(folder, locked.id)

    def used(self) -> Iterator[Package]:
        """The packages that were found so far."""
        return (p.package for p in self._placed.values())


def read_lock(folder: Path) -> Lock | None:
    """The lock in a project's folder, None where there is none. Raises CodedError
    (lock-unreadable)."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as mistake:
        words = getattr(mistake, "strerror", None) or "it is not UTF-8 text"
        raise failed(
            "lock-unreadable", f"{path} cannot be read: {words}", hint="take it from your history"
        ) from None
    return lock_of(text, str(path))


def _none(placed: Placed) -> str:
    files = sorted(n for n in placed.tree if n.endswith(".rlm"))
    name = placed.locked.name
    raise failed(
        "import-missing",
        f"the package {placed.locked.id} has no main file",
        hint=f'name one of its files: "{name}/{files[0].removesuffix(".rlm")}"' if files else "",
    )


def _outdated(words: str) -> CodedError:
    return failed(
        "lock-outdated",
        f"rlm.toml has changed since it was locked: {words}",
        hint="`rlm deps lock` brings rlm.lock up to date",
    )


def _changed(locked: Locked, folder: Path, found: str) -> CodedError:
    kept = locked.source.kind == "git"
    return failed(
        "package-changed",
        f"{locked.id} is not what was locked",
        reason=f"{folder}\nlocked: {locked.hash}\nfound:  {found}",
        hint="`rlm deps lock` fetches it anew"
        if kept
        else "`rlm deps update` takes it as it is now, if the change is meant",
    )


def _other(locked: Locked, found: str) -> CodedError:
    return failed(
        "package-changed",
        f"{locked.id} is locked, and {found} is installed",
        hint=f"install the locked version, or `rlm deps update {locked.name}`",
    )
