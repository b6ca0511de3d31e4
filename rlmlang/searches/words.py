"""The words of a text as a look-up compares them, in any script and any form of Unicode.

Words are compared in the form NFKC, without case, without what is not shown, and with one i for the
four of Turkish. In scripts that put no spaces between words, neighbouring characters stand for
words: one by one, and in pairs (as Lucene's CJKAnalyzer has them).
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import regex

WORD = re.compile(r"\w+")
UNSPACED = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
    r"\p{Javanese}\p{Balinese}\p{Tai_Tham}\p{New_Tai_Lue}ー々〆]"
)
RUNS = regex.compile(rf"(?:{UNSPACED}\p{{M}}*)+|(?:(?!{UNSPACED})\w)+")
FIRST = regex.compile(UNSPACED)
CLUSTER = regex.compile(r"\X")
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff\u0640"))


def words(text: str) -> list[str]:
    """The words of a text, as they are compared, plural endings dropped."""
    if text.isascii():
        return [_stem(w) for w in WORD.findall(text.lower())]
    found: list[str] = []
    for run in RUNS.findall(_folded(text)):
        found += _characters(run) if FIRST.match(run) else [_stem(run)]
    return found


def wanted_words(query: str) -> set[str]:
    """The words of a query: of characters that stand in pairs, only the pairs."""
    wanted = set[str]()
    for run in RUNS.findall(_folded(query)):
        if FIRST.match(run):
            found = _characters(run)
            wanted.update([w for w in found if len(CLUSTER.findall(w)) > 1] or found)
        else:
            wanted.add(_stem(run))
    return wanted


def _folded(text: str) -> str:
    """One form of each character: what is written alike or means the same is the same."""
    form = unicodedata.normalize("NFKC", text).translate(UNSEEN).casefold()
    form = unicodedata.normalize("NFKC", form)
    return form.replace("i\u0307", "i").replace("ı", "i")


def _characters(run: str) -> list[str]:
    found = CLUSTER.findall(run)
    return [*found, *(a + b for a, b in pairwise(found))]


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
