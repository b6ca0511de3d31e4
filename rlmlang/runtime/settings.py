"""What of a project file the table of its settings does not allow, and what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rlmlang.diagnostics.suggest import did_you_mean, nearest
from rlmlang.schema.project import (
    FORMS,
    FREE,
    OF_PROFILE,
    PROFILED,
    SETTINGS,
    ProjectSetting,
    setting_at,
)

CLOSE = 0.75  # a model's name this like that of a setting is taken for a slip


@dataclass(frozen=True)
class Wrong:
    """A place in the file that cannot be taken: its path, what is wrong, what to do."""

    path: tuple[str, ...]
    words: str
    hint: str


def wrong_in(found: Mapping[str, object]) -> Wrong | None:
    """The first thing in the values of a file that the table does not allow."""
    return _wrong(found, (), ())


def _wrong(found: Mapping[str, object], at: tuple[str, ...], path: tuple[str, ...]) -> Wrong | None:
    """The same below a path; `at` is that path as the table writes it."""
    below = _below(at)
    for key, given in found.items():
        here, name = (*path, key), _match(key, below)
        if name is None:
            return Wrong(here, f"there is no setting `{'.'.join(here)}`", _near(key, at, below))
        setting = setting_at((*at, name))
        if setting is not None:
            if setting.refuses(given):
                return Wrong(
                    here, f"`{'.'.join(here)}` takes {setting.takes}", _instead(key, given, setting)
                )
        elif not isinstance(given, dict):
            return Wrong(here, f"`{'.'.join(here)}` is a table", _table(here, _into(at, name)))
        elif (deeper := _wrong(given, _into(at, name), here)) is not None:
            return deeper
    return _missing(found, at, path)


def _into(at: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The path of what is below a name; a section of a profile is as one of the file."""
    return (name,) if at == OF_PROFILE else (*at, name)


def _missing(
    found: Mapping[str, object], at: tuple[str, ...], path: tuple[str, ...]
) -> Wrong | None:
    for name in _below(at):
        setting = setting_at((*at, name))
        if setting is not None and setting.required and name not in found:
            return Wrong(path, f"`{'.'.join(path)}` has no `{name}`", _table(path, at))
    return None


def _below(at: tuple[str, ...]) -> list[str]:
    """The names that may follow a path of the table."""
    inside = (s.path for s in SETTINGS if s.path[: len(at)] == at and len(s.path) > len(at))
    own = dict.fromkeys(p[len(at)] for p in inside)
    return [*own, *PROFILED] if at == OF_PROFILE else list(own)


def _match(key: str, below: list[str]) -> str | None:
    """The name of the table that a key stands for: its own, else the free one, unless the key
    looks like a slip of the pen for one of the others."""
    if key in below and key not in FREE:
        return key
    free = next((n for n in below if n in FREE), None)
    if free is None or not FREE[free].fullmatch(key):
        return None
    others = [n for n in below if n not in FREE]
    slip = nearest(key, others, CLOSE) or any(key.lower() in s.also for s in SETTINGS)
    return None if others and slip else free


def _near(key: str, at: tuple[str, ...], below: list[str]) -> str:
    """What was probably meant by a key that is not in the table."""
    by_other = {a: s.path for s in SETTINGS for a in s.also}
    if not at:  # a setting outside its section, else a section misspelt
        names = {s.path[-1]: s.path for s in SETTINGS if s.path[-1] not in FREE} | by_other
        section = nearest(key, below)
        found = names.get(key) or (None if section else names.get(nearest(key, names)))
        if found is not None:
            return f"`{found[-1]}` belongs below [{'.'.join(found[:-1])}]"
        return f"`[{section}]` is near: was that meant?" if section else _choice(below)
    if key.lower() in by_other:
        return f"it is called `{by_other[key.lower()][-1]}` here"
    free = next((FORMS[n] for n in below if n in FREE and not FREE[n].fullmatch(key)), "")
    return free or did_you_mean(key, [n for n in below if n not in FREE])


def _instead(key: str, given: object, setting: ProjectSetting) -> str:
    """How a setting is written; a value is never repeated, it may be a secret."""
    if setting.kind == "model" and isinstance(given, str) and "://" in given:
        return "an endpoint is called `api_base`"
    return f"{key} = {setting.example}"


def _choice(below: list[str]) -> str:
    return "sections are " + ", ".join(f"[{n}]" for n in below)


def _table(path: tuple[str, ...], at: tuple[str, ...]) -> str:
    """How a table is written."""
    inside = [s for s in SETTINGS if s.path[:-1] == at]
    if len(path) == 1:
        return f"write it as a section: [{path[0]}]"
    return f'"{path[-1]}" = {{ ' + ", ".join(f"{s.path[-1]} = {s.example}" for s in inside) + " }"
