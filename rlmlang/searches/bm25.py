"""`bm25(top, window)`: what fits the words of a query best.

BM25 is our own: one query over a source of any size needs only the counts of the query's own
words, in two passes; an index of every word, as libraries build it, would hold the whole source.
Formula: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, k1 = 1.2, b = 0.75.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rlmlang.context import Context, Datum, Measure, text_of
from rlmlang.searches.windows import windows
from rlmlang.searches.words import wanted_words, words

K1, B = 1.2, 0.75


def rank(query: str, texts: Iterable[str]) -> list[float]:
    """The BM25 score of each text for a query."""
    wanted = wanted_words(query)
    counts, lengths = [], []
    for text in texts:
        found = words(text)
        lengths.append(len(found))
        counts.append({w: n for w, n in Counter(found).items() if w in wanted})
    average = sum(lengths) / len(lengths) if lengths else 1.0
    inverse = _inverse(counts, wanted)
    return [
        sum(inverse[w] * _weight(n, length, average) for w, n in found.items())
        for found, length in zip(counts, lengths, strict=True)
    ]


def _inverse(counts: list[dict[str, int]], wanted: set[str]) -> dict[str, float]:
    total = len(counts)
    seen = Counter(w for found in counts for w in found)
    return {w: math.log(1 + (total - seen[w] + 0.5) / (seen[w] + 0.5)) for w in wanted}


def _weight(n: int, length: int, average: float) -> float:
    return n * (K1 + 1) / (n + K1 * (1 - B + B * length / max(average, 1.0)))


@dataclass(frozen=True)
class Bm25:
    """The `top` windows whose words fit the query best, the best first, ties in order."""

    top: int = 20
    window: int = 800

    def search(self, subject: Context, query: str, measure: Measure) -> list[Datum]:
        """Windows of a text or tree, or items of a list."""
        items = windows(subject, self.window, measure)
        scores = rank(query, (text_of(x) for x in items()))
        best = heapq.nsmallest(self.top, ((-s, i) for i, s in enumerate(scores) if s > 0))
        chosen = {i: place for place, (_, i) in enumerate(best)}
        found = [(chosen[i], x) for i, x in enumerate(items()) if i in chosen]
        return [x for _, x in sorted(found, key=lambda pair: pair[0])]
