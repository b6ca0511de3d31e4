"""The pages of `rlm explain`, cut into their examples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "grammar" / "mistakes"
PART = re.compile(r"^// ---- (bad|bad \(when run\)|good)\n", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """The page of a code: its words, an example that has the problem, one that has not."""

    code: str
    words: str
    bad: str
    good: str
    when_run: bool


def pages() -> list[Page]:
    """Every page, by code."""
    return [page(p) for p in sorted(FOLDER.glob("*.rlm"))]


def page(path: Path) -> Page:
    """The page of a file."""
    words, kind, bad, _, good = PART.split(path.read_text(encoding="utf-8"))
    return Page(path.stem, words, bad.strip() + "\n", good.strip() + "\n", "when run" in kind)
