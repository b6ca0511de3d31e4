"""The files of packages on disk: in the cache that projects share, copied into a project, in a
folder beside it, or installed with Python."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang import resources
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.lock import Locked
from rlmlang.packages.manifest import Manifest, manifest_of, renamed
from rlmlang.packages.tree import (
    MANIFEST,
    MOST_BYTES,
    VENDOR,
    Tree,
    folder_name,
    included,
    require_names,
    require_sizes,
    unsafe,
)
from rlmlang.packages.version import Version, version_in
from rlmlang.runtime.projectfile import parsed

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "rlmlang.packages"
WHAT = f"a package is a folder with {MANIFEST}, in it [package] with name and version"


def cache_home() -> Path:
    """Where the packages of all projects are kept, each below its hash."""
    return resources.user_cache() / "packages"


def cached_folder(hash_: str) -> Path:
    """Where a tree is kept."""
    return cache_home() / folder_name(hash_)


def vendored_folder(project: Path, locked: Locked) -> Path:
    """Where a project has a copy of a package of its own."""
    return project / VENDOR / locked.id


def whole_tree(folder: Path, where: str) -> Tree:
    """All files of a folder that holds a package and nothing else. Raises CodedError
    (package-unsafe, package-too-large) for what is no plain file."""
    return _read(folder, where, lambda name: True)


def package_in(folder: Path, where: str) -> tuple[Manifest, Tree]:
    """The package in a folder that people work in: its manifest, and what belongs to it. Raises
    CodedError (package-missing, package-broken, package-unsafe, package-too-large)."""
    manifest = manifest_at(folder, where)
    return manifest, _read(folder, where, lambda name: included(name, manifest.include))


def manifest_at(folder: Path, where: str) -> Manifest:
    """The manifest in a folder."""
    path = folder / MANIFEST
    if not path.is_file():
        raise failed("package-missing", f"{where}: there is no {path}", hint=WHAT)
    with path.open("rb") as file:
        return manifest_from(file.read(MOST_BYTES), where)


def manifest_from(data: bytes, where: str) -> Manifest:
    """The manifest with these bytes. Raises CodedError (package-broken)."""
    try:
        found = manifest_of(parsed(Path(where, MANIFEST), data).values)
    except CodedError as mistake:
        raise _broken(mistake.diagnostic.message) from None
    if found is None:
        raise failed("package-broken", f"{where}: its {MANIFEST} has no [package]", hint=WHAT)
    return found


def _broken(words: str) -> CodedError:
    return failed(
        "package-broken", words, hint="tell whoever publishes the package, or take another version"
    )


def distribution_of(name: str) -> tuple[Path, Version]:
    """The folder of a package that a Python distribution has, and the distribution's version;
    nothing of it is imported. Raises CodedError (package-missing, package-broken)."""
    from importlib.util import find_spec

    points = [p for p in _published(tuple(map(_changed, sys.path))) if p.name == name]
    if not points or points[0].dist is None:
        raise failed(
            "package-missing",
            f"no Python distribution that is installed has the package `{name}`",
            hint=f"install the one that has it: its entry points have {name} in {GROUP}",
        )
    top, *below = points[0].module.split(".")
    spec = find_spec(top)
    folders = spec.submodule_search_locations if spec is not None else None
    version = version_in(points[0].dist.version)
    if not folders or version is None:
        raise _broken(f"{points[0].dist.name} has no folder {points[0].module}, or no version")
    return Path(next(iter(folders)), *below), version


@lru_cache(maxsize=1)
def _published(_places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """The packages of all distributions in those folders. They are read again where something was
    installed since: reading those of all takes longer than checking a recipe."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _changed(place: str) -> tuple[str, int]:
    """A folder that Python looks into, and when something came into it or left it."""
    try:
        return place, os.stat(place or ".").st_mtime_ns
    except OSError:
        return place, 0


def installed(name: str) -> tuple[Manifest, Tree, Path]:
    """The package of a Python distribution, at the version of that."""
    folder, version = distribution_of(name)
    manifest, tree = package_in(folder, name)
    return renamed(manifest, version), tree, folder


def _read(folder: Path, where: str, wanted: Callable[[str], bool]) -> Tree:
    sizes = dict(_files(folder, where, wanted))
    require_names(sizes, where)
    require_sizes(sizes, where)
    tree = {name: _bytes(folder / name) for name in sizes}
    require_sizes({n: len(data) for n, data in tree.items()}, where)
    return tree


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _files(folder: Path, where: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, int]]:
    """Names and sizes of the files that are wanted; links among them are refused."""
    for above, folders, names in os.walk(folder):
        inside = os.path.relpath(above, folder).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        folders[:] = [f for f in folders if not f.startswith(".")]
        for name in sorted(names):
            if wanted(prefix + name):
                found = os.lstat(os.path.join(above, name))
                if not stat.S_ISREG(found.st_mode):
                    raise unsafe(where, f"holds {prefix}{name}, which is a link or no plain file")
                yield prefix + name, found.st_size
