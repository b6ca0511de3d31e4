"""What a recipe does beside reading what lies in its folder and asking models: known before any of
it is done."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from rlmlang import plugins
from rlmlang.execute.code_path import code_path
from rlmlang.ir import recipe as r
from rlmlang.ir import suite as s
from rlmlang.ir.expressions import Code, Ref
from rlmlang.runtime.parts import outside, parts_of
from rlmlang.schema.sources import SOURCES
from rlmlang.sources.files import glob_at
from rlmlang.sources.folder import OUTSIDE, folder_at

FILE_URL = "file://"
RUNS, OPENS, LEAVES, CALLS = "runs", "opens", "reads", "calls"


@dataclass(frozen=True)
class Effect:
    """Something outside: `does` is what, `what` to whom, `name` the source or parameter that it is
    for, empty for what steps do."""

    does: str
    what: str
    name: str = ""

    def __str__(self) -> str:
        beyond = ", which lies outside its folder" if self.does == LEAVES else ""
        return f"{self.does} {self.what}{beyond}"


Effects = tuple[Effect, ...]


def effects_of(found: Sequence[object], root: str, given: Collection[str] = ()) -> Effects:
    """The effects of what is found, each once: of recipes, steps, tests, metrics, datasets. `root`
    is the folder that it belongs to; what is `given` by the caller is the caller's."""
    effects: dict[Effect, None] = {}
    for one in (x for x in found if isinstance(x, r.Interface)):
        effects |= dict.fromkeys(_of_inputs(one, root, given))
    for part in parts_of(tuple(_without_defaults(x) for x in found), set()):
        found_in = _of_code(part, root) if isinstance(part, Code) else _of_test(part, root)
        effects |= dict.fromkeys(found_in)
        if isinstance(part, r.HostFunction) and part.server:
            effects[Effect(CALLS, f"the MCP server `{part.server}`")] = None
    return tuple(effects)


def _without_defaults(found: object) -> object:
    """A recipe without its defaults, which are looked at by name."""
    return replace(found, defaults=()) if isinstance(found, r.Interface) else found


def _of_inputs(recipe: r.Interface, root: str, given: Collection[str]) -> Iterator[Effect]:
    for source in recipe.sources:
        wanted = [n for n, v in recipe.defaults if v == Ref(source.name)]
        if source.name not in given and not (wanted and all(w in given for w in wanted)):
            yield from _of_source(source, root)
    for name, default in recipe.defaults:
        if name not in given:
            for code in (p for p in parts_of(default, set()) if isinstance(p, Code)):
                yield from _of_code(code, root, name)


def _of_source(source: r.Source, root: str) -> Iterator[Effect]:
    """What opening a source does: what is no file or folder is asked, or opened, elsewhere."""
    kind = plugins.contract(SOURCES, source.kind)
    place = source.location.removeprefix(FILE_URL)
    if not kind.local or "://" in place or "::" in place:
        at = source.location if kind.local or source.kind == "url" else _database(source)
        yield Effect(OPENS, at, source.name)
        return
    full = os.path.join(_folder(source.base), place)
    if kind.place and (away := outside(full, root)):
        yield Effect(LEAVES, away, source.name)
    elif dict(source.options).get("links") == "follow":
        yield from (Effect(LEAVES, x, source.name) for x in _linked(source.kind, full))


def _linked(kind: str, place: str) -> Iterator[str]:
    """Where links below a folder, or those that a glob asks for, lead that lead out of it."""
    globs = kind == "files" or (kind == "images" and not os.path.isdir(place))
    folder = glob_at(place, "", {})[0] if globs else folder_at(place, {})
    folder.files()
    for one in folder.left_out:
        if one.reason == OUTSIDE:
            yield os.path.realpath(os.path.join(folder.root, one.name))


def _database(source: r.Source) -> str:
    said = dict(source.options).get("url", source.location)
    return f"`{source.kind}` at {said}"


def _of_code(code: Code, root: str, name: str = "") -> Iterator[Effect]:
    yield Effect(RUNS, f"{code.path}:{code.function}", name)
    if away := outside(code_path(code), root):
        yield Effect(LEAVES, away, name)


def _of_test(part: object, root: str) -> Iterator[Effect]:
    """What a part of a test, or a dataset, reads and runs."""
    match part:
        case s.Scripted(path) if ".py:" in path:
            yield Effect(RUNS, path)
        case s.Test(given=given, base=base):
            paths = [v.path for _, v in given if isinstance(v, s.Opened)]
            for path in paths:
                if away := outside(os.path.join(_folder(base), path), root):
                    yield Effect(LEAVES, away)
        case s.Dataset(path=path, base=base):
            if away := outside(os.path.join(_folder(base), path), root):
                yield Effect(LEAVES, away)


def _folder(base: str) -> str:
    return os.path.dirname(os.path.abspath(base)) if base else os.getcwd()
