"""How long `rlm check` takes of what is large: a list of 100,000 items, and 1,000 files that use
each other."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = """rlm 1

{uses}
record Row{n} {{ id: Int, text: Text max 60tok }}
prompt note{n}(row: Row{n}) -> Text max 60tok "What does the row say?"
recipe f{n}(rows: [Row{n}] max 50) -> [Text] {{
  let notes = map rows with note{n}()
  return notes
}}
"""
LIST = "rlm 1\nrecipe f(x: Int) -> Int {{\n  let xs = [\n{items}\n  ]\n  return count(xs) + x\n}}\n"


def files(folder: Path, count: int) -> Path:
    """Recipes each of which uses the two behind it; gives the first."""
    for n in range(count):
        uses = "".join(
            f'use "./r{m}.rlm" {{ Row{m}, note{m} }}\n' for m in (n + 1, n + 2) if m < count
        )
        (folder / f"r{n}.rlm").write_text(FILE.format(n=n, uses=uses))
    return folder / "r0.rlm"


def long_list(folder: Path, count: int) -> Path:
    """A recipe with a list of so many texts."""
    path = folder / "long.rlm"
    path.write_text(LIST.format(items=",\n".join(f'    "item {i}"' for i in range(count))))
    return path


def seconds(path: Path) -> float:
    """The processor time of `rlm check`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        [sys.executable, "-m", "rlmlang", "check", str(path)], check=True, capture_output=True
    )
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def table() -> list[tuple[str, str, str]]:
    """Rows of the benchmark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items, many = seconds(long_list(folder, 100_000)), seconds(files(folder, 1_000))
    return [
        ("rlm check, a list of 100,000 texts", f"{items:.1f} s", "≤ 5 s"),
        ("rlm check, 1,000 files that use each other", f"{many:.1f} s", "≤ 5 s"),
    ]


if __name__ == "__main__":
    for row in table():
        print(*row, sep="   ")
