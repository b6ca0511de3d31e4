"""A warning where one answer is asked for of what may hold several that each have theirs."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import Diagnostic, Label, warning
from rlmlang.ir.facts import Facts
from rlmlang.ir.places import is_piece
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.types import BatchType, EnumType, RecordType, TextType, Type
from rlmlang.syntax import tree as t


def one_of_several(prompt: Prompt, call: t.Call, item: Facts) -> Diagnostic | None:
    """The warning `one-of-several`; nothing where it does not apply. A text is about all that it
    was made of; nothing may be said of a part."""
    result, one = prompt.result, _one(prompt.result)
    batch = isinstance(item.type, BatchType) and item.holds in ("rows", "documents")
    pieces = is_piece(item.type) and item.holds == "documents"
    part = is_piece(item.type) and item.holds == "parts" and not result.optional
    return _warning(prompt, call, item, one) if one and (batch or pieces or part) else None


def _one(result: Type) -> str:
    """What a prompt gives one of; empty for a list, a number or a text of its own."""
    match result.required():
        case RecordType():
            return "record"
        case EnumType():
            return "label"
        case TextType("Quote"):
            return "quote"
    return ""


def _warning(prompt: Prompt, call: t.Call, item: Facts, one: str) -> Diagnostic:
    if item.holds == "parts":
        what, why = "a part of a document", "a longer document would have several"
        hint = "split by `files(per: 1, max: …)`, or map the documents themselves"
    elif item.holds == "rows":
        what, why = "several rows", "the others would have none"
        hint = "map the rows themselves"
    else:
        what, why = "several documents", "the others would have none"
        hint = "split by `files(per: 1, max: …)`, or map the documents themselves"
    return warning(
        "one-of-several",
        f"`{prompt.name}` gives one {one} for each piece, and a piece may hold {what}",
        Label(call.span, f"gives {prompt.result}"),
        reason=f"If each has its own, {why}.",
        hint=f"{hint}; or let the prompt give [{prompt.result.required()}]",
    )
