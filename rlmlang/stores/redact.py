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
SHAPES = (
    r"sk-[A-Za-z0-9_-]{16,}",
    r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{30,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"AIza[0-9A-Za-z_-]{35}",
    r"ya29\.[0-9A-Za-z_-]{20,}",
    r"hf_[A-Za-z0-9]{30,}",
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{50,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z)",
    r"(?<=[Bb]earer )[A-Za-z0-9._~+/-]{16,}=*",
    r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
)


class Redactor:
    """Replaces secrets in a text by `[secret]`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        exact = {v for n, v in environment.items() if NAMES.search(n) and len(v) >= SHORTEST}
        exact = {v for v in exact if not v.startswith("/")}  # a path to a socket is no secret
        known = [re.escape(v) for v in sorted(exact, key=len, reverse=True)]
        self._pattern = re.compile("|".join([*known, *SHAPES]))

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        return self._pattern.sub(MASK, text)
