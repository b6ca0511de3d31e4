"""Profiles of a project file: settings by a name, that hold in place of the file's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.runtime.settings import Wrong
from rlmlang.schema.project import PROFILED, depth_of

Values = Mapping[str, object]
SHOWN = 60
NAMES_ALONE = ("values", "recipe")  # what a recipe is given may be long, or nobody else's business


@dataclass(frozen=True)
class Profile:
    """A profile that is chosen: its name, the profiles that it inherits from, the nearest first,
    and all that it sets with theirs; without a name none is."""

    name: str = ""
    inherits: tuple[str, ...] = ()
    values: Values = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What it sets, in a line; empty where none is chosen."""
        if not self.name:
            return ""
        above = f" ({', '.join(self.inherits)} below it)" if self.inherits else ""
        found = [_shown(keys, value) for keys, value in _settings(self.values)]
        return f"profile {self.name}{above}: {', '.join(found) or 'nothing is set'}"

    def given(self, recipe: str) -> frozenset[str]:
        """The parameters of a recipe that it gives a value."""
        own = _table(_table(self.values.get("recipe")).get(recipe))
        return frozenset({*_table(self.values.get("values")), *own})


def wrong_chain(values: Values) -> Wrong | None:
    """The first profile of a file that inherits from none that is there, or from itself."""
    known = _table(values.get("profile"))
    for name in known:
        path = ("profile", name, "inherits")
        *chain, last = _chain(known, name)
        if last not in known:
            words = f"`{'.'.join(path)}`: there is no profile `{last}`"
            return Wrong(path, words, did_you_mean(last, known))
        if last in chain:
            return Wrong(
                path,
                f"`{'.'.join(path)}` goes round in a circle: {' → '.join((*chain, last))}",
                "leave out one `inherits`",
            )
    return None


def profile_of(values: Values, name: str) -> Profile | None:
    """The profile of that name in the values of a file, which has no circles; None where it has
    none of that name."""
    known = _table(values.get("profile"))
    if name not in known:
        return None
    chain, found = _chain(known, name), dict[str, object]()
    for each in reversed(chain):
        found = over(found, _table(known[each]))
    return Profile(name, tuple(chain[1:]), found)


def over(below: Values, above: Values) -> dict[str, object]:
    """The sections of a profile over those of a file, or of another profile."""
    found = {k: v for k, v in above.items() if k in PROFILED}
    laid = {k: _over(below.get(k), v, depth_of(k)) for k, v in found.items()}
    return {**below, **laid}


def _over(below: object, above: object, depth: int) -> object:
    if not depth or not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{k: _over(below.get(k), v, depth - 1) for k, v in above.items()}}


def _chain(known: Values, name: str) -> list[str]:
    """A profile and those that it inherits from, to the first one that is not there or came
    before."""
    chain = [name]
    while (above := _table(known.get(chain[-1])).get("inherits")) is not None:
        chain.append(str(above))
        if chain.count(chain[-1]) > 1:
            break
    return chain


def _table(found: object) -> Values:
    return found if isinstance(found, dict) else {}


def _settings(values: Values) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each setting with its keys."""
    for section, inside in values.items():
        yield from _below((section,), inside, depth_of(section))


def _below(
    keys: tuple[str, ...], found: object, depth: int
) -> Iterator[tuple[tuple[str, ...], object]]:
    if not depth or not isinstance(found, dict):
        yield keys, found
        return
    for key, value in found.items():
        yield from _below((*keys, key), value, depth - 1)


def _shown(keys: tuple[str, ...], value: object) -> str:
    name = ".".join(keys)
    if keys[0] in NAMES_ALONE:
        return name
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{name} = {text if len(text) <= SHOWN else text[: SHOWN - 1] + '…'}"
