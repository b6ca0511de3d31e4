"""A plan as a table: a line a step, the totals, the verdict against the budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.recipe import HostFunction
from rlmlang.plan.batched import live
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan, Rewrite
from rlmlang.plan.verdict import Line
from rlmlang.report.fitted import Hanging
from rlmlang.schema.formula import Formula
from rlmlang.schema.provider_batches import FORMS
from rlmlang.schema.tools import CALLS

TONES = {"proven": "green", "may be hit": "yellow", "cannot fit": "red", "unknown": "yellow"}
LONGEST, NARROW = 46, 90


def plan_view(plan: Plan, wide: int = NARROW) -> Group:
    """The whole plan for a terminal. Below `NARROW` columns what a step does stands below its name,
    so that numbers have their place."""
    narrow = wide < NARROW
    table = Table(
        box=None, pad_edge=False, padding=(0, 1 if narrow else 2, 0, 0), header_style="dim"
    )
    for name in ("step", *(() if narrow else ("what",))):
        table.add_column(name, overflow="fold")
    for name in ("calls", "tok in", "tok out", "usd"):
        table.add_column(name, justify="right", no_wrap=True)
    for node in plan.nodes:
        if node.step.work.kind != "given":
            _row(table, node, plan, narrow=narrow)
    table.add_section()
    for name in ("best", "expected", "worst"):
        words = [Text(name, style="bold")] if narrow else ["", Text(name, style="bold")]
        table.add_row(*words, *cells(getattr(plan.totals, name)))
    formulas = _formulas(plan)
    title = Text(f"plan of {plan.recipe.name}  {plan.hash[:12]}", style="bold")
    if plan.binding.endpoint:
        title.append(f"  at {plan.binding.endpoint}", style="none")
    return Group(title, table, *map(Hanging, (*formulas, *_notes(plan))))


def _row(table: Table, node: Node, plan: Plan, *, narrow: bool) -> None:
    """A step; what it is made of stands indented below it."""
    bound = node.bound
    name = Text("  " * len(plan.around(node)) + node.id.removeprefix(f"{node.within}."))
    if node.id == plan.verdict.dominant:
        name.append(" ◀ most" if narrow else " ◀ most of the cost", style="yellow")
    words = Text(_short(node.words))
    if node.coverage:
        words.append(f"  {_short(node.coverage)}", style="cyan")
    if node.streams:
        words.append("  streamed", style="dim")
    amounts = ("", "", "", "") if bound == Bound() else cells(bound.worst)
    below = Padding(words, (0, 0, 0, 2))
    table.add_row(*([Group(name, below)] if narrow else [name, words]), *amounts)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def cells(cost: Cost) -> tuple[str, str, str, str]:
    """Calls, tok in and out and dollars of a case, as they are shown."""
    usd = "price unknown" if cost.usd is None else dollars(cost.usd)
    return number(cost.calls), number(cost.tokens_in), number(cost.tokens_out), usd


def number(f: Formula) -> str:
    """A number with commas; `formula` for what depends on something unknown."""
    value = f.value()
    return f"{value:,}" if value is not None else "formula"


def dollars(f: Formula) -> str:
    """An amount of dollars, in cents where that says enough."""
    exact = f.exact()
    if exact is None:
        return "formula"
    value = float(exact)
    return f"{value:,.2f}" if value >= 0.01 or value == 0 else f"{value:.4f}"


def _formulas(plan: Plan) -> list[Text]:
    """The bounds that still depend on something unknown."""
    lines: list[Text] = []
    for name, f in (("calls", plan.totals.worst.calls), ("tok in", plan.totals.worst.tokens_in)):
        if not f.known:
            lines.append(Text(f"  worst {name} = {f}"))
    worst = plan.totals.worst
    symbols = sorted(map(str, worst.calls.symbols | worst.tokens_in.symbols))
    if symbols:
        lines.append(
            Text(
                f"  with {', '.join(symbols)} in tok or items; bind them to see numbers: "
                "--source NAME=PATH, --set NAME=VALUE",
                style="dim",
            )
        )
    return lines


def _notes(plan: Plan) -> list[Text]:
    budget = plan.recipe.budget
    lines = [*map(_rewrite_line, plan.rewrites), *map(verdict_line, plan.verdict.lines)]
    rounds = plan.totals.rounds.value()
    depth = f"depth {plan.totals.depth}"
    shape = f"{depth}, {rounds:,} rounds one after another" if rounds is not None else depth
    lines.append(Text(f"  {shape}", style="dim"))
    lines += [Text(f"  {words}") for words in _in_batches(plan)]
    lines += [Text(f"  {words}", style="dim") for words in _outside(plan)]
    if budget.default:
        lines.append(Text("  the recipe declares no budget: this is the default one", style="dim"))
    lines.append(
        Text(
            f"  models: {_models(plan) or 'none'}; prices of {plan.binding.prices_from}; "
            f"tok {plan.binding.measure}",
            style="dim",
        )
    )
    lines += [
        Text(f"  {name} is allowed {room:,} tok a call at least, thinking included", style="dim")
        for name, room in plan.binding.rooms
    ]
    return lines


def _in_batches(plan: Plan) -> Iterator[str]:
    """What calls in batches cost and take, beside what they do live."""
    asked_live = live(plan)
    if asked_live is not None:
        cost, usual = plan.totals.worst.usd, asked_live.totals.worst.usd
        prices = f"${dollars(cost)} at most, ${dollars(usual)} live" if cost and usual else ""
        hours = max(limits.hours for limits in FORMS.values())
        time = f"each round of calls is answered within {hours} h"
        yield f"in batches: {'; '.join(filter(None, (prices, time)))}"


def _outside(plan: Plan) -> Iterator[str]:
    """What code of free-form steps may call outside of its sandbox, and how often in a session."""
    for node in plan.nodes:
        caps = node.step.work.asked.prompt.repl if node.step.work.asked is not None else None
        if caps is not None and caps.functions:
            most = dict(caps.most)
            named = (
                f"{f.name} {most.get(f.name, CALLS):,} times" + _whose(f) for f in caps.functions
            )
            yield f"code of {node.id} may call in a session: {', '.join(named)}"


def _whose(function: HostFunction) -> str:
    """Where a function runs."""
    if function.server:
        return f" (MCP server {function.server})"
    return f" ({function.code.path})" if function.code is not None else ""


def _rewrite_line(rewrite: Rewrite) -> Text:
    """What was changed of the recipe's plan, and what it saves at most."""
    saved = rewrite.saves.value()
    words = f": saves up to {saved:,} {'call' if saved == 1 else 'calls'}" if saved else ""
    return Text(f"  rewritten: {rewrite.words}{words}", style="green")


