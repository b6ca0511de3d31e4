"""What steps read of the sources that their types speak of, as lines of the receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rlmlang.context import Datum
from rlmlang.execute.run_context import RunContext
from rlmlang.functions.trees import COMPARE
from rlmlang.ir.recipe import Ask
from rlmlang.ir.walk import calls_of, names, show
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan
from rlmlang.schema.partitions import Coverage, worst_of
from rlmlang.trajectory.receipt import Line
from rlmlang.verbs.inputs import Input, Pattern, ReadSource


@dataclass
class Lineage:
    """What a value was cut from without a model between: `inputs` of the plan, by way of `filters`
    and other steps that decide of items. `halved` says that it is a half of a filter's or a part of
    a comparison's, `assumed` why it was taken to be whole."""

    inputs: set[str] = field(default_factory=set)
    filters: list[str] = field(default_factory=list)
    halved: bool = False
    assumed: str = ""


def lines_of(scope: RunContext, plan: Plan, inputs: Mapping[str, Datum]) -> list[Line]:
    """A line for each step and source: of steps that show slices or rows to a model, or hand them
    to code, also where nothing was left to show; and of what was assumed of other steps."""
    nodes = [n for n in plan.nodes if not _inside(plan, n)]
    return [line for node in nodes for line in _lines(scope, plan, node, inputs)]


def followed(plan: Plan) -> frozenset[str]:
    """The filters, and other steps that decide of items, where a model is shown their items later:
    what they turn away is booked."""
    shown = [n for n in plan.nodes if n.step.work.repeats or _shown_by(plan, n) is not None]
    return frozenset(id for n in shown for id in _gone_over(plan, n).filters)


def _gone_over(plan: Plan, node: Node) -> Lineage:
    """What the items that a node goes over were cut from, or all that it reads."""
    work = node.step.work
    found = lineage(plan, [(node, work.items or work.streamed or work)])
    found.filters += [node.id] if work.decides else []
    return found


def _inside(plan: Plan, node: Node) -> bool:
    """Whether a node runs only when code asks for it, or once for each item of another."""
    around = [n.step.work for n in plan.around(node)]
    return any(isinstance(work, Pattern) or work.repeats for work in around)


def _lines(
    scope: RunContext, plan: Plan, node: Node, inputs: Mapping[str, Datum]
) -> Iterator[Line]:
    """The lines of one step that has asked something, or has come to its end."""
    if (inner := _repeated(plan, node)) and any(_shown_by(plan, n) is not None for n in inner):
        yield from _lines_of_items(scope, plan, node, inner, inputs)
        return
    shown_by, receipt, assumed = _shown_by(plan, node), scope.receipt, node.step.assumed
    by_code = shown_by is not None and shown_by.prompt.selects
    asked = node.id in (scope.account.children if by_code else receipt.reads)
    if not asked and node.id not in receipt.ended and node.id not in receipt.skipped:
        return
    work = node.step.work
    if shown_by is None:
        if node.id in receipt.judged and work.streamed is not None:
            yield receipt.judgement(node.id, show(work.streamed), work.condition)
        if assumed:
            yield receipt.assumption(node.id, sorted(node.facts.origins), assumed)
        return
    subject = _gone_over(plan, node)
    all_of_it = lineage(plan, [(n, n.step.work) for n in (node, *map(plan.node, node.parts))])
    for name in sorted(all_of_it.inputs & node.facts.origins & inputs.keys()):
        promised: Coverage = "some" if by_code else _promised(node, name, subject)
        line = receipt.line(
            node.id,
            name,
            inputs[name],
            promised,
            assumed or subject.assumed,
            by_code=by_code and asked,
            where=_where(node) if promised != "some" else "",
            filters=subject.filters if name in subject.inputs else (),
        )
        if line is not None:
            unsure = not asked and not line.kept  # nothing came to it, for whatever reason
            yield replace(line, promised="some", where="") if unsure else line


def _repeated(plan: Plan, node: Node) -> list[Node]:
    """The nodes that are carried out for each item of a node, however deep."""
    if not node.step.work.repeats:
        return []
    return [n for n in plan.nodes if node.id in [a.id for a in plan.around(n)]]


def _lines_of_items(
    scope: RunContext, plan: Plan, node: Node, inner: list[Node], inputs: Mapping[str, Datum]
) -> Iterator[Line]:
    """The lines of a step whose items have steps of their own: what all of those read. What they
    leave of an item is decided by code, unless they look for something in it."""
    receipt, assumed = scope.receipt, node.step.assumed
    asked = receipt.gather(node.id, [n.id for n in inner])
    if not asked and node.id not in receipt.ended and node.id not in receipt.skipped:
        return
    read_by_code = any((ask := _shown_by(plan, n)) and ask.prompt.selects for n in inner)
    made = worst_of(plan.node(id).facts.coverage for id in _read(node, node.step.work.cut_from))
    found = "some" if read_by_code else worst_of((node.facts.coverage, made))
    subject = _gone_over(plan, node)
    all_of_it = lineage(plan, [(n, n.step.work) for n in (node, *inner)])
    for name in sorted(all_of_it.inputs & node.facts.origins & inputs.keys()):
        over = name in subject.inputs and not subject.halved
        promised: Coverage = "exact" if assumed else found if over else "some"
        line = receipt.line(
            node.id,
            name,
            inputs[name],
            promised,
            assumed or subject.assumed,
            by_code=read_by_code and asked,
            where=_where(node) if promised != "some" else "",
            filters=subject.filters if over and made != "some" else (),
        )
        if line is not None:
            unsure = not asked and not line.kept
            yield replace(line, promised="some", where="") if unsure else line


def _shown_by(plan: Plan, node: Node) -> Ask | None:
    """The prompt by which a step shows something to a model; None where it shows nothing."""
    part = node.step.work.shown_by
    return (plan.node(f"{node.id}.{part}") if part else node).step.work.asked


def lineage(plan: Plan, reads: Sequence[tuple[Node, object]]) -> Lineage:
    """What the values that some nodes read by some expressions were cut from. What a model has said
    ends a line."""
    found = Lineage(halved=any(map(_compares, (part for _, part in reads))))
    waiting = [id for node, part in reads for id in _read(node, part)]
    for id in waiting:
        node = plan.node(id)
        work = node.step.work
        if isinstance(work, Input | ReadSource):
            found.inputs.add(id)
            continue
        found.assumed = found.assumed or node.step.assumed
        found.halved = found.halved or work.halves or _compares(work.cut_from)
        decides = bool(work.condition) or work.decides
        found.filters += [id] if decides and not work.halves else []
        waiting += [n for n in _read(node, work.cut_from) if n not in waiting]
    return found


def _compares(part: object) -> bool:
    """Whether it takes the parts of trees that were compared, none of which is all of them."""
    return next(calls_of(part, COMPARE), None) is not None


def _read(node: Node, part: object) -> list[str]:
    return [node.inputs[name] for name in names(part) if name in node.inputs]


def _where(node: Node) -> str:
    """The conditions that what a node shows to a model has passed."""
    return " and ".join(sorted(node.facts.where - {node.step.work.condition}))


def _promised(node: Node, name: str, subject: Lineage) -> Coverage:
    """What a step's type says of its reading of a source."""
    if node.step.assumed:
        return "exact"
    work = node.step.work
    for port, id in node.inputs.items():
        if id == name and (shown := work.shows_whole(port)) is not None:
            return shown
    if work.items is not None and name in subject.inputs and not subject.halved:
        return node.facts.coverage
    return "some"
