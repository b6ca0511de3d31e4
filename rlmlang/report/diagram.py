"""A plan as Mermaid, DOT and a self-contained SVG."""

from __future__ import annotations

from html import escape

from rlmlang.plan.graph import Node, data_edges
from rlmlang.plan.plan import Plan

WIDE, HIGH, GAP_X, GAP_Y, MARGIN, ASIDE = 220, 52, 36, 44, 24, 72
FILLS = {
    "given": "#eef2f7", "cuts": "#e3f1e6", "asks": "#fdebd3", "joins": "#fbdcd8",
    "chooses": "#ece2f7", "computes": "#f6f6f6",
}  # fmt: skip


def _id(id: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in id)


def _label(node: Node) -> str:
    return node.words if node.words and node.verb != "compute" else node.type


def mermaid(plan: Plan) -> str:
    """A flowchart in Mermaid; what a step is made of is a sub-graph."""
    lines = ["flowchart TD"]
    for node in plan.parts():
        lines += _mermaid(plan, node, "  ")
    lines += [f"  {_id(a)} --> {_id(b)}" for a, b, _ in data_edges(plan.graph)]
    return "\n".join(lines) + "\n"


def _mermaid(plan: Plan, node: Node, indent: str) -> list[str]:
    box = "[{}]" if not node.within else "({})"
    lines = [f"{indent}{_id(node.id)}" + box.format(f'"{_quoted(node)}"')]
    if node.parts:
        lines.append(f"{indent}subgraph region_{_id(node.id)}[{_id(node.id)}]")
        lines += [x for part in plan.parts(node.id) for x in _mermaid(plan, part, indent + "  ")]
        lines.append(f"{indent}end")
    return lines


def _quoted(node: Node) -> str:
    text = f"{node.id}: {_label(node)}" if _label(node) else node.id
    return text.replace('"', "#quot;")


def dot(plan: Plan) -> str:
    """The graph for Graphviz; what a step is made of is a cluster."""
    lines = [f'digraph "{plan.recipe.name}" {{', "  node [shape=box, style=rounded];"]
    for node in plan.parts():
        lines += _dot(plan, node, "  ")
    lines += [f'  "{a}" -> "{b}";' for a, b, _ in data_edges(plan.graph)]
    return "\n".join([*lines, "}"]) + "\n"


def _dot(plan: Plan, node: Node, indent: str) -> list[str]:
    lines = [f"{indent}{_dot_node(node)}"]
    if node.parts:
        lines.append(f'{indent}subgraph "cluster_{_id(node.id)}" {{ label="{node.id}";')
        lines += [x for part in plan.parts(node.id) for x in _dot(plan, part, indent + "  ")]
        lines.append(f"{indent}}}")
    return lines


def _dot_node(node: Node) -> str:
    label = f"{node.id}\\n{_label(node)}".replace('"', '\\"')
    return f'"{node.id}" [label="{label}"];'


def svg(plan: Plan) -> str:
    """A drawing that needs nothing else: the steps in layers from the inputs down."""
    layers = plan.layers()
    width = max(len(layer) for layer in layers)
    total = width * (WIDE + GAP_X) - GAP_X + 2 * MARGIN + ASIDE
    height = len(layers) * (HIGH + GAP_Y) - GAP_Y + 2 * MARGIN
    place: dict[str, tuple[float, float]] = {}
    for row, layer in enumerate(layers):
        left = (total - ASIDE - len(layer) * (WIDE + GAP_X) + GAP_X) / 2
        for column, id in enumerate(layer):
            place[id] = (left + column * (WIDE + GAP_X), MARGIN + row * (HIGH + GAP_Y))
    edges = [_edge(place[a], place[b]) for a, b in plan.lifted()]
    nodes = [_box(plan.node(id), *place[id]) for id in place]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" '
        f'width="{total}" height="{height}" font-family="system-ui, sans-serif">',
        f"<title>Plan of {escape(plan.recipe.name)}</title>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
        f'<rect width="{total}" height="{height}" fill="#fff"/>', *edges, *nodes, "</svg>",
    ]) + "\n"  # fmt: skip


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


def _box(node: Node, x: float, y: float) -> str:
    label = _label(node)
    label = label if len(label) <= 30 else label[:29] + "…"
    calls = node.bound.worst.calls.value()
    price = f" · ≤ {calls:,} calls" if calls else ""
    return (
        f'<g><rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="8" '
        f'fill="{FILLS[node.step.work.kind]}" stroke="#889"/>'
        f'<text x="{x + 12:g}" y="{y + 21:g}" font-size="13" font-weight="600">'
        f"{escape(node.id)}{escape(price)}</text>"
        f'<text x="{x + 12:g}" y="{y + 39:g}" font-size="11" fill="#445">{escape(label)}</text></g>'
    )
