"""Newer versions of packages: the tags that a repository has now."""

from __future__ import annotations

import re

from rlmlang.deps.cache import filling
from rlmlang.deps.git import repository
from rlmlang.packages.manifest import Dependency
from rlmlang.packages.version import Version, version_in

TAGS = "refs/tags/"
VERSIONED = re.compile(r"(.*?)([vV]?\d+(?:\.\d+)+.*)")


def newest(wanted: Dependency) -> str:
    """The tag of the highest version that may stand in the place of the one that is asked for,
    which it is itself where there is none higher; empty for what is not asked for by the tag of a
    version. Raises CodedError (package-unfetchable)."""
    source = wanted.source
    now = _versions([source.ref] if source.by == "tag" else [])
    if not now:
        return ""
    (prefix, least), _ = now.popitem()
    with filling() as home, repository(source.place, home) as repo:
        names = [r.removeprefix(TAGS) for r in repo.refs(f"{TAGS}*") if not r.endswith("^{}")]
    fit = {
        version: name
        for (before, version), name in _versions(sorted(names)).items()
        if before == prefix and version.series == least.series and version.final
    }
    best = max(fit, default=least)
    return fit[best] if best > least else source.ref


def highest(tags: list[str]) -> str:
    """The tag of the highest version, written as `v1.2.0` or `1.2.0`; empty for none."""
    found = {
        v: tag for (before, v), tag in _versions(sorted(tags)).items() if not before and v.final
    }
    return found[max(found)] if found else ""


def _versions(tags: list[str]) -> dict[tuple[str, Version], str]:
    """Tags by what stands before their version, and the version."""
    found: dict[tuple[str, Version], str] = {}
    for tag in tags:
        parts = VERSIONED.fullmatch(tag)
        version = version_in(parts[2]) if parts is not None else None
        if parts is not None and version is not None:
            found[parts[1], version] = tag
    return found
