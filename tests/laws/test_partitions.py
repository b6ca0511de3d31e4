"""Every partition keeps its contract: hard cap, number of pieces, coverage, any text."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang import compiler, plugins
from rlmlang.context import Part, TextDocument, Tree, whole
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.diagnostics.source import SourceFile
from rlmlang.partitions.measure import Encoded, Estimate, measure_for
from rlmlang.runtime.files import load_import
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.partitions import GRAIN, HEADER, STRATEGIES, Extent
from rlmlang.testing.contracts import TEXTS, attack, broken

MEASURES = [Estimate()]
REAL = measure_for("openai/gpt-4o")
if isinstance(REAL, Encoded):
    MEASURES.append(REAL)

SCRIPTS = {
    "accents": "e\u0301a\u0308 no\u0302 ",
    "chinese": "蜂巢里没有蜂蜜。",
    "emoji": "👩\u200d👩\u200d👧\u200d👦👍🏽😀",
    "thai": "ผึ้งน้ำ ",
    "arabic": "نَحْلَة عسل ",
    "mathematical": "𝔱𝔢𝔵𝔱𝕙",
    "ascii": "bees, 12.50 ",
}
"""Characters of one to four bytes, in scripts that are written with spaces and without."""


def at_least(name: str, options: dict, key: str, grain: int, *, tree: bool = False) -> int:
    """The least size that the checker lets pass."""
    refuse = STRATEGIES[name].refuse
    return next(n for n in count(1) if not refuse({**options, key: n}, grain, tree))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_keeps_its_contract(name: str, measure: Estimate | Encoded) -> None:
    attack(STRATEGIES[name], 100, measure)


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "a cap too small": ("its cap is 39", {"cap": lambda a, x: number(39)}),
    "pieces too few": ("pieces; it promises", {"pieces": lambda a, x: ONE}),
    "bytes twice": ("gives bytes twice", {"coverage": lambda a: "exact"}),
    "a runner that is none": ("cannot be used", {"runner": "rlmlang.partitions.tokens:Wurst"}),
}


@pytest.mark.parametrize(("words", "wrong"), WRONG.values(), ids=WRONG)
def test_a_wrong_contract_fails_by_its_name(words: str, wrong: dict[str, Any]) -> None:
    strategy = replace(STRATEGIES["tokens"], name="cuts", **wrong)
    options = {"max": 40, "overlap": 9, "slack": 0.1}
    found = broken(strategy, options, whole(TextDocument("a", b"x" * 999)), Estimate())
    assert "cuts" in found
    assert words in found


def test_an_attack_finds_a_wrong_contract() -> None:
    wrong = replace(STRATEGIES["lines"], name="cuts", pieces=lambda a, x: ONE)
    with pytest.raises(AssertionError, match=r"cuts\(per: 1, max: .*\) gives 2 pieces"):
        attack(wrong)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tokens", {"overlap": 0, "slack": 0.1}),
        ("tokens", {"overlap": 0, "slack": 0.5}),
        ("lines", {"per": 2}),
        ("records", {"per": 1, "start": r"\S"}),
        ("headings", {"slack": 0.1}),
        ("paragraphs", {"slack": 0.2}),
        ("functions", {"slack": 0.1}),
        ("files", {"slack": 0.1}),
        ("stable", {}),
        ("tree", {"slack": 0.1}),
    ],
    ids=lambda x: str(x),
)
@settings(max_examples=80, deadline=None)
@given(
    scripts=st.lists(st.sampled_from(sorted(SCRIPTS)), min_size=1, max_size=4),
    lengths=st.lists(st.integers(1, 60), min_size=4, max_size=4),
    mark=st.sampled_from(["", "\n", "\n\n", "\r\n", "  "]),
    more=st.integers(0, 12),
)
def test_no_cut_falls_inside_a_character_however_small_the_piece(
    name: str,
    options: dict,
    measure: Estimate | Encoded,
    scripts: list[str],
    lengths: list[int],
    mark: str,
    more: int,
) -> None:
    """The least sizes that the checker lets pass: the contract holds there too."""
    texts = ((SCRIPTS[s] * n)[:n] for s, n in zip(scripts, lengths, strict=False))
    document = TextDocument("a.md", mark.join(texts).encode())
    whole_tree = name == "files"
    key = {"stable": "around", "tree": "into"}.get(name, "max")
    size = at_least(name, options, key, measure.grain, tree=whole_tree) + more
    subject = Tree("r", (document,)) if whole_tree else whole(document)
    assert not broken(STRATEGIES[name], {**options, key: size}, subject, measure)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(st.sampled_from(sorted(SCRIPTS.values())), min_size=1, max_size=30),
    size=st.integers(1, 12),
    share=st.integers(0, 30),
    window=st.integers(1, 9),
)
def test_neighbours_overlaps_and_windows_are_whole_characters(
    measure: Estimate | Encoded, text: list[str], size: int, share: int, window: int
) -> None:
    document = TextDocument("a", "".join(text).encode())
    most = measure.grain + size
    options = {"max": most, "overlap": min(share, most - 1), "slack": 0.1}
    for piece in plugins.partition("tokens", options, share, size).split(whole(document), measure):
        assert piece.text()
        assert piece.before is None or measure.tok(piece.before.text()) <= share
        assert piece.after is None or measure.tok(piece.after.text()) <= size
    for method, query in (("bm25", "".join(text)), ("regex", ".")):
        found = plugins.search(method, {"top": 99, "window": window})
        for hit in found.search(whole(document), query, measure):
            assert measure.tok(hit.text()) <= window + 4


@settings(max_examples=100, deadline=None)
@given(text=TEXTS, size=st.integers(40, 200), share=st.integers(5, 40))
def test_overlap_covers_and_counts(text: str, size: int, share: int) -> None:
    overlap = size * share // 100
    options = {"max": size, "overlap": overlap, "slack": 0.1}
    document = TextDocument("a", text.encode())
    pieces = list(plugins.partition("tokens", options).split(whole(document), Estimate()))
    assert not broken(STRATEGIES["tokens"], options, whole(document), Estimate())
    for left, right in zip(pieces, pieces[1:], strict=False):
        assert 0 <= left.parts[0].end - right.parts[0].start <= overlap * 2


def test_the_bound_of_tokens_is_reached() -> None:
    """Word ends exactly at the low edge of each window: the formula is tight."""
    text = ("x" * 179 + " ") * 50
    options = {"max": 100, "overlap": 0, "slack": 0.1}
    document = TextDocument("a", text.encode())
    pieces = list(plugins.partition("tokens", options).split(whole(document), Estimate()))
    extent = Extent(number(4_500), ONE, ONE, number(0))
    assert len(pieces) == STRATEGIES["tokens"].pieces(options, extent).value() == 50


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 30), st.integers(0, 30))
def test_gather_shows_neighbours_and_counts_none(text: str, before: int, after: int) -> None:
    document = TextDocument("a", text.encode())
    plain = plugins.partition("tokens", {"max": 50, "overlap": 0, "slack": 0.1})
    both = plugins.partition("tokens", {"max": 50, "overlap": 0, "slack": 0.1}, before, after)
    pieces = list(both.split(whole(document), Estimate()))
    assert [p.parts for p in pieces] == [p.parts for p in plain.split(whole(document), Estimate())]
    for piece in pieces:
        if piece.before is not None:
            assert Estimate().tok(piece.before.text()) <= before
        if piece.after is not None:
            assert Estimate().tok(piece.after.text()) <= after
        piece.text()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 200))
def test_an_edit_moves_only_the_cuts_beside_it(seed: int, length: int) -> None:
    import random

    rng = random.Random(seed)
    lines = [
        " ".join(
            rng.choice("red green blue stone".split()) + str(rng.randrange(999)) for _ in range(8)
        )
        for _ in range(400)
    ]
    at = rng.randrange(len(lines))
    edited = lines[:at] + ["inserted " * length] + lines[at:]

    def pieces(rows: list[str]) -> set[str]:
        document = TextDocument("a", "\n".join(rows).encode())
        cut = plugins.partition("stable", {"around": 100}).split(whole(document), Estimate())
        return {p.content() for p in cut}

    before, after = pieces(lines), pieces(edited)
    assert len(before - after) <= 8


def test_neighbouring_files_keep_their_headings() -> None:
    tree = Tree("r", (TextDocument("a.md", b"one\n"), TextDocument("b.md", b"two\n")))
    piece = next(plugins.partition("files", {"max": 400, "slack": 0.1}).split(tree, Estimate()))
    assert piece.text() == "=== a.md\none\n=== b.md\ntwo\n"
    assert Estimate().tok("=== " + "x" * 200) > HEADER > Estimate().tok("=== " + "x" * 100)
    assert Estimate().grain == GRAIN


def test_bytes_that_are_no_text_are_named() -> None:
    document = TextDocument("a.txt", b"good " * 10 + b"\xff\xfe bad")
    with pytest.raises(CodedError, match="byte 50 is ff fe"):
        Part(document, 0, document.size).text()


@pytest.mark.parametrize(
    ("how", "grain", "refused"),
    [
        ("tokens(max: 10tok)", 2, False),
        ("tokens(max: 9tok)", 2, True),
        ("tokens(max: 18tok)", 17, False),
        ("tokens(max: 17tok)", 17, True),
        ("tokens(max: 40tok, overlap: 20tok)", 2, False),
        ("tokens(max: 40tok, overlap: 23tok)", 17, True),
        ("lines(per: 3, max: 4tok)", 2, False),
        ("lines(per: 3, max: 3tok)", 2, True),
        ("lines(per: 3, max: 33tok)", 17, True),
        ("records(per: 2, max: 33tok)", 17, True),
        ("paragraphs(max: 18tok)", 17, False),
        ("functions(max: 17tok)", 17, True),
        ("stable(around: 5tok)", 17, False),
        ("stable(around: 4tok)", 17, True),
        ("stable(around: 1tok)", 2, False),
        ("files(max: 71tok)", 2, True),
        ("files(max: 82tok)", 17, False),
        ("files(max: 81tok)", 17, True),
    ],
)
def test_sizes_that_keep_no_contract_are_refused(how: str, grain: int, refused: bool) -> None:
    text = (
        'rlm 1\nprompt note(page: Slice) -> Text? max 9tok "Note."\n'
        f"recipe r(text: {'Tree' if how.startswith('files') else 'Text'}) -> [Text?] {{\n"
        f"  return map (split text by {how}) with note()\n}}\n"
    )
    found = compiler.check(SourceFile("a.rlm", text), load_import, grain=grain).diagnostics
    assert [d.code for d in found] == ["impossible-partition"] * refused


def test_a_counted_piece_is_bounded_with_the_grain_of_its_tokenizer() -> None:
    """Words of one letter and sixteen bytes that no token joins: pieces end far below the cap."""
    if not isinstance(REAL, Encoded):
        pytest.skip("needs a tokenizer")
    document = TextDocument("a", "𝔱𝔢𝔵𝔱 ".encode() * 200)
    options = {"max": 20, "overlap": 0, "slack": 0.1}
    assert not broken(STRATEGIES["tokens"], options, whole(document), REAL)
