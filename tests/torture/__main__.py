"""`python -m tests.torture [short|full] [WORD…]`: a table; exit code 1 when a promise is broken."""

from __future__ import annotations

import sys
import time

from tests.torture.scenes import FULL, SHORT


def main(args: list[str]) -> int:
    """Runs the scenes whose names hold one of the words."""
    scenes = FULL if "full" in args else SHORT
    words = [a for a in args if a not in ("short", "full")]
    broken = 0
    for name, scene in scenes:
        if words and not any(w in name for w in words):
            continue
        begin = time.monotonic()
        try:
            said = ", ".join(f"{k} {v}" for k, v in scene().items())
        except AssertionError as mistake:
            broken += 1
            said = f"BROKEN: {mistake}"
        print(f"{name:<44} {time.monotonic() - begin:6.1f} s  {said}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
