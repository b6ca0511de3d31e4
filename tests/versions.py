"""The core of the tests under each Python that we say we run on: `python -m tests.versions`.

Each interpreter gets an environment of its own, with the packages of `.ci/locked.txt`, which is kept
in `.versions/` and made anew when that list changes. Others are named: `python -m tests.versions
/usr/bin/python3.13`. Ends with 1 where one is missing or has failed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKED = ROOT / ".ci" / "locked.txt"
PYTHONS = ("python3.11", "python3.12", "python3.13")
CORE = (
    "tests/check", "tests/functions", "tests/program", "tests/runtime", "tests/reference",
    "tests/stores", "tests/execute/test_run.py", "tests/execute/test_code.py",
    "tests/execute/test_asking_code.py", "tests/laws/test_ledger.py",
    "tests/laws/test_reader.py", "tests/sandboxes/test_monty.py",
)  # fmt: skip
"""What may differ from one Python to the next: processes, loops, types, sources, stores."""


def environment(python: str) -> Path:
    """The interpreter of an environment with all packages; made where it is not there."""
    place = ROOT / ".versions" / Path(python).name
    mark, wanted = place / "locked", hashlib.sha256(LOCKED.read_bytes()).hexdigest()
    found = place / "bin" / "python"
    if not mark.is_file() or mark.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        pip = [str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCKED)], check=True)
        subprocess.run([*pip, "--no-deps", "-e", str(ROOT)], check=True)
        mark.write_text(wanted)
    return found


def passed(python: str) -> bool:
    """Whether the core passes under an interpreter; what is missing is said."""
    if shutil.which(python) is None:
        print(f"{python}: not found; name it: python -m tests.versions /path/to/{python}")
        return False
    found = environment(python)
    print(f"{python}: {subprocess.check_output([found, '-V'], text=True).strip()}", flush=True)
    done = subprocess.run([found, "-m", "pytest", "-n", "2", *CORE], cwd=ROOT, check=False)
    print(f"{python}: {'passed' if done.returncode == 0 else 'failed'}", flush=True)
    return done.returncode == 0


def main(pythons: Sequence[str]) -> int:
    """Runs the core under each. Gives 0 where all have passed."""
    found = [passed(python) for python in pythons or PYTHONS]
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
