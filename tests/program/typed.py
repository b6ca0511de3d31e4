"""A checker of types, asked about what a user writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def mypy(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """What mypy says of files, as strict as of our own."""
    config = str(ROOT / "pyproject.toml")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", config, *files],
        cwd=folder, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
