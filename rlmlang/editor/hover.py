"""What is shown beside a name: how it is declared, its type, coverage and bound, and what is
written of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.prices import coverage, lines, verdicts
from rlmlang.editor.symbol import Symbol
from rlmlang.ir.facts import Facts
from rlmlang.reference.index import about
from rlmlang.reference.markdown import fenced, page_markdown
from rlmlang.reference.page import Page
from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax import tree as t
from rlmlang.value import Frozen, value

GROUPS: Mapping[str, tuple[str, ...]] = {
    "function": ("function",),
    "strategy": ("partition", "search", "source", "call", "metric"),
    "argument": ("argument", "setting"),
    "type": ("type",),
}
"""The groups of the reference that a word of a kind is looked up in."""
NOT_HERE = ("command", "option", "variable", "exit", "file", "code")
LONGEST = 12
"""Lines of a declaration that are shown."""


@value
class Hover(Frozen):
    """What is shown of the text of a span, as Markdown."""

    span: Span
    text: str


def hover(analysis: Analysis, offset: int) -> Hover | None:
    """What is known of what stands at a place; None where nothing is."""
    found = analysis.at(offset)
    if found is not None:
        parts = list(_of(analysis, found.symbol, found.span))
        return Hover(found.span, "\n\n".join(p for p in parts if p)) if parts else None
    piece = analysis.piece(offset)
    if piece is None or piece.kind in ("text", "comment", "doc"):
        return None
    text = page_text(piece.text)
    return Hover(Span(analysis.source, piece.start, piece.end), text) if text else None


def page_text(word: str, groups: tuple[str, ...] = ()) -> str:
    """The reference's pages on a word of the language, as Markdown; empty where it has none."""
    return "\n\n---\n\n".join(
        page_markdown(replace(p, place=""), "####") for p in pages(word, groups)
    )


def pages(word: str, groups: tuple[str, ...] = ()) -> list[Page]:
    """The pages on a word, of those groups where there are any."""
    found = [p for p in about(word) if p.group not in NOT_HERE]
    return [p for p in found if p.group in groups] or ([] if groups else found)


def _of(analysis: Analysis, symbol: Symbol, span: Span) -> Iterator[str]:
    if symbol.kind == "setting":
        yield _setting(symbol)
    elif symbol.kind in GROUPS and symbol.at is None:
        yield page_text(symbol.name, GROUPS[symbol.kind])
    elif symbol.node is not None:
        yield fenced(_written(symbol), "rlm")
        yield getattr(symbol.node, "docs", "")
    facts = analysis.checked.facts.get(span)
    if facts is None and symbol.at is not None:
        facts = analysis.checked.facts.get(symbol.at)
    if facts is not None and symbol.kind in ("step", "parameter", "source", "const", "field"):
        yield "\n".join(_facts(facts))
    yield "\n".join(_bound(analysis, symbol))


def _setting(symbol: Symbol) -> str:
    """A setting, as the table of its block has it."""
    setting = BLOCKS[symbol.of].setting(symbol.name)
    default = "" if setting.default is None else f" Without it: `{setting.default}`."
    head = fenced(setting.form, "rlm")
    said = f"Of {BLOCKS[symbol.of].title}: {setting.doc}. It takes {setting.takes}.{default}"
    return f"{head}\n\n{said}"


def _facts(facts: Facts) -> Iterator[str]:
    yield f"- type `{facts.type}`"
    if kept := coverage(facts):
        yield f"- coverage `{kept}`"
        yield f"- at most `{facts.count}` items"
    if not (facts.size.known and facts.size.number == 0):
        yield f"- at most `{facts.size}` tok"


def _bound(analysis: Analysis, symbol: Symbol) -> Iterator[str]:
    """The bound of a recipe, or of a step of one."""
    if symbol.kind == "recipe" and symbol.name in analysis.plans:
        plan = analysis.plans[symbol.name]
        yield from (*lines(plan.totals), *verdicts(plan))
    elif symbol.kind == "step" and symbol.at is not None:
        plans = analysis.plans.get(analysis.recipe(symbol.at.start))
        node = plans.by_id.get(symbol.name) if plans is not None else None
        if node is not None:
            yield from lines(node.bound)


def _written(symbol: Symbol) -> str:
    """A declaration as it is written, without its documentation and its body."""
    node = symbol.node
    if node is None or (symbol.kind == "label" and symbol.at is not None):
        return f"{symbol.of}.{symbol.name}"
    start, end = _begins(node), node.span.end
    if isinstance(node, t.Prompt | t.Recipe):
        end = node.body.span.start
    text = node.span.source.text[start:end].rstrip().rstrip(",")
    shown = text.splitlines()
    return "\n".join([*shown[:LONGEST], *(["…"] if len(shown) > LONGEST else [])])


def _begins(node: t.Node) -> int:
    """Where a node begins behind its documentation."""
    at = node.span.start
    text = node.span.source.text
    while text.startswith("///", at):
        at = text.find("\n", at) + 1 or node.span.end
        at += len(text[at:]) - len(text[at:].lstrip())
    return at
