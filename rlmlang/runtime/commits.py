"""A file as it was at a commit of its repository, with all that was beside it."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.runtime.files import folder_of

HINT = "name a commit, a branch or a tag of the repository that the file lies in"


@contextmanager
def at_commit(path: str, commit: str) -> Iterator[Path]:
    """The file, in a folder of its own that is gone afterwards.

    Raises CodedError (unknown-comparison) for what is no commit, and where it did not have the
    file.
    """
    folder = folder_of(path)
    top = _git(folder, commit, "rev-parse", "--show-toplevel").decode().strip()
    inside = (folder / Path(path).name).relative_to(Path(top).resolve())
    named = f"{commit}^{{commit}}"
    found = _git(folder, commit, "rev-parse", "--verify", "--end-of-options", named)
    data = _git(Path(top), commit, "archive", found.decode().strip())
    with tempfile.TemporaryDirectory() as there:
        with tarfile.open(fileobj=BytesIO(data)) as archive:
            archive.extractall(there, filter="data")
        if not (Path(there) / inside).is_file():
            raise unknown(f"{inside} was not there at {commit}", "")
        yield Path(there) / inside


def _git(folder: Path, commit: str, *args: str) -> bytes:
    """What git says. Raises CodedError (unknown-comparison)."""
    try:
        return subprocess.run(  # noqa: S603, the user's own git, their own commit
            ["git", "-C", str(folder), *args],  # noqa: S607
            capture_output=True,
            check=True,
        ).stdout
    except (OSError, ValueError, subprocess.CalledProcessError) as mistake:
        said = getattr(mistake, "stderr", b"").decode("utf-8", "replace").strip() or str(mistake)
        raise unknown(f"git knows no commit {commit} there", said.splitlines()[0]) from None


def unknown(words: str, reason: str, hint: str = HINT) -> CodedError:
    """The problem of what cannot be compared with."""
    return failed("unknown-comparison", words, reason=reason, hint=hint)
