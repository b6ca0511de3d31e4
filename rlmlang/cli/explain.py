"""`rlm explain WORD`: what a word of the language is, or what a problem's code means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rlmlang.cli.flags import flags, offering
from rlmlang.cli.width import show
from rlmlang.diagnostics.diagnostic import CodedError, failed

if TYPE_CHECKING:
    from rlmlang.reference.page import Page


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("word", nargs=-1, shell_complete=offering("words"))
@flags("explain")
def command(word: tuple[str, ...], as_values: bool) -> None:
    """Explain any word: of recipes, of rlm.toml, of this command line, a unit, a type, an exit
    code, or the code of a problem. Without one: list all, by what they are."""
    from rlmlang.reference.terminal import listing, page_text

    wanted = " ".join(word)
    found = _about(wanted) if wanted else _all()
    if as_values:
        click.echo(json.dumps([values(p) for p in found], indent=2, ensure_ascii=False))
    elif wanted:
        show(["\n\n".join(map(page_text, found))])
    else:
        click.echo(listing(found))


def _about(word: str) -> list[Page]:
    """The pages on a word, ours and those of other distributions; commands and options are looked
    through only for what looks like one, or else has no page. Raises CodedError (unknown-code)."""
    from rlmlang import plugins
    from rlmlang.cli.main import COMMANDS
    from rlmlang.reference.contracts import page_of
    from rlmlang.reference.index import about
    from rlmlang.report.formats.table import FORMATS

    found = [] if word.startswith("-") else about(word)
    if not found or word in COMMANDS or FORMATS.find(word, plugins.find) is not None:
        known = _all()
        found = about(word, known) or list(map(page_of, plugins.named(word)))
        if not found:
            raise _unknown(word, known)
    return found


def _unknown(word: str, known: list[Page]) -> CodedError:
    """The problem `unknown-code`."""
    from rlmlang.reference.index import near
    from rlmlang.schema import foreign

    words = ", ".join(f"`{w}`" for w in near(word, known))
    hint = foreign.ADVICE.get(word) or foreign.MARKS.get(word, "")
    if not hint and words:
        hint = f"{'here it is' if foreign.ours(word) else 'near are'} {words}"
    hint = hint or "`rlm explain` lists all"
    return failed("unknown-code", f"there is no page on `{word:.100}`", hint=hint)


def _all() -> list[Page]:
    from rlmlang.cli.pages import command_pages
    from rlmlang.reference.index import pages

    return [*pages(), *command_pages()]


def values(page: Page) -> dict[str, object]:
    """A page as JSON values."""
    kept = page.kept
    return {
        "word": page.word,
        "group": page.group,
        "title": page.title,
        "words": " ".join(x for x in (page.doc, kept.words) if x),
        "form": page.form,
        "settings": [vars(row) for row in page.rows],
        "notes": [{"about": about, "words": words} for about, words in page.notes],
        "call": dict(zip(("call", "value"), page.call, strict=True)) if page.call[0] else None,
        "examples": [vars(example) for example in kept.examples],
        "also": list(page.also),
        "see": list(page.see),
    }
