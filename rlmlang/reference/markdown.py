"""Pages as Markdown: for the site, and for an editor that shows one beside its word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rlmlang.reference.examples import Example
from rlmlang.reference.page import Page, Row

LANGUAGES = {"file": "toml", "variable": "sh", "command": "sh", "export": "sh"}
"""What the forms of a group are written in; the others in the language itself."""
SPECIAL = re.compile(r"([\\<*_\[\]{}])")
Link = Callable[[str], str]
"""A word as it is referred to: a link to its page, where it has one."""


def code(words: str) -> str:
    """Words as code, whatever stands in them."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    gap = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{gap}{words}{gap}{ticks}" if words else ""


def fenced(text: str, language: str) -> str:
    """A text as a block of code."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def page_markdown(page: Page, heading: str = "###", link: Link = code) -> str:
    """A page below a heading of that level."""
    return "\n\n".join(x for x in (f"{heading} {code(page.word)}", *_parts(page, link)) if x)


def _parts(page: Page, link: Link) -> Iterator[str]:
    kind = page.kind
    yield plain(f"{kind[:1].upper()}{kind[1:]}: {page.title}.")
    kept = page.kept
    yield plain(page.doc)
    yield plain(kept.words)
    yield fenced(page.form, LANGUAGES.get(page.group, "rlm")) if page.form else ""
    yield _table(page.rows) if page.rows else ""
    yield "\n".join(f"- {_note(label, words, link)}" for label, words in page.notes)
    if page.call[0]:
        yield fenced("\n".join(page.call), "rlm")
    for example in kept.examples:
        yield from _example(example)
    if page.see:
        yield f"See also {', '.join(map(link, page.see))}."


def _note(label: str, words: str, link: Link) -> str:
    if label == "problems that end so":
        return f"{label}: {', '.join(map(link, words.split(', ')))}"
    said = code(words) if label in ("gives", "size") else plain(words)
    return f"{label}: {said}" if label else said


def _table(rows: tuple[Row, ...]) -> str:
    """Rows as a table; a stroke in a cell is none between cells."""
    wide = any(row.doc for row in rows)
    head = ["| | takes | |", "|---|---|---|"] if wide else ["| | takes |", "|---|---|"]
    cells = ((code(r.name), plain(r.takes), plain(r.doc))[: 2 + wide] for r in rows)
    lines = (" | ".join(cell.replace("|", r"\|") for cell in row) for row in cells)
    return "\n".join([*head, *(f"| {line} |" for line in lines)])


def _example(example: Example) -> Iterator[str]:
    if example.label:
        yield f"{'Right' if example.label == 'good' else 'Wrong'}:"
    yield fenced(example.text, "rlm")
    if example.command:
        yield fenced(f"$ {example.command}\n{example.output}", "text")


def plain(words: str) -> str:
    """Words with what Markdown would take for its own made harmless, outside of code."""
    parts = re.split(r"(`[^`]+`)", words)
    return "".join(p if p[:1] == "`" and len(p) > 1 else SPECIAL.sub(r"\\\1", p) for p in parts)
