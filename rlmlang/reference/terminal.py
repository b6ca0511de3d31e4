"""Pages as a terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import indent, wrap

from rlmlang.reference.examples import Example
from rlmlang.reference.index import groups
from rlmlang.reference.page import GROUPS, Page, Row

WIDE, NARROW = 78, 60
STEP = "  "


def page_text(page: Page) -> str:
    """A page: what the word is, how it is written, what it takes, an example with its output."""
    return "\n".join(_lines(page))


def _lines(page: Page) -> Iterator[str]:
    yield f"{page.word}, {page.kind}: {page.title}"
    kept = page.kept
    for words in (page.doc, kept.words):
        if words:
            yield from _wrapped(words, STEP)
    if page.form:
        yield from ("", indent(page.form, STEP * 2))
    for each in page.rows:
        yield from ("", *_row(each))
    if page.notes:
        yield ""
    for label, words in page.notes:
        yield from _wrapped(f"{label}: {words}" if label else words, STEP, STEP * 2)
    if page.call[0]:
        yield from ("", f"{STEP * 2}{page.call[0]}", f"{STEP * 2}{page.call[1]}")
    for example in kept.examples:
        yield from _example(example)
    if page.see:
        yield from ("", *_wrapped(f"see also: {', '.join(page.see)}", STEP, STEP * 2))


def _row(row: Row) -> Iterator[str]:
    yield from _wrapped(f"{row.name} {row.takes}".rstrip(), STEP, STEP * 3)
    if row.doc:
        yield from _wrapped(row.doc, STEP * 3)


def _example(example: Example) -> Iterator[str]:
    yield ""
    if example.label:
        yield f"{STEP * 2}// ---- {example.label}"
    yield indent(example.text, STEP * 2)
    if example.command:
        yield from ("", f"{STEP * 2}$ {example.command}", indent(example.output, STEP * 2))


def listing(pages: Iterable[Page]) -> str:
    """All words by their group, each with what it is; no line is wider than a narrow terminal."""
    return "\n\n".join("\n".join(_group(group, found)) for group, found in groups(pages))


def _group(group: str, found: list[Page]) -> Iterator[str]:
    yield GROUPS[group][0]
    titles: dict[str, list[str]] = {}
    for page in found:
        titles.setdefault(page.word, []).append(page.title)
    for word, said in titles.items():
        one = said[0] if len(said) == 1 else "; ".join(dict.fromkeys(said))
        yield from _wrapped(f"{word}  {one}", STEP, STEP * 3, NARROW)


def _wrapped(words: str, first: str, later: str = "", width: int = WIDE) -> list[str]:
    """Words in lines; a word that is longer than a line is not cut."""
    return wrap(
        words,
        width,
        initial_indent=first,
        subsequent_indent=later or first,
        break_long_words=False,
        break_on_hyphens=False,
    )
