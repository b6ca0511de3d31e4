"""What may be said of a folder that a source opens: the same for `tree` and `files`."""

from __future__ import annotations

from rlmlang.schema.setting import Setting

SKIPPED = (
    ".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".rlm", "site-packages", "dist-packages",
)  # fmt: skip
"""Folders of version control, caches, and what others wrote."""

FOLDER = (
    Setting(
        "skip",
        "texts",
        SKIPPED,
        doc="names of folders that are not entered, in place of those",
        example='skip: [".git", "build"]',
    ),
    Setting(
        "links",
        "name",
        "inside",
        doc="which links are read: those to files inside the folder, all, or none",
        choices=("inside", "follow", "skip"),
    ),
    Setting(
        "left_out",
        "name",
        "say",
        doc="what follows where a file is no text or cannot be read: it is said, or the run fails",
        choices=("say", "fail"),
    ),
)
