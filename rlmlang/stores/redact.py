"""Secrets taken out of texts, once, on their way into the store and into messages.

What is looked for: the exact values of variables of the environment whose names speak of secrets,
and the well-known shapes of keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MASK = "[secret]"
SHORTEST = 8
NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|_PAT$|DSN|DATABASE_URL", re.IGNORECASE)
# what a text must hold for a shape to be looked for at all, and the shape
SHAPES = (
    ("sk-", r"sk-[A-Za-z0-9_-]{16,}"),
    ("AKIA", r"AKIA[0-9A-Z]{16}"),
    ("ASIA", r"ASIA[0-9A-Z]{16}"),
    ("gh", r"gh[pousr]_[A-Za-z0-9]{30,}"),
    ("github_pat_", r"github_pat_[A-Za-z0-9_]{30,}"),
    ("glpat-", r"glpat-[A-Za-z0-9_-]{20,}"),
    ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("AIza", r"AIza[0-9A-Za-z_-]{35}"),
    ("ya29.", r"ya29\.[0-9A-Za-z_-]{20,}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,}"),
    ("k_live_", r"[sr]k_live_[A-Za-z0-9]{16,}"),
    ("k_test_", r"[sr]k_test_[A-Za-z0-9]{16,}"),
    ("npm_", r"npm_[A-Za-z0-9]{36}"),
    ("pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("eyJ", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("PRIVATE KEY-----", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]*?"
     r"(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z)"),
    ("earer ", r"(?<=[Bb]earer )[A-Za-z0-9._~+/-]{16,}=*"),
    ("://", r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),
)  # fmt: skip


class Redactor:
    """Replaces secrets in a text by `[secret]`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        exact = {v for n, v in environment.items() if NAMES.search(n) and len(v) >= SHORTEST}
        exact = {v for v in exact if not v.startswith("/")}  # a path to a socket is no secret
        self._exact = sorted(exact, key=len, reverse=True)
        self._shapes = [(mark, re.compile(shape)) for mark, shape in SHAPES]

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        for value in self._exact:
            if value in text:
                text = text.replace(value, MASK)
        for mark, shape in self._shapes:
            if mark in text:
                text = shape.sub(MASK, text)
        return text
