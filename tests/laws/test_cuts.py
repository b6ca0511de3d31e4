"""Where texts are cut, in any script: between characters, and between grapheme clusters where
there is a place; and units that are found many at a time are those that are found one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, count

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import plugins
from rlmlang.context import Slice, TextDocument, whole
from rlmlang.partitions.cuts import whole_clusters
from rlmlang.partitions.headings import Headings
from rlmlang.partitions.measure import Encoded, Estimate, measure_for
from rlmlang.partitions.paragraphs import Paragraphs
from rlmlang.partitions.pattern import compile_pattern, finds
from rlmlang.partitions.records import Records
from rlmlang.partitions.text import View
from rlmlang.schema.partitions import STRATEGIES
from rlmlang.testing.contracts import broken

REAL = measure_for("openai/gpt-4o")
MEASURES = [Estimate(), *([REAL] if isinstance(REAL, Encoded) else [])]
SCRIPTS = {
    "latin": "bees, 12.50. ",
    "chinese": "蜂巢里没有蜂蜜。今天「好」。",
    "thai": "ผึ้งน้ำ ",
    "hindi": "मधुमक्खी शहद बनाती है। ",
    "tamil": "தேனீக்கள்",
    "arabic": "نَحْلَة عسل؟ ",
    "families": "👩\u200d👩\u200d👧\u200d👦",
    "tones": "👍🏽😀",
    "flags": "🇩🇪🇫🇷🇮🇹.",
    "marks": "e\u0301a\u0308 no\u0302 ",
    "jamo": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "edges": "\ud7ff\ue000\ufffd\U00010000",
    "windows": "a b\r\n",
}
STRATEGY = {
    "tokens": {"slack": 0.1, "overlap": 0},
    "lines": {"per": 2},
    "records": {"per": 1, "start": r"\S"},
    "headings": {"slack": 0.1},
    "paragraphs": {"slack": 0.5},
    "functions": {"slack": 0.1},
    "stable": {},
    "tree": {"slack": 0.2},
}
TEXTS = st.lists(
    st.tuples(st.sampled_from(sorted(SCRIPTS)), st.integers(1, 5)), min_size=1, max_size=12
).map(lambda parts: "".join(SCRIPTS[name] * times for name, times in parts))


def clusters(text: str) -> set[int]:
    """The places between clusters."""
    return {0, *accumulate(len(c.encode()) for c in regex.findall(r"\X", text))}


@pytest.mark.parametrize("name", ["a.md", "a.py", "a.js", "a.go"])
@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("strategy", STRATEGY)
@settings(max_examples=25, deadline=None)
@given(text=TEXTS, more=st.integers(0, 40), around=st.integers(0, 9))
def test_every_strategy_keeps_its_contract_in_every_script(
    name: str, strategy: str, measure: Estimate | Encoded, text: str, more: int, around: int
) -> None:
    contract, options = STRATEGIES[strategy], STRATEGY[strategy]
    key = {"stable": "around", "tree": "into"}.get(strategy, "max")
    refused = (
        n for n in count(1) if not contract.refuse({**options, key: n}, measure.grain, False)
    )
    chosen = {**options, key: next(refused) + more}
    subject = whole(TextDocument(name, text.encode()))
    assert not broken(contract, chosen, subject, measure)
    for piece in plugins.partition(strategy, chosen, around, around).split(subject, measure):
        assert isinstance(piece, Slice)
        piece.text()  # raises where a character is cut


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, size=st.integers(120, 200), overlap=st.sampled_from([0, 20]))
def test_no_cluster_is_cut_where_there_is_another_place(
    measure: Estimate | Encoded, text: str, size: int, overlap: int
) -> None:
    """The widest slack holds a whole cluster of any script above, and so a place between two."""
    text *= 12
    between = clusters(text)
    subject = whole(TextDocument("a.md", text.encode()))
    options = {"max": size, "overlap": overlap, "slack": 0.5}
    ways = {
        "tokens": options,
        "paragraphs": {"max": size, "slack": 0.5},
        "lines": {"per": 3, "max": None},
        "stable": {"around": size},
    }
    for strategy, chosen in ways.items():
        for piece in plugins.partition(strategy, chosen, 30, 30).split(subject, measure):
            shown = [piece.parts[0], piece.before, piece.after]
            places = {p for part in shown if part is not None for p in (part.start, part.end)}
            assert places <= between, (strategy, sorted(places - between))


@given(text=TEXTS, at=st.integers(0, 200), back=st.integers(1, 60))
def test_the_nearest_place_between_clusters_is_found(text: str, at: int, back: int) -> None:
    data, between = text.encode(), clusters(text)
    at = min(at, len(data))
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    floor = at - back
    best = max((p for p in between if floor < p <= at), default=at)
    assert whole_clusters(data, at, floor) == best


def test_a_long_line_ends_with_a_sentence_where_there_are_no_spaces() -> None:
    for measure in MEASURES:
        for text, stop in (("蜂巢里没有蜂蜜今天很好。" * 90, "。"), ("नमस्ते दुनिया है। " * 90, "।")):
            options = {"max": 100, "overlap": 0, "slack": 0.5}
            cut = plugins.partition("tokens", options)
            *pieces, _ = cut.split(whole(TextDocument("a", text.encode())), measure)
            assert pieces
            assert all(piece.text().rstrip().endswith(stop) for piece in pieces)


WORDS = [
    "a",
    "word. ",
    "\n",
    "\n\n",
    "  \n",
    " " * 90 + "\n",
    "# H\n",
    "```\n",
    " ~~~\n",
    "é 漢",
    "x" * 700,
]
MIXED = st.lists(st.sampled_from(WORDS), max_size=40).map(lambda w: "".join(w).encode())


def one_by_one(data: bytes, kind: str) -> Iterator[int]:
    """Where paragraphs and sections end, line by line."""
    at, blank, fenced = 0, False, False
    for line in data.splitlines(keepends=True):
        empty = not line.strip() and len(line) <= 80
        fence = re.match(rb" {0,3}(```|~~~)", line) is not None
        fenced ^= fence
        head = not fence and not fenced and re.match(rb"#{1,6} ", line) is not None
        if at and (head if kind == "headings" else blank and not empty):
            yield at
        at, blank = at + len(line), empty
    yield at


@settings(max_examples=300)
@given(data=MIXED, steps=st.lists(st.integers(1, 900), max_size=30))
def test_units_that_are_sought_are_all_units(data: bytes, steps: list[int]) -> None:
    for kind, way in (("headings", Headings(9)), ("paragraphs", Paragraphs(9))):
        ends = list(one_by_one(data, kind)) if data else []
        places, at = way.places(View(TextDocument("a", data), len(data)), 0), 0
        for step in steps:
            assert places.first() == next((e for e in ends if e > at), None)
            inside = [e for e in ends if at < e <= at + step]
            assert places.pass_by(at + step) == (inside[-1] if inside else None)
            at = inside[-1] if inside else at


STARTS = [r"\S", r"#+ ", r"[a-z]{2}", "a|x", r"\s", r"[^a]", r"(?=w)", r"$", r"\w+\.", ".é", ""]


@settings(max_examples=300)
@given(data=MIXED, start=st.sampled_from(STARTS), end=st.sampled_from([b"\n", b"\r\n"]))
def test_records_begin_at_the_lines_that_match(data: bytes, start: str, end: bytes) -> None:
    data, pattern = data.replace(b"\n", end), compile_pattern(start)
    starts, at = [0], 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+", data):
        if at and finds(pattern, line.decode(), at_start=True):
            starts.append(at)
        at += len(line)
    batches = Records(1, start=start).ends(TextDocument("a", data), 0, at)
    assert [end for batch in batches for end in batch] == ([*starts[1:], at] if data else [])


def test_a_line_ends_with_a_line_feed_and_with_nothing_else() -> None:
    text = "one\ttwo\x0b\x0c\x85\u2028\u2029\rthree\r\nfour\nfive"
    cut = plugins.partition("lines", {"per": 1, "max": None})
    found = [p.text() for p in cut.split(whole(TextDocument("a", text.encode())), Estimate())]
    assert found == ["one\ttwo\x0b\x0c\x85\u2028\u2029\rthree\r\n", "four\n", "five"]
