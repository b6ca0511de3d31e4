"""Real git repositories with packages in them, and projects that use them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

LEGAL = """rlm 1

use "./words.rlm" { known }

/// What a contract says of money.
export record Clause {
  text: Text max 100tok
}

/// The clauses of a page.
export prompt clauses(page: Slice) -> [Clause] max 4 "List the clauses."

prompt hidden(page: Slice) -> Text "What is hidden?"

/// All clauses of a contract.
export recipe all(contract: Text) -> [Clause] {
  let found = map (split contract by paragraphs(max: 100tok)) with clauses()
  return flatten(found)
}
"""
WORDS = 'rlm 1\n\nexport const known = "terms"\n'
USER = """rlm 1

use "acme/legal" @^3.2 { Clause, all }

recipe go(contract: Text) -> [Clause] {
  return all(contract)
}
"""
WHO = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *args: str, given: bytes = b"") -> str:
    """What a call of git in a folder says."""
    done = subprocess.run(
        ["git", *args], cwd=folder, input=given, capture_output=True, check=False,
        env={**os.environ, **WHO},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


class Published:
    """A repository with a package, which new commits can be made in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main", ".")

    @property
    def url(self) -> str:
        """Where it can be fetched."""
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str | bytes], tag: str = "") -> str:
        """A commit in which these files are so."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        git(self.folder, "add", "-A", "-f", ".")
        git(self.folder, "commit", "-q", "--allow-empty", "-m", "change")
        if tag:
            git(self.folder, "tag", "-f", "-a", "-m", tag, tag)
        return git(self.folder, "rev-parse", "HEAD")


def manifest(name: str, version: str, more: str = "") -> str:
    """An `rlm.toml` of a package."""
    return f'[package]\nname = "{name}"\nversion = "{version}"\n{more}'


def legal(version: str = "3.2.1", more: str = "") -> dict[str, str | bytes]:
    """The files of the package `acme/legal`."""
    toml = manifest("acme/legal", version, more)
    return {"rlm.toml": toml, "legal.rlm": LEGAL, "words.rlm": WORDS}


def dep(name: str, **given: str) -> str:
    """A line below [deps]."""
    pairs = ", ".join(f'{k} = "{v}"' for k, v in given.items())
    return f'"{name}" = {{ {pairs} }}\n'
