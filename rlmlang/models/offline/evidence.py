"""Finding words in text: sentences, the best of them for a question, numbers and dates."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = re.compile(r"\w+")
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2} (?:January|February|March|April|May|June|July|August|"
    r"September|October|November|December) \d{4}\b|\b(?:January|February|March|April|May|June|July|"
    r"August|September|October|November|December) \d{1,2},? \d{4}\b|\b(?:1[5-9]|20)\d{2}\b"
)
ALLOWED = re.compile(r"At most (\d+) tokens\.")
COMMON = frozenset(
    "a an and are as at be been but by can could did do does for from had has have he her his how "
    "i if in into is it its may me more most my no nor not of on one or our out over s she so "
    "some such t than that the their them then there these they this those to under up was we "
    "were what when where which who whom whose why will with would you your about any all each "
    "say says said tell please find give name list answer question".split()
)


@dataclass(frozen=True)
class Sentence:
    """A sentence and its place in the text it was found in."""

    text: str
    at: int


def words(text: str) -> list[str]:
    """The words that carry meaning, in small letters and without common endings."""
    return [stem(w) for w in WORD.findall(text.lower()) if w not in COMMON]


def stem(word: str) -> str:
    """A word without the ending of a plural, a participle or a gerund."""
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def sentences(text: str) -> list[Sentence]:
    """The sentences and lines of a text, without list marks."""
    found = []
    for match in SENTENCE.finditer(text):
        cleaned = re.sub(r"^\s*(?:\[\d+\]|[-*•]|\d+[.)])\s+", "", match.group()).strip()
        if cleaned and not cleaned.startswith("==="):
            found.append(Sentence(cleaned, match.start()))
    return found


def best(question: str, text: str, *, least: float = 0.5, most: int = 3) -> list[Sentence]:
    """The sentences that hold most of the question's words, in the order of the text.

    A sentence counts when it holds at least `least` of the words, and at least three quarters of
    what the best one holds. Words that many sentences share weigh little, as in BM25.
    """
    wanted = set(words(question))
    found = sentences(text)
    if not wanted or not found:
        return []
    bags = [set(words(s.text)) for s in found]
    weight = {w: _rarity(sum(w in b for b in bags), len(bags)) for w in wanted}
    total = sum(weight.values())
    plain = [len(wanted & b) / len(wanted) for b in bags]
    scores = [sum(weight[w] for w in wanted & b) / total for b in bags]
    top = max((s for s, p in zip(scores, plain, strict=True) if p >= least), default=0.0)
    if not top:
        return []
    good = [
        (score, s)
        for score, share, s in zip(scores, plain, found, strict=True)
        if share >= least and score >= 0.75 * top
    ]
    chosen = sorted(good, key=lambda pair: (-pair[0], pair[1].at))[: most * 4]
    unique = list({s.text: s for _, s in reversed(chosen)}.values())[::-1][:most]
    return sorted(unique, key=lambda s: s.at)


def _rarity(seen: int, total: int) -> float:
    import math

    return math.log(1 + (total - seen + 0.5) / (seen + 0.5))


def central(text: str, *, most: int = 3) -> list[Sentence]:
    """The sentences that hold most of what the text repeats, in order: a plain summary."""
    found = sentences(text)
    counts: dict[str, int] = {}
    for s in found:
        for w in set(words(s.text)):
            counts[w] = counts.get(w, 0) + 1

    def weight(s: Sentence) -> float:
        inside = set(words(s.text))
        return sum(counts[w] for w in inside if counts[w] > 1) / (len(inside) + 4)

    top = sorted(found, key=lambda s: (-weight(s), s.at))[:most]
    return sorted(top, key=lambda s: s.at)


def within(text: str, told: str) -> str:
    """A text, or as much of its beginning as was allowed, at four bytes a token; it ends with a
    sentence, else with a word."""
    allowed = ALLOWED.search(told)
    if allowed is None or len(text.encode()) <= 4 * int(allowed[1]):
        return text
    cut = text.encode()[: 4 * int(allowed[1])].decode("utf-8", "ignore")
    end = max(cut.rfind(mark) for mark in (". ", "! ", "? "))
    return cut[: end + 1] if end > 0 else cut[: max(cut.rfind(" "), 0)] or cut


def overlap(a: str, b: str) -> float:
    """The share of meaningful words two texts have in common (Jaccard)."""
    left, right = set(words(a)), set(words(b))
    return len(left & right) / len(left | right) if left and right else 0.0
