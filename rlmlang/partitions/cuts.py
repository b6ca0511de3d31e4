"""Where a text may be cut: between characters, between what readers see as characters (grapheme
clusters, Unicode Standard Annex 29), and behind paragraphs, lines, sentences and words."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from rlmlang.context import Measure
from rlmlang.partitions.atoms import STOPS, atom_edges

SIGHT = 4096
"""So many bytes before a place are looked at to see whether it is inside a cluster."""
CLUSTER = regex.compile(r"\X")
SENTENCE = regex.compile(rf"[{STOPS}᙮꓿꘎꘏꛳꛷𑁇𑁈𑅁𑅂]+[」』）】》〉”’\p{{Pe}}\p{{Pf}}]*\s?")
"""Ends of sentences where nothing need stand between them: of East Asia, India, Burma, Cambodia,
Tibet, Ethiopia, of Arabic and Urdu."""
BLANK = (b" ", b"\t", b"\r")
KEPT = "surrogateescape"


def first_character(data: bytes) -> int:
    """Where the first character ends."""
    at = min(1, len(data))
    while at < min(4, len(data)) and _continues(data[at]):
        at += 1
    return at


def next_character(data: bytes, at: int) -> int:
    """The nearest place at or behind `at` that does not cut a character of UTF-8."""
    while at < len(data) and _continues(data[at]):
        at += 1
    return at


def between_characters(data: bytes, at: int) -> int:
    """The nearest place at or before `at` that does not cut a character of UTF-8."""
    if at >= len(data):
        return _whole_end(data)
    while at > 0 and _continues(data[at]):
        at -= 1
    return at


def _whole_end(data: bytes) -> int:
    """The end of the last whole character."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if not _continues(byte):
            need = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return len(data) if need <= back else len(data) - back
    return len(data)


def _continues(byte: int) -> bool:
    return byte & 0xC0 == 0x80


def splits_cluster(data: bytes, at: int) -> bool:
    """Whether a place is inside a cluster: one of ASCII is a line end of Windows."""
    if not 0 < at < len(data):
        return False
    if data[at - 1] < 0x80 and data[at] < 0x80:
        return data[at - 1 : at + 1] == b"\r\n"
    return at not in _edges(data, at)


def whole_clusters(data: bytes, at: int, floor: int) -> int:
    """The last place in (floor, at] that cuts no cluster, else `at`. Some of what stands behind
    `at` must be in `data`."""
    if not splits_cluster(data, at):
        return at
    return max((e for e in _edges(data, at) if floor < e <= at), default=at)


def next_cluster(data: bytes, at: int) -> int:
    """The first place at or behind `at` that cuts no cluster."""
    while splits_cluster(data, at):
        at += first_character(data[at : at + 4])
    return at


def _edges(data: bytes, at: int) -> set[int]:
    """Edges of clusters around a place, as far as one looks back."""
    begin = _known_edge(data, at)
    end = at + first_character(data[at : at + 4])
    text = data[begin:end].decode(errors=KEPT)
    edges, place = {begin}, begin
    for cluster in CLUSTER.findall(text):
        place += len(cluster.encode(errors=KEPT))
        edges.add(place)
    return edges


def _known_edge(data: bytes, at: int) -> int:
    """A place before another where a cluster begins: the text's beginning, or a byte of ASCII."""
    low = max(0, at - SIGHT)
    for place in range(at - 1, low, -1):
        if data[place] < 0x80 and data[place] != 0x0A:
            return place
    return next_character(data, low)


def best_cut(data: bytes, floor: int, most: int) -> int:
    """The last paragraph, line, sentence or word end in (floor, most], else the last place there
    that cuts no cluster, else `most`."""
    for at in _ends(data, floor, most):
        if floor < at <= most and not splits_cluster(data, at):
            return at
    return whole_clusters(data, most, floor)


def _ends(data: bytes, floor: int, most: int) -> Iterator[int]:
    """The last paragraph, line, sentence and word end, the best first."""
    yield max(_behind(data, b"\n\n", floor, most), _behind(data, b"\n\r\n", floor, most))
    yield _behind(data, b"\n", floor, most)
    yield max(_behind(data, b". ", floor, most), sentence_end(data, floor, most))
    yield _behind(data, b" ", floor, most)


def _behind(data: bytes, mark: bytes, floor: int, most: int) -> int:
    found = data.rfind(mark, max(0, floor - len(mark) + 1), most)
    return found + len(mark) if found >= 0 else -1


def sentence_end(data: bytes, floor: int, most: int) -> int:
    """The last end of a sentence in (floor, most] that is marked with more than ASCII, else -1."""
    first = between_characters(data, max(0, floor - 64))
    return max(
        (first + at for at in sentence_ends(data[first:most]) if first + at > floor), default=-1
    )


def sentence_ends(data: bytes) -> list[int]:
    """The ends of the sentences that are marked with more than ASCII."""
    if data.isascii():
        return []
    ends, place, at = [], 0, 0
    text = data.decode(errors=KEPT)
    for match in SENTENCE.finditer(text):
        place += len(text[at : match.end()].encode(errors=KEPT))
        at = match.end()
        ends.append(place)
    return ends


def counted_cut(data: bytes, floor: int, most: int) -> int:
    """A good place that is also the edge of an atom of a tokenizer, so that the tokens of both
    sides add up: behind a line or a sentence, before a word. `floor` and `most` are such edges."""
    line = data.rfind(b"\n", floor, most)
    if line >= floor > 0:
        return line + 1
    edges = [] if data[floor : most + 1].isascii() else atom_edges(data, floor, most)
    sentence = sentence_end(data, floor, most) if edges and floor > 0 else -1
    for at in (sentence, sentence - 1):
        if at in edges and not splits_cluster(data, at):
            return at
    word = data.rfind(b" ", floor + 1, most)
    if word > floor > 0 and data[word - 1 : word] not in BLANK:
        return word
    if not edges:
        return whole_clusters(data, most, floor)
    return next((at for at in reversed(edges) if not splits_cluster(data, at)), most)


def first_piece(data: bytes, most: int, measure: Measure) -> int:
    """Where a piece ends that no atom fits in: between characters, behind one of them at least."""
    at = first_character(data)
    while at < len(data):
        more = at + first_character(data[at : at + 4])
        if measure.tok(data[:more].decode(errors="replace")) * measure.per_tok > most:
            break
        at = more
    return at
