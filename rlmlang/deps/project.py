"""A project's packages: locked, brought up to date, copied into it, held against their hashes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlmlang.deps.cache import remove, write
from rlmlang.deps.fetch import Fetcher
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.packages.lock import FILE, Lock, Locked, lock_text
from rlmlang.packages.manifest import Dependency
from rlmlang.packages.selection import select
from rlmlang.packages.tree import MANIFEST, VENDOR
from rlmlang.runtime.files import write_whole
from rlmlang.runtime.package_files import vendored_folder
from rlmlang.runtime.packages import Packages, read_lock
from rlmlang.runtime.root import Root


@dataclass(frozen=True)
class Project:
    """A folder with an `rlm.toml`, and what its [deps] say."""

    folder: Path
    deps: tuple[Dependency, ...]

    @property
    def lock(self) -> Lock | None:
        """Its lock, None where it has none. Raises CodedError (lock-unreadable)."""
        return read_lock(self.folder)


def project_of(root: Root) -> Project:
    """The project of a root. Raises CodedError (no-project-file, bad-project)."""
    if root.file is None:
        raise failed(
            "no-project-file",
            f"there is no {MANIFEST} in {root.folder} or above it",
            hint="`rlm deps add NAME …` begins one",
        )
    return Project(root.folder, Packages(root).deps)


def locked(project: Project, *, exactly: bool = False, offline: bool = False) -> Lock:
    """The lock that holds for a project, its packages on this machine: the one that is there where
    rlm.toml asks for nothing else, which may not change where it must hold `exactly`. Raises
    CodedError (lock-outdated, package-not-locked), and those of fetching."""
    old = project.lock
    if exactly:
        _require(project, old)
    if old is not None and (exactly or _holds(project, old)):
        fetcher = Fetcher(project.folder, old, offline=offline)
        for found in old.packages.values():
            fetcher.bring(found)
        if exactly:
            _packages(project, exactly=True).require()
        return old
    return _relocked(project, Fetcher(project.folder, old or Lock(), offline=offline))


def updated(project: Project, keys: Collection[str], *, moved: bool = False) -> Lock:
    """A new lock for which the packages of these keys were looked up anew; others are as they were.
    Raises CodedError (package-tag-moved), and those of fetching."""
    return _relocked(project, Fetcher(project.folder, project.lock or Lock(), keys, moved=moved))


def _relocked(project: Project, fetcher: Fetcher) -> Lock:
    roots = {d.key: fetcher.candidate(d) for d in project.deps}
    chosen = select(roots.values(), fetcher.needs)
    packages = [
        fetcher.locked(c, {k: chosen.of(w).id for k, w in fetcher.needs(c).items()})
        for c in chosen.chosen.values()
    ]
    lock = Lock(
        {d.key: str(d.source.asked) for d in project.deps},
        {key: _of(key, chosen.of(c).id) for key, c in roots.items()},
        {p.id: p for p in packages},
    )
    for package in packages:
        fetcher.bring(package)
    write_whole(project.folder / FILE, lock_text(lock))
    return lock


def _of(key: str, id_: str) -> str:
    """What a key became. Raises CodedError (package-version) for a second one of another major."""
    series = key.partition("@")[2]
    version = id_.rpartition("@")[2]
    if series and not f"{version}.".startswith(f"{series}."):
        raise failed(
            "package-version",
            f"`{key}` is {version}",
            hint=f'call it "{id_.rpartition("@")[0]}@{version.partition(".")[0]}" below [deps]',
        )
    return id_


def _require(project: Project, old: Lock | None) -> None:
    if old is None and project.deps:
        raise failed(
            "package-not-locked", f"there is no {project.folder / FILE}", hint="`rlm deps lock`"
        )
    if old is not None and (changed := old.drift(project.deps)):
        words = f"rlm.toml has changed since it was locked: {changed}"
        raise failed("lock-outdated", words, hint="`rlm deps lock` without --locked")


def _holds(project: Project, lock: Lock) -> bool:
    """Whether nothing that can change by itself has: rlm.toml, folders beside it, what is
    installed."""
    if lock.drift(project.deps):
        return False
    packages = _packages(project, exactly=True)
    try:
        for found in lock.packages.values():
            if found.source.kind != "git":
                packages.placed(found)
    except CodedError:
        return False
    return True


def _packages(project: Project, *, exactly: bool) -> Packages:
    return Packages(Root(project.folder, project.folder / MANIFEST), exactly=exactly)


def states(project: Project, lock: Lock) -> Iterator[tuple[Locked, Diagnostic | None]]:
    """Each package, and what is wrong with its files, held against its hash."""
    packages = _packages(project, exactly=True)
    for found in lock.packages.values():
        try:
            packages.placed(found)
        except CodedError as mistake:
            yield found, mistake.diagnostic
        else:
            yield found, None


def vendor(project: Project, lock: Lock) -> list[Path]:
    """Copies each package into the project's folder `vendor`, where it is used from then on; copies
    of other versions go. Raises CodedError (package-changed, package-missing, file-unwritable)."""
    packages = _packages(project, exactly=True)
    made = []
    for found in lock.packages.values():
        folder = vendored_folder(project.folder, found)
        if not folder.is_dir():
            write(packages.placed(found).tree, folder, fixed=False)
        made.append(folder)
    for old in sorted((project.folder / VENDOR).glob(f"**/*@*/{MANIFEST}")):
        if old.parent not in made:
            remove(old.parent)
    return made


def why(lock: Lock, name: str) -> list[tuple[str, ...]]:
    """The chains from the project to the versions of a package, each from who asks to what is asked
    for. Raises CodedError (package-unknown)."""
    wanted = {id_ for id_, p in lock.packages.items() if name in (p.name, id_)}
    if not wanted:
        known = [p.name for p in lock.packages.values()]
        words = f"{FILE} has no package `{name}`"
        raise failed("package-unknown", words, hint=did_you_mean(name, known))
    return sorted(_chains(lock, lock.deps, (), wanted))


def _chains(
    lock: Lock, deps: Mapping[str, str], above: tuple[str, ...], wanted: set[str]
) -> Iterator[tuple[str, ...]]:
    for id_ in sorted(set(deps.values())):
        if id_ in above:
            continue
        if id_ in wanted:
            yield (*above, id_)
        yield from _chains(lock, lock.packages[id_].deps, (*above, id_), wanted)


def chosen(project: Project, names: Collection[str]) -> list[str]:
    """The keys of [deps] that names mean, all where there are none. Raises CodedError
    (package-unknown)."""
    known = [d.key for d in project.deps]
    for name in names:
        if name not in known:
            words = f"rlm.toml uses no package `{name}`"
            raise failed("package-unknown", words, hint=did_you_mean(name, known))
    return list(names) or known
