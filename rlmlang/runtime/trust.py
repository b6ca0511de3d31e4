"""What the user trusts: folders with their recipes and code, and project files as they were.

Nothing on disk says whose a file is. A setting that decides where prompts, keys or code go holds
only once its file is on the list, as it is now: a file that changed is asked about again. Names of
models, prices and limits need no trust; a recipe may say as much. Recipes and code are edited all
day: of those the folder is trusted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.models.keys import BASE
from rlmlang.runtime.effects import CALLS, LEAVES, Effect, effects_of
from rlmlang.runtime.project import Project
from rlmlang.runtime.projectfile import ProjectFile, read_file
from rlmlang.runtime.root import FILE, STORE, Root, root_at
from rlmlang.runtime.trust_list import Listed, all_trusted, keep, listed, trusts_path
from rlmlang.schema.environment import TRUST
from rlmlang.schema.project import FREE, SETTINGS
from rlmlang.stores.address import StoreAddress

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Options

ALL = TRUST
SHOWN = 200


def add(folder: Path) -> ProjectFile | None:
    """Trusts a folder, and the project file in or above it as it is now, which it gives; None where
    there is none. Raises CodedError (no-project-file)."""
    file = _file_of(folder)
    place = folder.parent if folder.name == FILE else folder
    if file is None and not place.is_dir():
        raise failed("no-project-file", f"there is no folder {folder}", hint="name one that is")
    now, real = listed(), str(place.resolve())
    files = dict(now.files) if file is None else {**now.files, str(file.path): file.sha256}
    keep(Listed(files, tuple(sorted({*now.folders, real}))))
    return file


def remove(folder: Path) -> str:
    """Takes a folder and its project file off the list, whether they are still there or not.

    Raises CodedError (no-project-file) for one that is not on the list.
    """
    place = folder.parent if folder.name == FILE else folder
    real, now = str(place.resolve()), listed()
    name = str(Path(real, FILE))
    files = {k: v for k, v in now.files.items() if k != name}
    folders = tuple(x for x in now.folders if x != real)
    if Listed(files, folders) == now:
        raise failed(
            "no-project-file",
            f"{name} is not on the list of trusted files, nor its folder on that of folders",
            hint="rlm trust --list",
        )
    keep(Listed(files, folders))
    return real


def _file_of(place: Path) -> ProjectFile | None:
    path = place if place.name == FILE else root_at(place.resolve()).file
    return None if path is None else read_file(path)


def state(path: str, digest: str) -> str:
    """Whether a file on the list is what was trusted: `trusted`, `changed` or `missing`."""
    try:
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return "missing"
    return "trusted" if found == digest else "changed"


def guarded_in(file: ProjectFile) -> dict[str, str]:
    """The settings of a file that need trust, and what it sets them to."""
    paths = (s.path for s in SETTINGS if s.guarded)
    found = (one for path in paths for one in _set_at(file.values, path))
    return {".".join(keys): json.dumps(value)[:SHOWN] for keys, value in found}


def guarded_by_profile(file: ProjectFile) -> dict[str, str]:
    """The same of its profiles."""
    profiles = ((n, v) for n, v in file.section("profile").items() if isinstance(v, dict))
    own = ((name, guarded_in(replace(file, values=values))) for name, values in profiles)
    return {f"profile.{name}.{k}": v for name, found in own for k, v in found.items()}


def _set_at(
    values: Mapping[str, object], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object]]:
    """What a file sets at a path of the table, each with its keys."""
    name, *rest = path
    for key in values if name in FREE else (name,):
        below = values.get(key)
        if not rest and key in values:
            yield (key,), below
        elif rest and isinstance(below, dict):
            yield from (((key, *keys), value) for keys, value in _set_at(below, tuple(rest)))


def require(project: Project, options: Options, *, sends: bool) -> None:
    """Raises CodedError (project-untrusted) for a run that would do what nobody has trusted its
    project file with. One that `sends` nothing needs no trust in endpoints."""
    problem = untrusted(project, options if sends else replace(options, api_base="none"))
    if problem is not None:
        raise CodedError(problem)


def untrusted(project: Project, options: Options) -> Diagnostic | None:
    """What a project file wants that nobody has trusted it with; none where the command, or the
    environment, says otherwise anyway."""
    file = project.file
    if file is None or options.trust or all_trusted():
        return None
    overruled = set(_overruled(project, options))
    wanted = {k: v for k, v in guarded_in(file).items() if k not in overruled}
    return _untrusted(file, wanted)


def store_of(project: Project, *, trust: bool) -> StoreAddress:
    """What keeps the runs of a project: the file or server that it names, else the one at its root.
    Raises CodedError (project-untrusted) for one that nobody has trusted it with."""
    file, named = project.file, project.store
    if file is None or named is None:
        return project.root.store if project.root is not None else STORE
    if not trust and not all_trusted():
        problem = _untrusted(file, {"store.path": json.dumps(str(named))})
        if problem is not None:
            raise CodedError(problem)
    return named


def _untrusted(file: ProjectFile, wanted: Mapping[str, str]) -> Diagnostic | None:
    """What is said of settings that need trust; none where there are none, or the file has it."""
    known = listed().files if wanted else {}
    if not wanted or known.get(str(file.path)) == file.sha256:
        return None
    folder = shlex.quote(str(file.path.parent))
    changed = " as it is now: it changed since" if str(file.path) in known else ""
    return Diagnostic(
        "project-untrusted",
        f"{file.path} is not trusted{changed}, and sets "
        + ", ".join(f"{k} = {v}" for k, v in wanted.items()),
        reason="A file that came with somebody's recipe could send your prompts and keys "
        "elsewhere, or run code where it can do harm.",
        hint=f"read it, then `rlm trust {folder}`; for this command alone: --trust, or {ALL}=1",
    )


def left_aside(root: Root) -> Iterator[Diagnostic]:
    """A warning for each project file that does not count, since somebody else put it there."""
    for path in root.strange:
        yield Diagnostic(
            "project-untrusted",
            f"{path} belongs to somebody else, and is left aside",
            reason="What others put above your folders decides nothing here.",
            hint=f"read it, then `rlm trust {shlex.quote(str(path))}`",
            softened=True,
        )


def trusts(path: str, options: Options) -> bool:
    """Whether what a recipe, or a saved plan, does outside of its folder is trusted: it comes with
    rlmlang, or lies in a folder on the list."""
    return options.trust or trusts_path(path)


def hold(path: str, effects: Sequence[Effect], options: Options, *, runs: bool) -> None:
    """Raises CodedError (recipe-untrusted) for what a recipe that nobody trusts may not do: where
    it `runs` because somebody asked for it, reading outside of its folder, and calling servers of
    the user's; else everything."""
    every = not runs or options.unattended or options.only_kept
    found = [e for e in effects if every or e.does in (LEAVES, CALLS)]
    if found:
        raise CodedError(doubt(path, found, options, softened=False))


