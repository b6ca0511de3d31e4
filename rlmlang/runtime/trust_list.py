"""The list of what the user trusts, in the user's folder of settings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.runtime.files import STD, write_whole
from rlmlang.schema.environment import CONFIG, TRUST

FORMAT = 1
YES = ("1", "true", "yes", "on")


def list_path() -> Path:
    """Where the list lies, in the user's folder of settings."""
    base = os.environ.get(CONFIG, "")
    folder = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~"), ".config")
    if not folder.is_absolute():  # one below the current folder would be anybody's
        raise failed(
            "trust-unreadable",
            "there is no home folder for the list of trusted files",
            hint="set HOME or XDG_CONFIG_HOME",
        )
    return folder / "rlmlang" / "trust.json"


@dataclass(frozen=True)
class Listed:
    """What the user trusts: project files by path, with the sha256 of what was trusted, and folders
    whose recipes and code are the user's, whatever becomes of them."""

    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


def listed() -> Listed:
    """The list. Raises CodedError (trust-unreadable)."""
    path = list_path()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']}")
        files = {str(k): str(v) for k, v in found["files"].items()}
        return Listed(files, tuple(str(x) for x in found.get("folders", ())))
    except FileNotFoundError:
        return Listed()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as mistake:
        raise failed(
            "trust-unreadable",
            f"{path} cannot be read: {mistake}",
            hint=f"remove it, and trust your folders anew: rm {path}",
        ) from None


def all_trusted() -> bool:
    """Whether the environment says that everything is trusted."""
    return os.environ.get(TRUST, "").lower() in YES


def trusts_path(path: str) -> bool:
    """Whether a file comes with rlmlang, or lies in a folder that is trusted. Raises CodedError
    (trust-unreadable)."""
    if all_trusted() or path.startswith(STD):
        return True
    real = Path(path).resolve()
    return any(Path(x) in real.parents for x in listed().folders)


def keep(found: Listed) -> None:
    """Writes the list."""
    path = list_path()
    values = {"format": FORMAT, "files": dict(found.files), "folders": list(found.folders)}
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    with suppress(OSError):  # a folder that cannot be made is told when the file is written
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, text, mode=0o600)
