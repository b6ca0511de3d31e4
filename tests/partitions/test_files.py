"""`files(per: …)`: so many whole documents a piece, and what becomes of one that is too large."""

from __future__ import annotations

import pytest

from rlmlang import plugins
from rlmlang.context import Slice, TextDocument, Tree
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.partitions.measure import Estimate
from rlmlang.schema.formula import ONE, number
from rlmlang.schema.partitions import HEADER, STRATEGIES, Extent

SMALL, LARGE = b"ten bytes\n", b"a line of text\n" * 60


def pieces(documents: dict[str, bytes], **options: object) -> list[Slice]:
    tree = Tree("docs", tuple(TextDocument(name, data) for name, data in documents.items()))
    given = {"max": 200, "slack": 0.1, **options}
    return list(plugins.partition("files", given).split(tree, Estimate()))


def names(found: list[Slice]) -> list[list[str]]:
    return [[part.document.id for part in piece.parts] for piece in found]


@pytest.mark.parametrize(
    ("per", "expected"),
    [
        (1, [["a"], ["b"], ["c"], ["d"], ["e"]]),
        (2, [["a", "b"], ["c", "d"], ["e"]]),
        (9, [["a", "b"], ["c", "d"], ["e"]]),  # three headings pass the cap
    ],
)
def test_so_many_whole_documents_are_in_a_piece(per: int, expected: list[list[str]]) -> None:
    found = pieces(dict.fromkeys("abcde", SMALL), per=per)
    assert names(found) == expected
    assert found[0].text().startswith("=== a\nten bytes\n")


def test_a_document_that_is_cut_says_which_part_it_is_and_shares_no_piece() -> None:
    found = pieces({"a 😀.md": SMALL, "b.md": LARGE, "c.md": SMALL}, per=3, oversize="cut")
    assert names(found) == [["a 😀.md"], *[["b.md"]] * 4, ["c.md"]]
    assert [piece.part for piece in found] == ["", "1 of 4", "2 of 4", "3 of 4", "4 of 4", ""]
    assert found[2].text().startswith("=== b.md (part 2 of 4)\na line")
    assert b"".join(p.content().encode() for p in found[1:5]) == LARGE


@pytest.mark.parametrize(
    "options", [{"per": 1}, {"per": 3, "oversize": "fail"}, {"oversize": "fail"}]
)
def test_a_document_that_may_not_be_cut_is_named_before_any_piece(options: dict) -> None:
    with pytest.raises(CodedError, match=r"b\.md has 450 tok; a piece .* holds 136") as raised:
        pieces({"a.md": SMALL, "b.md": LARGE}, **options)
    problem = raised.value.diagnostic
    assert problem.code == "document-too-large"
    assert (
        problem.hint == f"raise `max` to {450 + HEADER}tok, or cut such documents: `oversize: cut`"
    )
    assert len(pieces({"a.md": SMALL, "b.md": LARGE}, **options, max=450 + HEADER)) > 0


def test_the_bound_is_reached() -> None:
    """Each of four documents gives as many parts as one of its size can."""
    options = {"max": HEADER + 100, "slack": 0.1, "per": 1, "oversize": "cut"}
    text = ("x" * 179 + " ") * 2 + "x" * 22  # a part at the low edge of its window, and two more
    found = pieces(dict.fromkeys("abcd", text.encode()), **options)
    extent = Extent(number(4 * 191), ONE, ONE, number(4))
    assert len(found) == 4 * 3
    assert STRATEGIES["files"].pieces(options, extent).value() == 4 + 9 - 1


def test_whole_documents_have_a_piece_each_at_most() -> None:
    extent = Extent(number(1_000), ONE, ONE, number(50))
    for per, most in ((1, 50), (10, 5 + 42), (100, 1 + 42)):
        options = {"max": 200, "slack": 0.1, "per": per, "oversize": "fail"}
        assert STRATEGIES["files"].pieces(options, extent).value() == most
        assert (STRATEGIES["files"].fewest(options, extent).value() or 0) >= -(-50 // per)
