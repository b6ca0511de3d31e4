"""What is written behind a line: what it may cost, and how much of its sources it holds; and what
can be done with a declaration."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.diagnostics.source import Span
from rlmlang.editor.analysis import Analysis
from rlmlang.editor.prices import coverage, short
from rlmlang.plan.plan import Plan
from rlmlang.syntax import tree as t
from rlmlang.syntax.trials import Trial
from rlmlang.value import Frozen, value

RESULT = "result"


@value
class Hint(Frozen):
    """Words behind a place of the text."""

    offset: int
    words: str


@value
class Lens(Frozen):
    """A command above a declaration: `arguments` are those of `rlm`, the file left out; without a
    command it only says something."""

    span: Span
    title: str
    command: str = ""
    arguments: tuple[str, ...] = ()


def hints(analysis: Analysis) -> Iterator[Hint]:
    """The price and the coverage of each step of each recipe that could be planned."""
    for item in analysis.items:
        if not isinstance(item, t.Recipe):
            continue
        plan = analysis.plans.get(item.name.text) if item.word == "recipe" else None
        for line in item.body.items:
            if isinstance(line, t.Let | t.Return):
                words = " · ".join(filter(None, _said(analysis, line, plan)))
                if words:
                    yield Hint(line.span.end, words)


def _said(analysis: Analysis, line: t.Let | t.Return, plan: Plan | None) -> Iterator[str]:
    name = line.name.text if isinstance(line, t.Let) else RESULT
    node = plan.by_id.get(name) if plan is not None else None
    if node is not None:
        yield short(node.bound.worst)
        yield node.coverage
    elif isinstance(line, t.Let) and line.name.span in analysis.checked.facts:
        yield coverage(analysis.checked.facts[line.name.span])


def lenses(analysis: Analysis) -> Iterator[Lens]:
    """What each recipe may cost, and the commands for recipes, tests, evals, tunings, batches."""
    for item in analysis.items:
        if isinstance(item, t.Recipe) and item.word == "recipe":
            name, plan = item.name.text, analysis.plans.get(item.name.text)
            price = short(plan.totals.worst) if plan is not None else ""
            budget = f" · budget {plan.verdict.word}" if plan is not None else ""
            title = f"plan ({price}{budget})" if price else "plan"
            for word, words in (("plan", title), ("run", "run"), ("graph", "graph")):
                yield Lens(item.name.span, words, word, ("--recipe", name))
        elif isinstance(item, Trial):
            named = ("-k", item.name.text) if item.word == "test" else (item.name.text,)
            yield Lens(item.name.span, item.word, item.word, named)
