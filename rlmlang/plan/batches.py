"""The batches over a recipe, as nodes around its plan and as values of its document: what each goes
over, the budget of all its items, where answers go. How many items there are, nobody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlmlang.ir.bounds import Bound
from rlmlang.ir.expressions import Constant, Expr, Joined
from rlmlang.ir.suite import Batch, Each
from rlmlang.ir.walk import names, show
from rlmlang.plan.graph import Graph, bound_data
from rlmlang.schema.dimensions import DIMENSIONS
from rlmlang.value import Json

RESULT = "result"
STDOUT = "standard output"


def with_batches(graph: Graph, batches: Iterable[Batch]) -> Graph:
    """A copy of a plan's graph with nodes for batches, which have no `operation`."""
    made = Graph(graph)
    for batch in batches:
        _add(made, batch)
    return made


def _add(graph: Graph, batch: Batch) -> None:
    for each in batch.each:
        id = f"{batch.name}: each {each.name}"
        graph.add_node(id, **_said(batch, "each", goes_over(each)))
        for param in _fed(batch, each):
            if param in graph:
                graph.add_edge(id, param, **_flow(each.name))
    whole = f"batch {batch.name}"
    graph.add_node(whole, **_said(batch, "batch", "; ".join(_limits(batch))))
    graph.add_edge(RESULT, whole, **_flow(RESULT))
    for word, text in _outputs(batch):
        graph.add_node(f"{batch.name}: {word}", **_said(batch, word, text))
        graph.add_edge(whole, f"{batch.name}: {word}", **_flow(word))


def _said(batch: Batch, verb: str, words: str) -> dict[str, object]:
    """What the graph says of a node, as `NodeData` has it for steps."""
    return {
        "verb": verb,
        "words": words,
        "type": "",
        "coverage": "",
        "prompt": "",
        "model": "",
        "within": "",
        "places": [{"path": batch.base, "line": batch.line}],
        "bound": bound_data(Bound()),
        "operation": None,
    }


def _flow(port: str) -> dict[str, str]:
    return {"kind": "data", "port": port, "mode": "stream"}


def _fed(batch: Batch, each: Each) -> Iterator[str]:
    """The parameters that an element of it decides over."""
    if each.fills:
        yield each.name
    yield from (param for param, value in batch.sets if each.name in names(value))


def _limits(batch: Batch) -> Iterator[str]:
    """The budget, and how several lists are put together."""
    budget = [f"{name} <= {most:,.10g}" for name, most in _budget(batch).items()]
    yield ", ".join(budget) or "no budget of its own"
    if len(batch.each) > 1:
        yield "side by side" if batch.zipped else "each with each"


def _budget(batch: Batch) -> dict[str, float]:
    found = vars(batch.budget)
    return {d.name: found[d.name] for d in DIMENSIONS if found[d.name] is not None}


def _outputs(batch: Batch) -> list[tuple[str, str]]:
    output = [("output", text_of(batch.output))] if batch.output is not None else []
    table = [("table", batch.table)] if batch.table else []
    return output + table or [("output", STDOUT)]


def in_words(batch: Batch) -> str:
    """A batch in a line."""
    over = ", ".join(f"each {e.name} in {goes_over(e)}" for e in batch.each)
    gives = ", ".join(f"{word} {text}" for word, text in _outputs(batch))
    return f"batch {batch.name}: {over}; {'; '.join(_limits(batch))}; {gives}"


def goes_over(each: Each) -> str:
    """What an `each` goes over."""
    if each.over == "list":
        return f"[{', '.join(map(show, each.values))}]"
    return f"{each.over}({each.source.name})" if each.source else f'{each.over}("{each.path}")'


def text_of(template: Expr) -> str:
    """A text as it is written, with names in braces."""
    parts = template.parts if isinstance(template, Joined) else (template,)
    return "".join(str(p.value) if isinstance(p, Constant) else f"{{{show(p)}}}" for p in parts)


def batch_values(batch: Batch) -> dict[str, Json]:
    """A batch as JSON values."""
    return {
        "batch": batch.name,
        "recipe": batch.recipe,
        "each": [{"name": e.name, "over": goes_over(e), "fills": e.fills} for e in batch.each],
        "set": {path: show(value) for path, value in batch.sets},
        "pairs": "zip" if batch.zipped else "product",
        "at_once": batch.at_once,
        "on_error": "skip" if batch.goes_on else "fail",
        "name": text_of(batch.called) if batch.called is not None else None,
        "output": text_of(batch.output) if batch.output is not None else None,
        "table": batch.table or None,
        "budget": dict(_budget(batch)),
    }
