"""Lines of `rlm.toml` written, changed and taken out; all else in the file stays as it is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.packages.manifest import Dependency, WrongManifest, deps_of
from rlmlang.runtime.files import write_whole
from rlmlang.runtime.settings import wrong_in

SECTION = re.compile(r"^\[deps\][ \t]*(?:#[^\n]*)?$", re.MULTILINE)


def with_dep(text: str, key: str, given: Mapping[str, str]) -> str:
    """The text of an `rlm.toml` in which a package is used so: its line written anew, or added."""
    pairs = ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in given.items())
    line = f'"{key}" = {{ {pairs} }}'
    if (found := _line(key).search(text)) is not None:
        return text[: found.start()] + line + text[found.end() :]
    if (section := SECTION.search(text)) is not None:
        return f"{text[: section.end()]}\n{line}{text[section.end() :]}"
    gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[deps]\n{line}\n"


def without_dep(text: str, key: str) -> str:
    """The same text without the line of a package."""
    found = _line(key).search(text)
    return text if found is None else text[: found.start()] + text[found.end() :].removeprefix("\n")


def _line(key: str) -> re.Pattern[str]:
    """A package in one line, as this module writes it."""
    name = rf"(?:\"{re.escape(key)}\"|'{re.escape(key)}'|{re.escape(key)})"
    return re.compile(rf"^[ \t]*{name}[ \t]*=[ \t]*\{{[^\n]*\}}[ \t]*(?:#[^\n]*)?$", re.MULTILINE)


def read(path: Path) -> str:
    """The text of an `rlm.toml`, empty where there is none. Raises CodedError (bad-project)."""
    try:
        return path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as mistake:
        words = getattr(mistake, "strerror", None) or "it is not UTF-8 text"
        raise failed("bad-project", f"{path}: {words}", hint="mend the file") from None


def write(path: Path, text: str, key: str, source: str) -> tuple[Dependency, ...]:
    """Writes a changed file, of which `key` is now asked for at `source`, or not at all where that
    is empty. Gives what it uses. Raises CodedError (bad-project) for one that does not say so: it
    is then as it was."""
    deps = deps_in(path, text)
    found = {d.key: str(d.source.asked) for d in deps}
    if found.get(key, "") != source:
        raise failed(
            "bad-project",
            f"{path}: the lines of `{key}` are not written by `rlm deps`",
            hint=f"change them by hand, then `rlm deps lock`; one line is changed: "
            f'"{key}" = {{ … }} below [deps]',
        )
    write_whole(path, text)
    return deps


def given(found: Dependency) -> dict[str, str]:
    """What is written of a package."""
    source = found.source
    parts = {source.kind: source.place, source.by: source.ref, "subdir": source.subdir}
    return {k: v for k, v in parts.items() if k and v}


def deps_in(path: Path, text: str) -> tuple[Dependency, ...]:
    """What the text of an `rlm.toml` uses. Raises CodedError (bad-project)."""
    try:
        values = tomllib.loads(text)
        if (wrong := wrong_in(values)) is not None:
            raise _bad(path, wrong.words, wrong.hint)
        return deps_of(values)
    except tomllib.TOMLDecodeError as mistake:
        raise _bad(path, f"this is no TOML: {mistake}", "mend the file") from None
    except WrongManifest as mistake:
        raise _bad(path, str(mistake), mistake.hint) from None


def _bad(path: Path, words: str, hint: str) -> CodedError:
    return failed("bad-project", f"{path}: {words}", hint=hint)
