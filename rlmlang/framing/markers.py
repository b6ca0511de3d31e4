"""Field markers inside data: shown escaped, so that no data opens or closes a field.

A marker is `[[ ## name ## ]]`, or what a reader could take for one: other spaces, brackets, letters
or dressing. It is shown with `_` for each `#`, `[[ __ name __ ]]`, and written back when a model
quotes it. That is as many bytes as before and no more tokens (tried with o200k; longer rows of `#`
would take more, and are no markers), and holds nothing that JSON or CSV would escape again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

HASHES, UNDERSCORES = "#＃﹟", "_＿﹍"
_GAP = r"(?:\\[nrt]|[\s\u00ad\u200b-\u200f\u2060\ufeff*_`~\\])*+"
_OPENING, _CLOSING = r"\[［⟦〚【", r"\]］⟧〛】"
_RUN = rf"[{HASHES}]{{1,3}}+(?![{HASHES}])"
_NAME = rf"[^{_OPENING}{_CLOSING}{HASHES}]{{1,80}}+"
_MARKER = re.compile(rf"[{_OPENING}]{_GAP}{_RUN}({_NAME}){_RUN}{_GAP}[{_CLOSING}]")
_WORD = re.compile(r"[^\W_]+")
_TO_UNDERSCORES = str.maketrans(HASHES, UNDERSCORES)


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The names of the markers that texts hold, as `plain_name` gives them."""
    return frozenset(
        plain_name(m.group(1)) for text in texts if _may_hold(text) for m in _MARKER.finditer(text)
    )


def plain_name(name: str) -> str:
    """A field's name without dressing, in small letters."""
    return "_".join(_WORD.findall(name.casefold()))


@dataclass
class Escapes:
    """The markers that one request shows escaped: how many there are, and what each stands for."""

    count: int = 0
    originals: dict[str, str] = field(default_factory=dict)

    def escape(self, text: str) -> str:
        """A text without markers; as it is when it holds none."""
        return _MARKER.sub(self._escaped, text) if _may_hold(text) else text

    def restore(self, text: str, data: Iterable[str]) -> str:
        """What a model wrote, with the markers of `data` as they stand there. A form that `data`
        itself holds stays, since it may be quoted too."""
        for shown, original in self.originals.items():
            if shown in text and not any(shown in given for given in data):
                text = text.replace(shown, original)
        return text

    def _escaped(self, match: re.Match[str]) -> str:
        original = match.group()
        shown = original.translate(_TO_UNDERSCORES)
        if self.originals.setdefault(shown, original) != original:
            self.originals[shown] = shown  # two that look alike escaped: neither is written back
        self.count += 1
        return shown


def _may_hold(text: str) -> bool:
    return any(h in text for h in HASHES)
