"""A plan as a notebook shows it: the drawing, a table of its steps, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rlmlang.ir.bounds import Bound
from rlmlang.ir.suite import Batch
from rlmlang.plan.batches import in_words, with_batches
from rlmlang.plan.diagram import svg
from rlmlang.plan.graph import CostData, Graph, NodeData, Number, bound_data, container
from rlmlang.plan.verdict import Verdict

COLUMNS = ("step", "what", "type", "calls", "tok in", "tok out", "usd")


def page(
    graph: Graph, totals: Bound, verdict: Verdict, hash: str, batches: Sequence[Batch] = ()
) -> str:
    """HTML that stands by itself. Costs are the worst case, of a batch that of an item."""
    steps = [id for id, data in graph.nodes(data=True) if data["operation"].work.kind != "given"]
    rows = [_row(graph, id) for id in steps]
    rows += [_total(name, cost) for name, cost in _cases(totals)]
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    lines = [
        f"<li>budget {escape(f'{line.limited}: {line.word}{line.because}')}</li>"
        for line in verdict.lines
    ]
    lines += [f"<li>{escape(in_words(batch))}</li>" for batch in batches]
    return (
        f"<div>{svg(with_batches(graph, batches))}<table><caption>plan of {escape(graph.name)} "
        f"<code>{escape(hash[:12])}</code></caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table><ul>{''.join(lines)}</ul></div>"
    )


def _row(graph: Graph, id: str) -> str:
    node: NodeData = graph.nodes[id]
    depth, around = 0, container(graph, id)
    while around:
        depth, around = depth + 1, container(graph, around)
    kind = " ".join(filter(None, (node["type"], node["coverage"])))
    return _cells(" " * (4 * depth) + id, node["words"], kind, *_costs(node["bound"]["worst"]))


def _cases(totals: Bound) -> list[tuple[str, CostData]]:
    found = bound_data(totals)
    return [("best", found["best"]), ("expected", found["expected"]), ("worst", found["worst"])]


def _total(name: str, cost: CostData) -> str:
    return _cells("", name, "", *_costs(cost))


def _costs(cost: CostData) -> tuple[str, ...]:
    usd = "price unknown" if cost["usd"] is None else _number(cost["usd"])
    return _number(cost["calls"]), _number(cost["tokens_in"]), _number(cost["tokens_out"]), usd


def _number(value: Number) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def _cells(*texts: str) -> str:
    """A row; the first three cells are words, the others amounts."""
    sides = ("left",) * 3 + ("right",) * 4
    cells = (
        f'<td style="text-align:{side};white-space:pre-wrap">{escape(text)}</td>'
        for side, text in zip(sides, texts, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"
