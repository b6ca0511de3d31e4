"""Project files that the user trusts: a list of paths with the hash of what was trusted.

Nothing on disk says whose a file is. A setting that decides where prompts, keys or code go holds
only once its file is on the list, as it is now: a file that changed is asked about again. Names of
models, prices and limits need no trust; a recipe may say as much.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.models.keys import BASE
from rlmlang.runtime.files import write_whole
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.project import Project
from rlmlang.runtime.projectfile import FILE, ProjectFile, read_file, read_project
from rlmlang.schema.project import FREE, SETTINGS

ALL = "RLM_TRUST"
YES = ("1", "true", "yes", "on")
FORMAT, SHOWN = 1, 200


def list_path() -> Path:
    """Where the list lies, in the user's folder of settings."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~"), ".config")
    if not folder.is_absolute():  # one below the current folder would be anybody's
        raise failed(
            "trust-unreadable",
            "there is no home folder for the list of trusted files",
            hint="set HOME or XDG_CONFIG_HOME",
        )
    return folder / "rlmlang" / "trust.json"


def listed() -> dict[str, str]:
    """The files on the list and their sha256. Raises CodedError (trust-unreadable)."""
    path = list_path()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']}")
        return {str(k): str(v) for k, v in found["files"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as mistake:
        raise failed(
            "trust-unreadable",
            f"{path} cannot be read: {mistake}",
            hint=f"remove it, and trust your folders anew: rm {path}",
        ) from None


def add(folder: Path) -> ProjectFile:
    """Trusts the project file of a folder, as it is now. Raises CodedError (no-project-file)."""
    file = _file_of(folder)
    if file is None:
        raise failed(
            "no-project-file",
            f"there is no {FILE} in {folder}, or above it",
            hint="name the folder that holds one",
        )
    _write({**listed(), str(file.path): file.sha256})
    return file


def remove(folder: Path) -> str:
    """Takes the project file of a folder off the list, whether it is still there or not.

    Raises CodedError (no-project-file) for one that is not on the list.
    """
    place = folder if folder.name == FILE else folder / FILE
    name, files = str(place.resolve()), listed()
    if files.pop(name, None) is None:
        raise failed(
            "no-project-file",
            f"{name} is not on the list of trusted files",
            hint="rlm trust --list",
        )
    _write(files)
    return name


def _file_of(place: Path) -> ProjectFile | None:
    return read_file(place) if place.name == FILE else read_project(place.resolve())


def _write(files: dict[str, str]) -> None:
    path = list_path()
    text = json.dumps({"format": FORMAT, "files": files}, indent=2, ensure_ascii=False) + "\n"
    with suppress(OSError):  # a folder that cannot be made is told when the file is written
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, text, mode=0o600)


def state(path: str, digest: str) -> str:
    """Whether a file on the list is what was trusted: `trusted`, `changed` or `missing`."""
    try:
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return "missing"
    return "trusted" if found == digest else "changed"


def guarded_in(file: ProjectFile) -> dict[str, str]:
    """The settings of a file that need trust, and what it sets them to."""
    found = {}
    for setting in SETTINGS:
        section, name = setting.path[0], setting.path[-1]
        below = file.section(section) if setting.guarded else {}
        for key in below if name in FREE else (name,):
            if key in below:
                found[f"{section}.{key}"] = json.dumps(below[key])[:SHOWN]
    return found


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
    if file is None or options.trust or os.environ.get(ALL, "").lower() in YES:
        return None
    wanted = {k: v for k, v in guarded_in(file).items() if k not in set(_overruled(options))}
    known = listed() if wanted else {}
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


def _overruled(options: Options) -> Iterator[str]:
    """The guarded settings that do not count beside what the command and the environment say."""
    if options.api_base or os.environ.get(BASE):
        yield from ("models.api_base", "models.api_key_env")
    if options.api_key_env:
        yield "models.api_key_env"
    if options.sandbox:
        yield "sandbox.tiers"
