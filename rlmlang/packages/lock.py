"""`rlm.lock`: which version of each package is used, where it came from, and its hash."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.packages.manifest import Dependency
from rlmlang.packages.source import Source, source_of
from rlmlang.packages.tree import folder_name
from rlmlang.packages.version import Version, version_of

FILE = "rlm.lock"
FORMAT = 1


@dataclass(frozen=True)
class Locked:
    """A package at its version: `hash` is that of its tree, `code` are the Python files in it,
    `deps` the packages that it uses: their key there, and `NAME@VERSION`."""

    name: str
    version: Version
    source: Source
    hash: str
    code: tuple[str, ...] = ()
    deps: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`NAME@VERSION`, which no two packages of a lock share."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Lock:
    """`asked` is what the project's `rlm.toml` said when it was locked, by key; `deps` the package
    that each of these became; `packages` are all, by `NAME@VERSION`."""

    asked: Mapping[str, str] = field(default_factory=dict)
    deps: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, Locked] = field(default_factory=dict)

    def named(self, names: Sequence[str]) -> list[Locked]:
        """The packages that names mean, with their version or without; all where there is no name.
        Raises CodedError (package-unknown)."""
        for name in names:
            if not any(name in (id_, p.name) for id_, p in self.packages.items()):
                words = f"this project uses no package `{name}`"
                known = [p.name for p in self.packages.values()]
                raise failed("package-unknown", words, hint=did_you_mean(name, known))
        return [p for id_, p in self.packages.items() if not names or {id_, p.name} & set(names)]

    def drift(self, wanted: Iterable[Dependency]) -> str:
        """What `rlm.toml` says otherwise than when it was locked, in words; empty where nothing."""
        now = {d.key: str(d.source.asked) for d in wanted}
        changed = sorted(
            k for k in now.keys() | self.asked.keys() if now.get(k) != self.asked.get(k)
        )
        return ", ".join(f"`{k}`" for k in changed)


def lock_text(lock: Lock) -> str:
    """A lock as it is written: the same text for the same lock."""
    lines = ["# Written by `rlm deps lock`, which also changes it.", f"version = {FORMAT}"]
    if lock.deps:
        lines += ["", "[deps]"]
    for key in sorted(lock.deps):
        pair = f"asked = {_text(lock.asked[key])}, package = {_text(lock.deps[key])}"
        lines.append(f"{_text(key)} = {{ {pair} }}")
    for id_ in sorted(lock.packages):
        lines += ["", *_package(lock.packages[id_])]
    return "\n".join(lines) + "\n"


def _package(found: Locked) -> list[str]:
    lines = [
        "[[package]]",
        f"name = {_text(found.name)}",
        f"version = {_text(str(found.version))}",
        f"source = {_text(str(found.source))}",
        f"hash = {_text(found.hash)}",
    ]
    if found.code:
        lines.append(f"code = [{', '.join(map(_text, found.code))}]")
    if found.deps:
        pairs = ", ".join(f"{_text(k)} = {_text(v)}" for k, v in sorted(found.deps.items()))
        lines.append(f"deps = {{ {pairs} }}")
    return lines


def _text(text: str) -> str:
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def lock_of(text: str, where: str) -> Lock:
    """A lock as it was written. Raises CodedError (lock-unreadable)."""
    try:
        return _read(tomllib.loads(text), where)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as mistake:
        raise _unreadable(where, str(mistake) or "a part is missing") from None


def _read(found: Mapping[str, object], where: str) -> Lock:
    if found["version"] != FORMAT:
        raise _unreadable(where, f"its format is {found['version']}, this version reads {FORMAT}")
    rows, keys = found.get("package", []), found.get("deps", {})
    if not isinstance(rows, list) or not isinstance(keys, dict):
        raise ValueError("packages and deps are no tables")
    packages = [_locked(row) for row in rows]
    known = {p.id: p for p in packages}
    chosen = {k: str(v["package"]) for k, v in keys.items()}
    named = [*chosen.values(), *(x for p in packages for x in p.deps.values())]
    if lost := sorted(set(named) - known.keys()):
        raise ValueError(f"{lost[0]} is named and not there")
    return Lock({k: str(v["asked"]) for k, v in keys.items()}, chosen, known)


def _locked(row: Mapping[str, object]) -> Locked:
    version, source = version_of(str(row["version"])), source_of(str(row["source"]))
    if version is None or source is None:
        raise ValueError(f"{row['name']} has no version or no source")
    folder_name(str(row["hash"]))
    code, deps = row.get("code", []), row.get("deps", {})
    if not isinstance(code, list) or not isinstance(deps, dict):
        raise ValueError(f"{row['name']}: code or deps is no table")
    return Locked(
        str(row["name"]),
        version,
        source,
        str(row["hash"]),
        tuple(map(str, code)),
        {k: str(v) for k, v in deps.items()},
    )


def _unreadable(where: str, words: str) -> CodedError:
    return failed(
        "lock-unreadable",
        f"{where} cannot be read: {words}",
        hint="take it from your history, or write it anew: rm rlm.lock, then `rlm deps lock`",
    )
