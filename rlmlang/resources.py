"""Finds `grammar/` and `stdlib/`: beside a checkout, or packed inside the wheel."""

from __future__ import annotations

import os
from pathlib import Path

__version__ = "0.1.0"
HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `grammar` or `stdlib`; a checkout's own copy wins over a packed one."""
    beside = HERE.parent / name
    return beside if beside.is_dir() else HERE / "_data" / name


def text(kind: str, name: str) -> str:
    """The text of a shipped file. Raises FileNotFoundError when there is none of that name."""
    return (folder(kind) / name).read_text(encoding="utf-8")


def names(kind: str, suffix: str) -> list[str]:
    """The shipped files of a folder that end in `suffix`, without it, sorted."""
    return sorted(p.name[: -len(suffix)] for p in folder(kind).iterdir() if p.name.endswith(suffix))


def package_text(name: str) -> str:
    """The text of a data file that lies inside the package itself."""
    return (HERE / name).read_text(encoding="utf-8")


def cached(name: str) -> str | None:
    """A text kept from an earlier run in the user's cache folder, if it is there."""
    try:
        return (user_cache() / name).read_text(encoding="utf-8")
    except OSError:
        return None


def keep(name: str, content: str) -> None:
    """Keeps a text for later runs; a cache that cannot be written is no error."""
    target = user_cache() / name
    part = target.with_suffix(f".{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(content, encoding="utf-8")
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)


def user_state() -> Path:
    """The folder of what a user's programs keep from run to run, where they name no other."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():  # one below the current folder would be anybody's
        base = Path.home() / ".local" / "state"
    return base / "rlmlang"


def user_cache() -> Path:
    """The folder of what can be made again; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "rlmlang"
