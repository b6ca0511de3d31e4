"""How large a task can become when its template is filled in, in tok.

A loop counts its body as often as it goes round, a choice its larger side, a filter what it can
make of its value. Jinja is imported only when a task holds a template at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import nodes

Size = int
Sizes = Mapping[str, Size]
UNSIZED = 2_000
"""What counts for a value of which nothing is declared, in tok; a larger one is not sent."""
SMALL = 12  # a number, a truth, an attribute of `loop`
CHARACTER = 2  # tok of one character at most
REPR = 4  # times the size of a text in a list, which Python shows: `\x00` is one byte
GROWS = {"upper": 3, "lower": 3, "tojson": 6}
"""How many times its size a filter may make a text: `ΐ` in capitals is three times as long, and
the JSON of a control character six times."""


def templated(task: str) -> bool:
    """Whether a task is a template."""
    return "{{" in task or "{%" in task or "{#" in task


def filled_size(task: str, sizes: Sizes) -> Size:
    """The most tok of a task whose values have these sizes, by their names or paths."""
    plain = len(task.encode()) // 2 + 1
    return max(plain, _filled(task, tuple(sorted(sizes.items())))) if templated(task) else plain


@lru_cache(256)
def _filled(task: str, sizes: tuple[tuple[str, Size], ...]) -> Size:
    from jinja2 import Environment, TemplateSyntaxError

    try:
        parsed = Environment(autoescape=False).parse(task)  # noqa: S701
    except TemplateSyntaxError:
        return 0  # it is shown as it is
    return _sum(parsed.body, dict(sizes))


def _sum(parts: Iterable[nodes.Node], sizes: Sizes) -> Size:
    return sum(_size(part, sizes) for part in parts)


def _size(node: nodes.Node, sizes: Sizes) -> Size:
    """The most tok that a part of a template comes to."""
    rule = RULES.get(type(node).__name__)
    return UNSIZED if rule is None else rule(node, sizes)


def _path(node: nodes.Getattr, sizes: Sizes) -> Size:
    base = str(getattr(node.node, "name", ""))
    if base == "loop":
        return SMALL
    return sizes.get(f"{base}.{node.attr}", sizes.get(base, UNSIZED))


def _filter(node: nodes.Filter, sizes: Sizes) -> Size:
    given = _size(node.node, sizes) if node.node is not None else 0
    more = _sum((*node.args, *(k.value for k in node.kwargs)), sizes)
    if node.name == "length":
        return SMALL
    if node.name == "join":
        return given + _items(node.node, sizes) * (more + 1)
    return given * GROWS.get(node.name, 1) + more + 2


def _for(node: nodes.For, sizes: Sizes) -> Size:
    times = _items(node.iter, sizes)
    names = [
        n.name for n in (node.target, *getattr(node.target, "items", ())) if hasattr(n, "name")
    ]
    inner = {**sizes, **dict.fromkeys(names, _item(node.iter, sizes))}
    return times * _sum(node.body, inner) + _sum(node.else_, sizes)


def _if(node: nodes.If, sizes: Sizes) -> Size:
    sides = [node.body, *(e.body for e in node.elif_), node.else_]
    return max(_sum(side, sizes) for side in sides)


def _items(node: nodes.Node | None, sizes: Sizes) -> int:
    """How many items a loop goes over: those of a list, or the characters of a text."""
    if type(node).__name__ == "List":
        return len(getattr(node, "items", ()))
    return 2 * _size(node, sizes) if node is not None else 0


def _item(node: nodes.Node, sizes: Sizes) -> Size:
    if type(node).__name__ == "List":
        return max((_size(x, sizes) for x in getattr(node, "items", ())), default=0)
    return CHARACTER


def _small(node: nodes.Node, sizes: Sizes) -> Size:
    return SMALL


def _larger(*names: str) -> Callable[..., Size]:
    def rule(node: nodes.Node, sizes: Sizes) -> Size:
        sides = [getattr(node, name) for name in names]
        return max(_size(side, sizes) for side in sides if side is not None)

    return rule


RULES: Mapping[str, Callable[..., Size]] = {
    "Output": lambda n, s: _sum(n.nodes, s),
    "TemplateData": lambda n, s: len(n.data.encode()) // 2 + 1,
    "Const": lambda n, s: len(str(n.value).encode()) // 2 + 1,
    "Name": lambda n, s: s.get(n.name, UNSIZED),
    "Getattr": _path,
    "Filter": _filter,
    "For": _for,
    "If": _if,
    "CondExpr": _larger("expr1", "expr2"),
    "And": _larger("left", "right"),
    "Or": _larger("left", "right"),
    "Not": _small,
    "Compare": _small,
    "Test": _small,
    "List": lambda n, s: _sum(n.items, s) * REPR + 4 * len(n.items) + 2,
}
