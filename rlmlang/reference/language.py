"""The pages of words, blocks, types and units of the language."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.ir.places import PLACES
from rlmlang.reference.page import Page, Row
from rlmlang.reference.settings import EXAMPLES, rows
from rlmlang.schema.calls import CALLS
from rlmlang.schema.settings import BLOCKS, Block
from rlmlang.schema.types import TYPE_WORDS, TypeWord
from rlmlang.schema.units import MULTIPLIERS, UNITS
from rlmlang.schema.words import WORDS

ASSUME = '`assume exact because "…"`: what is lost is known, and why it does not matter'


def word_pages() -> Iterator[Page]:
    """A page of each word of the grammar, with the settings of its block."""
    settings = {call.name: call.arguments for call in CALLS if call.name == "recurse"}
    for word in WORDS:
        block = BLOCKS.get(word.text) if word.group != "clause" else None
        yield Page(
            word.text,
            word.group,
            word.title or (block.doc if block else ""),
            word.doc,
            word.form,
            rows((*(block.settings if block else ()), *settings.get(word.text, ()))),
            _notes(block) if block else (),
            place=f"examples/{word.example}",
            see=word.see,
        )


def block_pages() -> Iterator[Page]:
    """A page of each block that no word of the grammar begins."""
    known = {word.text for word in WORDS}
    for name, block in BLOCKS.items():
        if name not in known:
            place = f"examples/{EXAMPLES[name]}"
            yield Page(
                name,
                "block",
                block.title,
                _sentence(block.doc),
                "",
                rows(block.settings),
                _notes(block),
                place=place,
            )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _notes(block: Block) -> tuple[tuple[str, str], ...]:
    repl = [("", f"`repl {{ … }}`: {BLOCKS['repl'].doc}")] if block.repl else []
    assume = [("", ASSUME)] if block.assume else []
    return (*repl, *assume, *(("", f"no `{name}`: {why}") for name, why in block.without))


def type_pages() -> Iterator[Page]:
    """A page of each type."""
    for found in TYPE_WORDS:
        yield Page(
            found.name,
            "type",
            found.title,
            found.doc,
            found.form,
            tuple(_fields(found)),
            (("size", found.size),),
            place=f"examples/{found.example}",
        )


def _fields(found: TypeWord) -> Iterator[Row]:
    """What may be asked of a value of a type."""
    for name, doc in found.fields:
        yield Row(name, "", doc)
    if found.name in ("Doc", "Slice"):
        yield from (Row(f.name, str(f.type), f.doc) for f in PLACES)


def unit_pages() -> Iterator[Page]:
    """A page of each unit."""
    for unit in UNITS.values():
        also = () if unit.name == "%" else tuple(f"{m}{unit.name}" for m in MULTIPLIERS)
        yield Page(unit.name, "unit", unit.doc, form=unit.example, also=also)
