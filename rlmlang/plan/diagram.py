"""The graph of a plan as Mermaid, DOT and a self-contained SVG: what its plain attributes say."""

from __future__ import annotations

from html import escape

from rlmlang.ir.recipe import Step
from rlmlang.plan.graph import Graph, NodeData, contained, container, data_edges, layers, lifted

WIDE, HIGH, GAP_X, GAP_Y, MARGIN, ASIDE = 220, 52, 36, 44, 24, 72
FILLS = {
    "given": "#eef2f7", "cuts": "#e3f1e6", "asks": "#fdebd3", "joins": "#fbdcd8",
    "chooses": "#ece2f7", "computes": "#f6f6f6", "batch": "#fff6d6",
}  # fmt: skip


def _id(id: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in id)


def _label(graph: Graph, id: str) -> str:
    node: NodeData = graph.nodes[id]
    return node["words"] if node["words"] and node["verb"] != "compute" else node["type"]


def _tops(graph: Graph) -> list[str]:
    return [id for id in graph if not container(graph, id)]


def mermaid(graph: Graph) -> str:
    """A flowchart in Mermaid; what a step is made of is a sub-graph."""
    lines = ["flowchart TD"]
    for id in _tops(graph):
        lines += _mermaid(graph, id, "  ")
    lines += [f"  {_id(a)} --> {_id(b)}" for a, b, _ in data_edges(graph)]
    return "\n".join(lines) + "\n"


def _mermaid(graph: Graph, id: str, indent: str) -> list[str]:
    box = "[{}]" if not container(graph, id) else "({})"
    lines = [f"{indent}{_id(id)}" + box.format(f'"{_quoted(graph, id)}"')]
    if parts := contained(graph, id):
        lines.append(f"{indent}subgraph region_{_id(id)}[{_id(id)}]")
        lines += [x for part in parts for x in _mermaid(graph, part, indent + "  ")]
        lines.append(f"{indent}end")
    return lines


def _quoted(graph: Graph, id: str) -> str:
    label = _label(graph, id)
    return (f"{id}: {label}" if label else id).replace('"', "#quot;")


def dot(graph: Graph) -> str:
    """The graph for Graphviz; what a step is made of is a cluster."""
    lines = [f'digraph "{graph.name}" {{', "  node [shape=box, style=rounded];"]
    for id in _tops(graph):
        lines += _dot(graph, id, "  ")
    lines += [f'  "{a}" -> "{b}";' for a, b, _ in data_edges(graph)]
    return "\n".join([*lines, "}"]) + "\n"


def _dot(graph: Graph, id: str, indent: str) -> list[str]:
    label = f"{_escaped(id)}\\n{_escaped(_label(graph, id))}"
    lines = [f'{indent}"{id}" [label="{label}"];']
    if parts := contained(graph, id):
        lines.append(f'{indent}subgraph "cluster_{_id(id)}" {{ label="{id}";')
        lines += [x for part in parts for x in _dot(graph, part, indent + "  ")]
        lines.append(f"{indent}}}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def svg(graph: Graph) -> str:
    """A drawing that needs nothing else: the steps in layers from the inputs down."""
    rows = layers(graph)
    width = max(len(layer) for layer in rows)
    total = width * (WIDE + GAP_X) - GAP_X + 2 * MARGIN + ASIDE
    height = len(rows) * (HIGH + GAP_Y) - GAP_Y + 2 * MARGIN
    place: dict[str, tuple[float, float]] = {}
    for row, layer in enumerate(rows):
        left = (total - ASIDE - len(layer) * (WIDE + GAP_X) + GAP_X) / 2
        for column, id in enumerate(layer):
            place[id] = (left + column * (WIDE + GAP_X), MARGIN + row * (HIGH + GAP_Y))
    edges = [_edge(place[a], place[b]) for a, b in lifted(graph)]
    nodes = [_box(graph, id, *place[id]) for id in place]
    return (
        "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" '
                f'width="{total}" height="{height}" font-family="system-ui, sans-serif">',
                f"<title>Plan of {escape(graph.name)}</title>",
                '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
                'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker>'
                "</defs>",
                f'<rect width="{total}" height="{height}" fill="#fff"/>',
                *edges,
                *nodes,
                "</svg>",
            ]
        )
        + "\n"
    )


def _edge(a: tuple[float, float], b: tuple[float, float]) -> str:
    """A line from box to box; one that passes other layers bends aside, so that none hides it."""
    x1, y1, x2, y2 = a[0] + WIDE / 2, a[1] + HIGH, b[0] + WIDE / 2, b[1]
    middle = (y1 + y2) / 2
    path = f"M{x1:g} {y1:g} C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2 - 1:g}"
    if y2 - y1 > GAP_Y + 1:
        x1, y1, x2, y2 = a[0] + WIDE, a[1] + HIGH / 2, b[0] + WIDE, b[1] + HIGH / 2
        out = max(x1, x2) + ASIDE - MARGIN
        path = f"M{x1:g} {y1:g} C{out:g} {y1:g} {out:g} {y2:g} {x2 + 1:g} {y2:g}"
    return f'<path d="{path}" fill="none" stroke="#667" stroke-width="1.3" marker-end="url(#a)"/>'


def _kind(graph: Graph, id: str) -> str:
    """What fills its box; a node around the plan, of a batch, does nothing in it."""
    step: Step | None = graph.nodes[id]["operation"]
    return step.work.kind if step is not None else "batch"


def _box(graph: Graph, id: str, x: float, y: float) -> str:
    node: NodeData = graph.nodes[id]
    label = _label(graph, id)
    label = label if len(label) <= 30 else label[:29] + "…"
    calls = node["bound"]["worst"]["calls"]
    price = f" · ≤ {calls:,} calls" if calls and not isinstance(calls, str) else ""
    return (
        f'<g><rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="8" '
        f'fill="{FILLS[_kind(graph, id)]}" stroke="#889"/>'
        f'<text x="{x + 12:g}" y="{y + 21:g}" font-size="13" font-weight="600">'
        f"{escape(id)}{escape(price)}</text>"
        f'<text x="{x + 12:g}" y="{y + 39:g}" font-size="11" fill="#445">{escape(label)}</text></g>'
    )