def require_of(path: str, found: Sequence[object], options: Options) -> None:
    """Raises CodedError (recipe-untrusted) for tests, metrics and datasets of a file that nobody
    trusts which would do something outside."""
    effects = effects_of(found, os.path.dirname(os.path.realpath(path)))
    if effects and not trusts(path, options):
        hold(path, effects, options, runs=False)


def doubt(
    path: str, effects: Sequence[Effect], options: Options, *, softened: bool = True
) -> Diagnostic:
    """What is said of the effects of a recipe that nobody trusts."""
    folder = shlex.quote(str(Path(path).resolve().parent))
    shown = "; ".join(map(str, effects))
    left = [e.name for e in effects if e.does == LEAVES and e.name]
    own = f"; or give it yourself: --source {left[0]}=PATH" if left and not softened else ""
    return Diagnostic(
        "recipe-untrusted",
        f"{path} is not in a folder that you trust, and {shown}",
        reason="None of this was done; `rlm run` does it, but reads outside its folder, and "
        "calls servers, only when you trust it."
        if softened
        else "A recipe may be anybody's: what it does beside asking models needs your word.",
        hint=f"read it, then `rlm trust {folder}`; for this command alone: --trust, or {ALL}=1"
        + own,
        softened=softened,
    )


def _overruled(project: Project, options: Options) -> Iterator[str]:
    """The guarded settings that do not count beside what the command and the environment say."""
    store = options.store
    if (store.absolute() if isinstance(store, Path) else store) != project.store:
        yield "store.path"
    if options.api_base or os.environ.get(BASE):
        yield from ("models.api_base", "models.api_key_env")
    if options.api_key_env:
        yield "models.api_key_env"
    if options.sandbox:
        yield "sandbox.tiers"
