"""The file `rlm.toml`, found and read: its values as the table of settings allows them."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.packages.manifest import WrongManifest, deps_of, manifest_of
from rlmlang.runtime.profiles import Profile, over, profile_of, wrong_chain
from rlmlang.runtime.settings import wrong_in

PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class ProjectFile:
    """A project file: where it lies, links resolved; the sha256 of its bytes; its values,
    with those of the profile that is chosen over them."""

    path: Path
    sha256: str
    values: Mapping[str, object]
    profile: Profile = field(default_factory=Profile)

    def section(self, name: str) -> Mapping[str, object]:
        """A table of the file, empty where it has none."""
        found = self.values.get(name)
        return found if isinstance(found, dict) else {}

    def with_profile(self, name: str) -> ProjectFile:
        """The file with the settings of one of its profiles over its own; as it is without a name.
        Raises CodedError (unknown-profile)."""
        if not name:
            return self
        found = profile_of(self.values, name)
        if found is None:
            known = self.section("profile")
            hint = did_you_mean(name, known) or f"write it there: [profile.{name}.models]"
            raise failed("unknown-profile", f"{self.path} has no profile `{name}`", hint=hint)
        return replace(self, values=over(self.values, found.values), profile=found)


def read_file(path: Path) -> ProjectFile:
    """A project file. Raises CodedError (bad-project) with the line, and what was meant."""
    try:
        data = path.read_bytes()
    except OSError as mistake:
        raise _bad(path, 0, str(mistake.strerror), "mend the file, or remove it") from None
    return parsed(path, data)


def parsed(path: Path, data: bytes) -> ProjectFile:
    """The project file with these bytes. Raises CodedError (bad-project)."""
    text = _text(path, data)
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as mistake:
        line = PLACE.search(str(mistake))
        words = PLACE.sub("", str(mistake)) or "it is nested too deeply"
        raise _bad(
            path,
            int(line[1]) if line else 0,
            f"this is no TOML: {words}",
            "mend the file, or remove it",
        ) from None
    if (wrong := wrong_in(values) or wrong_chain(values)) is not None:
        raise _bad(path, line_of(text, wrong.path), wrong.words, wrong.hint)
    try:
        manifest_of(values)
        deps_of(values)
    except WrongManifest as mistake:
        at = line_of(text, mistake.path)
        raise _bad(path, at, f"`{'.'.join(mistake.path)}`: {mistake}", mistake.hint) from None
    return ProjectFile(path.resolve(), hashlib.sha256(data).hexdigest(), values)


def _text(path: Path, data: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as mistake:
        line = data.count(b"\n", 0, mistake.start) + 1
        raise _bad(path, line, "this is not UTF-8 text", "save the file as UTF-8") from None


def line_of(text: str, path: tuple[str, ...]) -> int:
    """The line on which a key is written, from 1; 0 where it cannot be told. Each part of its
    path is looked for after the one before."""
    at = 0
    for part in path:
        name = f"(?:{re.escape(part)}|\"{re.escape(part)}\"|'{re.escape(part)}')"
        found = re.compile(rf"(?:^|[\[{{,.])[ \t]*({name})[ \t]*(?=[=.\]])", re.MULTILINE)
        here = found.search(text, at)
        if here is None:
            return 0
        at = here.start(1)
    return text.count("\n", 0, at) + 1 if path else 0


def _bad(path: Path, line: int, words: str, hint: str) -> CodedError:
    where = f"{path}:{line}" if line else str(path)
    return failed("bad-project", f"{where}: {words}", hint=hint)
