"""All pages, and the way to the one that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from rlmlang.reference.contracts import contract_pages
from rlmlang.reference.functions import function_pages
from rlmlang.reference.language import block_pages, type_pages, unit_pages, word_pages
from rlmlang.reference.outcomes import code_pages, exit_pages, variable_pages
from rlmlang.reference.page import GROUPS, Page
from rlmlang.reference.settings import project_pages, setting_pages
from rlmlang.schema import foreign

NEAR = 6
"""The most words that are offered for one that has no page."""
FORMS = ((re.compile(r"\[.+\]"), "[T]"), (re.compile(r"[\w<>, ]+\?"), "T?"))


@cache
def pages() -> tuple[Page, ...]:
    """Every page of the language and of what it comes with, in the order of the groups. Those of
    commands and options are made where these are declared, in the room `cli`."""
    found = chain(
        word_pages(),
        type_pages(),
        unit_pages(),
        function_pages(),
        contract_pages(),
        block_pages(),
        setting_pages(),
        project_pages(),
        variable_pages(),
        exit_pages(),
        code_pages(),
    )
    order = list(GROUPS)
    return tuple(sorted(found, key=lambda p: order.index(p.group)))


def words() -> list[str]:
    """Every word of the language that has a page."""
    return sorted({p.word for p in pages()})


def about(word: str, among: Iterable[Page] | None = None) -> list[Page]:
    """The pages on a word: as it is written, else whatever its case, dashes and underscores; else
    those of its form, as a type with an item or a number with a unit."""
    known = list(pages() if among is None else among)
    exact = [p for p in known if word == p.word or word in p.also]
    return exact or alike(word, known) or _formed(word, known)


def alike(word: str, among: Iterable[Page]) -> list[Page]:
    """The pages on a word however it is spelt."""
    wanted = spelt(word)
    return [p for p in among if any(spelt(x) == wanted for x in (p.word, *p.also))]


def _formed(word: str, among: list[Page]) -> list[Page]:
    """The pages on what a word is a form of: `[Row]`, `Text?`, `Slice<Row>`, `8ktok`."""
    if number := re.fullmatch(r"[0-9_.]+([A-Za-z%]+)", word):
        return [p for p in among if p.group == "unit" and number[1] in (p.word, *p.also)]
    generic = re.fullmatch(r"(\w+)<.+>\??", word)
    form = next((t for shape, t in FORMS if shape.fullmatch(word)), "")
    names = (f"{generic[1]}<T>", generic[1]) if generic else (form,)
    found = [p for name in names for p in among if p.group == "type" and p.word == name]
    return found[:1]


def spelt(word: str) -> str:
    """A word as it is looked up: case, dashes and underscores aside, and what stands around it."""
    plain = word.casefold().replace("_", "-")
    return plain.strip("-[]`") or plain


def near(word: str, among: Iterable[Page] | None = None) -> list[str]:
    """Words that may have been meant, the nearest first; of a word of another language, ours."""
    from difflib import get_close_matches

    if ours := foreign.ours(word):
        return [p.word for our in ours for p in about(our, among)[:1]]
    by_spelling: dict[str, list[str]] = {}
    for page in pages() if among is None else among:
        for name in (page.word, *page.also):
            by_spelling.setdefault(spelt(name), []).append(page.word)
    wanted = spelt(word)[:100]
    parts = [
        n for n in by_spelling if min(len(n), len(wanted)) > 2 and (wanted in n or n in wanted)
    ]
    close = [*get_close_matches(wanted, by_spelling, NEAR, 0.6), *sorted(parts, key=len)]
    return list(dict.fromkeys(w for n in close for w in by_spelling[n]))[:NEAR]


def groups(among: Iterable[Page]) -> Iterator[tuple[str, list[Page]]]:
    """Pages by their group, in order; those that have some."""
    known = list(among)
    for group in GROUPS:
        if found := [p for p in known if p.group == group]:
            yield group, found
