"""A batch as it is told: its price before, what came of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from rlmlang.budget import Usage
from rlmlang.ir.bounds import Bound
from rlmlang.ir.recipe import Budget
from rlmlang.plan.verdict import Verdict
from rlmlang.report.plan import TONES, cells, dollars, number, verdict_line


def title_line(name: str, recipe: str, items: int, of: int, distinct: int) -> Text:
    """What it is, and of how many items the price is."""
    text = Text(f"batch {name}", style="bold")
    every = f"{of:,} items" if items == of else f"the first {items:,} of {of:,} items"
    text.append(f"  {every} of {recipe}", style="none")
    if distinct != items:
        text.append(f", {distinct:,} distinct", style="none")
    return text


def price_view(
    title: Text, totals: Bound, verdict: Verdict, dearest: Iterable[tuple[str, int, float]]
) -> Group:
    """The price as a table: best, expected and worst case, the verdict, the dearest items with
    their calls and dollars at worst."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("calls", "tok in", "tok out", "usd"):
        table.add_column(heading, justify="right", no_wrap=True)
    for case in ("best", "expected", "worst"):
        table.add_row(Text(f"  {case}", style="bold"), *cells(getattr(totals, case)))
    lines = [verdict_line(line) for line in verdict.lines]
    if not lines:
        lines = [Text("  no budget of its own: each item keeps to its recipe's", style="dim")]
    told = [f"{name} {calls:,} calls ${usd:,.4f}" for name, calls, usd in dearest]
    most = [Text(f"  most: {'; '.join(told)}", style="dim")] if told else []
    return Group(title, table, *lines, *most)


def price_line(title: Text, totals: Bound, verdict: Verdict) -> Text:
    """The price in a line, as it is said before a batch begins."""
    worst, expected = totals.worst, totals.expected
    usd = "price unknown" if worst.usd is None else f"${dollars(worst.usd)} at most"
    text = title.copy()
    text.append(f"; {number(expected.calls)} calls expected, {number(worst.calls)} at most; {usd}")
    if verdict.lines:
        text.append(f"; budget {verdict.word}", style=TONES[verdict.word])
    return text


def counted(counts: Iterable[tuple[str, int]]) -> str:
    """How many items are in which state."""
    return ", ".join(f"{n:,} {state}" for state, n in counts)


def charged(used: Usage, budget: Budget, *, priced: bool) -> str:
    """What was used of each limit that is declared."""
    amounts = {"calls": used.calls, "tokens": used.tokens_in + used.tokens_out}
    told = [f"{n:,} of {getattr(budget, w):,} {w}" for w, n in amounts.items() if _has(budget, w)]
    usd = [f"${float(used.usd):,.4f} of ${budget.usd:,.2f}"] if priced and budget.usd else []
    return ", ".join(told + usd) or f"{used.calls:,} calls"


def _has(budget: Budget, limit: str) -> bool:
    return getattr(budget, limit) is not None


def extremes(word: str, found: Sequence[tuple[float, str]], form: str) -> str:
    """A few items with what they have most of; empty where there is nothing to tell."""
    told = [f"{name} {form.format(amount)}" for amount, name in found]
    return f"{word} {', '.join(told)}" if told else ""
