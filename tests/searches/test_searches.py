"""Look-ups: words of every script and form, line ends, and searches that find nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import rlmlang
from rlmlang.context import TextDocument, whole
from rlmlang.partitions.measure import Estimate
from rlmlang.searches.bm25 import rank
from rlmlang.searches.regex import Regex
from rlmlang.testing import ScriptedEngine

ALIKE = {
    "chinese": ("蜂蜜", "蜂巢里没有蜂蜜。"),
    "one character": ("蜂", "蜂巢"),
    "thai": ("ผึ้ง", "น้ำผึ้งหวาน"),
    "korean with its particle": ("학교", "학교에서 왔다"),
    "hindi": ("मधुमक्खी", "यह मधुमक्खी है।"),
    "composed or not": ("café", "cafe\u0301 au lait"),
    "wide": ("ｆｕｌｌ", "full"),
    "narrow": ("ｱﾊﾟｰﾄ", "アパート"),
    "a ligature": ("ﬁnd", "find me"),
    "sharp s": ("STRASSE", "Straße 5"),
    "a final sigma": ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
    "turkish": ("İSTANBUL", "ıstanbul"),
    "a soft hyphen": ("cooperate", "co\u00adoperate"),
}
RECIPE = """rlm 1
prompt tell(hits: [Slice]) -> {type} "Tell what the hits say."
recipe go(text: Text, query: Text max 9tok = "unicorn") -> {type} {{
  budget {{ calls <= 9 }}
  let hits = search text for query by {how}
  return {body}
}}
"""


@pytest.mark.parametrize(("query", "text"), ALIKE.values(), ids=ALIKE)
def test_words_are_found_in_every_script_and_form(query: str, text: str) -> None:
    found, other = rank(query, [text, "nothing of the kind, 今天 อากาศ 날씨 मौसम"])
    assert found > other == 0


def test_a_pattern_finds_the_ends_of_lines_of_windows() -> None:
    text = whole(TextDocument("a", b"one bee\r\ntwo bees\r\n\r\n"))
    for pattern, hits in (("bee$", 1), ("^$", 1), (r"bees\r\n", 1), (r"bee\ntwo", 1), ("one$", 0)):
        assert len(Regex(top=9).search(text, pattern, Estimate())) == hits, pattern
    accent = whole(TextDocument("a", "caf\u00e9".encode()))
    assert Regex().search(accent, "cafe\u0301", Estimate())


def outcome(folder: Path, type_: str, body: str, how: str = "bm25(top: 3)") -> tuple[object, ...]:
    """The result, the code of what went wrong, and how many calls there were."""
    (folder / "go.rlm").write_text(RECIPE.format(type=type_, body=body, how=how))
    engine = ScriptedEngine(lambda task: "7")
    (folder / "text.txt").write_text("two bees")
    done = rlmlang.run("go.rlm", engine=engine, sources={"text": "text.txt"}, store=None)
    code = done.problem.diagnostic.code if done.problem else ""
    return done.result, code, len(engine.requests)


@pytest.mark.parametrize(
    ("type_", "body", "result", "code", "calls"),
    [
        ("Text?", "tell(hits)", None, "", 0),
        ("Text", "tell(hits)", "", "", 0),
        ("[Int]", "tell(filter hits where contains(it, \"x\"))", [], "", 0),
        ("Int", "tell(hits)", None, "nothing-found", 0),
        ("Int", 'ladder accept (it > 0) {\n rung "a" {\n return tell(hits)\n }\n'
         ' rung "b" {\n return tell(search text for "bees" by bm25(top: 3))\n }\n }', 7, "", 1),
        ("Int", 'tell(search text for "bees" by bm25(top: 3))', 7, "", 1),
    ],
)  # fmt: skip
def test_no_prompt_is_asked_about_a_search_that_found_nothing(
    folder: Path, type_: str, body: str, result: object, code: str, calls: int
) -> None:
    assert outcome(folder, type_, body) == (result, code, calls)


def test_a_search_that_finds_nothing_says_so(folder: Path) -> None:
    (folder / "go.rlm").write_text(
        RECIPE.format(type="Text?", body="tell(hits)", how="regex(top: 3)")
    )
    engine = ScriptedEngine(lambda task: "7")
    (folder / "text.txt").write_text("two bees")
    done = rlmlang.run("go.rlm", engine=engine, sources={"text": "text.txt"}, store=None)
    assert [(n.code, n.message) for n in done.notices] == [
        ("nothing-found", "hits: nothing was found for 'unicorn'")
    ]
