"""A search that found nothing: it is said, and no prompt is paid for to look at an empty list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlmlang.context import Cut, Datum, Slice, Tree
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.evaluate import Environment
from rlmlang.execute.node import NodeRun
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.recipe import Ask, Prompt
from rlmlang.verbs.filter import Filter
from rlmlang.verbs.map import Map
from rlmlang.verbs.search import Search

CODE = "nothing-found"


def say(node: NodeRun, query: str) -> None:
    """Tells the user at once, of each step the first time."""
    words = f"{node.id}: nothing was found for {query!r:.80}"
    node.scope.notice(failed(CODE, words), node.id)


async def empty_search(node: NodeRun, ask: Ask, env: Environment) -> str:
    """The step that a prompt has only an empty list of, because a search found nothing; empty where
    it has something to look at."""
    found = ""
    for _, e in ask.args:
        value = await node.evaluate(e, env)
        if isinstance(value, Slice | Tree | Cut) or (_is_list(value) and value):
            return ""
        if _is_list(value):
            found = found or next(_searched(node, e), "")
    return found


def _is_list(value: Datum) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _searched(node: NodeRun, e: Expr) -> Iterator[str]:
    """The step that a list comes from, if that is a search, or goes over what one found."""
    at = node.node
    while isinstance(e, Ref) and e.name in at.inputs:
        at = node.plan.node(at.inputs[e.name])
        work = at.step.work
        if isinstance(work, Search):
            yield at.id
        if not isinstance(work, Map | Filter):
            return
        e = work.subject


def empty_answer(prompt: Prompt, code: str, message: str) -> Datum:
    """The empty value of a prompt's result. Raises CodedError where it has none."""
    result = prompt.result
    if result.optional:
        return None
    if result.textual:
        return ""
    if result.is_list:
        return []
    hint = "let the prompt answer `T?`, or test count(…) first"
    raise failed(code, message, hint=hint)
