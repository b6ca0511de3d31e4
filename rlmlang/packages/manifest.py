"""What `rlm.toml` says of a package and of those it uses, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rlmlang.packages.source import KINDS, REFS, Source
from rlmlang.packages.tree import INCLUDE
from rlmlang.packages.version import Version, version_of

EDITIONS = (1,)
STD = "std"
SCP = r"(?![-/])[\w.+-]+@[\w.-]+:(?!:)[^:\s][^\s]*"
URL = re.compile(rf"(?:https?|ssh|git)://(?![-:/])[^\s?#]+|file:///[^\s?#]*|{SCP}")
SECRET = re.compile(r"[a-z+]+://[^/@]*:[^/@]*@")
REF = re.compile(r"(?![-/.])(?!.*(?:\.\.|//|@\{|/$|\.lock$))[\w./+-]+")
REV = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Dependency:
    """A package that is used: `key` is its name, with `@MAJOR` behind it where it is a second one
    of that name."""

    key: str
    source: Source

    @property
    def name(self) -> str:
        """The package's own name."""
        return self.key.partition("@")[0]


@dataclass(frozen=True)
class Manifest:
    """A package: its name, version and edition, the files that belong to it, what it uses."""

    name: str
    version: Version
    edition: int = 1
    include: tuple[str, ...] = INCLUDE
    deps: tuple[Dependency, ...] = ()


class WrongManifest(Exception):  # noqa: N818, it is the file that is wrong
    """What cannot be in `[package]` or `[deps]`: the path of the key, what is wrong, what to do."""

    def __init__(self, path: tuple[str, ...], words: str, hint: str) -> None:
        super().__init__(words)
        self.path, self.words, self.hint = path, words, hint


def manifest_of(values: Mapping[str, object]) -> Manifest | None:
    """The package of a file whose values its table allows; None where it is none. Raises
    WrongManifest."""
    found = values.get("package")
    if not isinstance(found, dict):
        return None
    version = version_of(str(found["version"]))
    if version is None:
        raise WrongManifest(("package", "version"), "this is no version", 'version = "1.0.0"')
    if str(found["name"]).split("/")[0] == STD:
        raise WrongManifest(
            ("package", "name"), "the standard library is called std", "choose another name"
        )
    edition = found.get("edition", EDITIONS[-1])
    if edition not in EDITIONS:
        words = f"this version of rlmlang reads no edition {edition}"
        raise WrongManifest(("package", "edition"), words, f"edition = {EDITIONS[-1]}")
    include = found.get("include")
    patterns = tuple(map(str, include)) if isinstance(include, list) else INCLUDE
    return Manifest(str(found["name"]), version, int(edition), patterns, deps_of(values))


def deps_of(values: Mapping[str, object]) -> tuple[Dependency, ...]:
    """What a file uses, sorted by name. Raises WrongManifest."""
    found = values.get("deps")
    given = found if isinstance(found, dict) else {}
    return tuple(_dependency(k, given[k]) for k in sorted(given))


def _dependency(key: str, given: Mapping[str, object]) -> Dependency:
    for problem in _problems(key, given):
        raise problem
    kind = next(k for k in KINDS if k in given)
    by = next((r for r in REFS if r in given), "")
    place, ref, subdir = (str(given.get(k, "")) for k in (kind, by, "subdir"))
    return Dependency(key, Source(kind, place, by, ref, subdir.strip("/")))


def _problems(key: str, given: Mapping[str, object]) -> Iterator[WrongManifest]:
    here = ("deps", key)
    kinds = [k for k in KINDS if k in given]
    if len(kinds) != 1:
        yield WrongManifest(
            here,
            "a dependency has one of " + ", ".join(KINDS),
            f'"{key}" = {{ path = "../shared" }}',
        )
        return
    refs = [r for r in REFS if r in given]
    if kinds == ["git"]:
        yield from _git_problems(here, given, refs)
    elif refs or "subdir" in given:
        extra = (refs or ["subdir"])[0]
        yield WrongManifest((*here, extra), f"`{extra}` goes with `git` alone", "remove it")


def _git_problems(
    here: tuple[str, ...], given: Mapping[str, object], refs: list[str]
) -> Iterator[WrongManifest]:
    url, subdir = str(given["git"]), str(given.get("subdir", ""))
    if SECRET.match(url):
        yield WrongManifest(
            (*here, "git"),
            "a URL with a password in it",
            "leave it out: git asks your credential helper",
        )
    if not URL.fullmatch(url) or "::" in url:
        yield WrongManifest(
            (*here, "git"),
            "`git` takes a URL: https, http, ssh, git or file",
            'git = "https://git.acme.eu/legal"',
        )
    if len(refs) != 1:
        yield WrongManifest(
            here, "a repository is used at one of " + ", ".join(REFS), 'tag = "v1.0.0"'
        )
        return
    form = REV if refs == ["rev"] else REF
    if not form.fullmatch(str(given[refs[0]])):
        takes = "7 to 40 hexadecimal digits" if form is REV else "a name as git takes it"
        yield WrongManifest((*here, refs[0]), f"`{refs[0]}` takes {takes}", f'{refs[0]} = "…"')
    if subdir and not all(re.fullmatch(r"(?![-.])[^\\:\x00-\x1f]+", p) for p in subdir.split("/")):
        yield WrongManifest(
            (*here, "subdir"), "`subdir` is a folder of the repository", 'subdir = "recipes"'
        )


def renamed(manifest: Manifest, version: Version) -> Manifest:
    """The same package at the version that its distribution has."""
    return replace(manifest, version=version)