def _models(plan: Plan) -> str:
    models = plan.binding.models.values()
    tiers = {b.name: f" ({b.tier})" for b in models if b.tier}
    tiers |= {b.name: " (in batches)" for b in models if b.batched}
    return ", ".join(sorted({n.model + tiers.get(n.model, "") for n in plan.nodes if n.model}))


def verdict_line(line: Line) -> Text:
    """A limit and what is said of it."""
    text = Text("  budget ")
    text.append(f"{line.limited}: ")
    text.append(line.word, style=TONES[line.word])
    return text.append(line.because)


def short(plan: Plan) -> Text:
    """The plan in one line, as `rlm run` shows it before it begins."""
    worst, expected = plan.totals.worst, plan.totals.expected
    text = Text("plan  ", style="bold")
    text.append(f"{number(expected.calls)} calls expected, {number(worst.calls)} at most", "none")
    text.append(f"; {number(worst.tokens_in)} tok in, {number(worst.tokens_out)} out at most; ")
    text.append("price unknown" if worst.usd is None else f"${dollars(worst.usd)} at most")
    text.append(f"; budget {plan.verdict.word}", style=TONES[plan.verdict.word])
    if models := _models(plan):
        at = f" at {plan.binding.endpoint}" if plan.binding.endpoint else ""
        text.append(f"; {models}{at}", "none")
    return text


def plans_view(found: Sequence[tuple[str, str, Plan | None]]) -> Table:
    """The plans of many recipes by file, a line each; of one that cannot be planned, that it
    cannot."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("recipe", overflow="fold")
    for heading in ("calls", "worst", "usd"):
        table.add_column(heading, justify="right")
    table.add_column("budget")
    for file, recipe, plan in found:
        name = Text(f"{file} ").append(recipe, style="bold")
        if plan is None:
            table.add_row(name, "", "", "", Text("error", style="red"))
            continue
        worst, word = plan.totals.worst, plan.verdict.word
        usd = "?" if worst.usd is None else dollars(worst.usd)
        calls = (number(plan.totals.expected.calls), number(worst.calls))
        table.add_row(name, *calls, usd, Text(word, style=TONES[word]))
    return table


def print_plan(plan: Plan, console: Console) -> None:
    """Draws the plan."""
    console.print(plan_view(plan, console.width))
