"""A tree that grows while it is walked. A part that fits a leaf is asked; one that does not is
branched, pruned, and its answers are joined as soon as neighbours are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import anyio

from rlmlang.context import Datum, Slice, Tree, tok_in
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.call_model import ItemError, request_for
from rlmlang.execute.evaluate import Environment
from rlmlang.execute.joining import Joining
from rlmlang.execute.nesting import deep_enough
from rlmlang.execute.node import NodeRun
from rlmlang.execute.respond import respond
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.skips import SKIPPED, Skipped, Skips
from rlmlang.ir.calls import CallId
from rlmlang.ir.recipe import Ask
from rlmlang.verbs.recurse import Recurse


async def run(node: NodeRun, work: Recurse) -> int:
    """The answer for the whole; gives the number of leaves."""
    subject = await node.text(work.subject)
    recursion = Recursion(node, work, await _parts(node))
    value = await recursion.walk(subject, "", 0)
    recursion.skips.few_enough(recursion.leaves, "leaves")
    return node.give(None if value is SKIPPED else value, recursion.leaves)


async def _parts(node: NodeRun) -> dict[str, tuple[Ask, Environment]]:
    """The prompts of the steps that a recursion is made of, with the values that they read."""
    found: dict[str, tuple[Ask, Environment]] = {}
    for id in node.node.parts:
        name = id.removeprefix(f"{node.id}.")
        part = node.part(name)
        if (ask := part.node.step.work.asked) is not None:
            found[name] = (ask, await part.environment())
    return found


@dataclass
class Recursion:
    """One recursion over one context."""

    node: NodeRun
    work: Recurse
    parts: Mapping[str, tuple[Ask, Environment]]
    leaves: int = 0
    skips: Skips = field(init=False)
    running: anyio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        scope, how = self.node.scope, self.work.branch
        self.skips = Skips(scope, self.node.id, self.work.on_error)
        self.running = anyio.Semaphore(max(scope.parallel * 4, scope.in_batches))
        self.branch = scope.tools.partition(how.strategy, how.options, how.before, how.after)

    async def walk(self, part: Slice | Tree, path: str, depth: int) -> Datum | Skipped:
        """The answer for a part: of a model that reads it, or of what its branches gave."""
        if self._size(part) <= self.work.leaf_size:
            return await self._leaf(part, path, depth)
        if depth >= self.work.depth:
            raise failed(
                "depth-too-short",
                f"{self.node.id}: a part of {self._size(part):,} tok is left at depth {depth}, "
                f"a leaf holds {self.work.leaf_size:,}",
                hint="allow more depth, larger leaves, or more parts a branch",
            )
        deep_enough(self.node.scope, self.node.id, self.node.scope.depth + 2 + depth)
        children = list(self.branch.split(part, self.node.scope.tools.measure))
        if self.work.keep is not None:
            children = await self._pruned(children, path, depth + 1)
        return await self._joined(children, path, depth)

    def _size(self, part: Slice | Tree) -> int:
        """The size of a part in tok, rounded up."""
        return tok_in(part.parts, self.node.scope.tools.measure)

    async def _leaf(self, part: Slice | Tree, path: str, depth: int) -> Datum | Skipped:
        call = self.node.call(path or "all")
        self.leaves += 1
        item = part if isinstance(part, Slice) else Slice(part.parts, headed=True)
        try:
            async with self.running:
                return await self._ask("leaf", call, item, depth)
        except ItemError as problem:
            return self.skips.leave_out(problem, call, item)

    async def _joined(self, children: Sequence[Slice], path: str, depth: int) -> Datum | Skipped:
        """The answers of the children as one. Full groups are joined while others are awaited."""
        ready: dict[int, Datum | Skipped] = {}
        turn = 0

        def call(level: int | None, index: int) -> CallId:
            what = f"last{index}" if level is None else f"join{level}.{index}"
            return self.node.call(path or "all", what)

        async def ask(call: CallId, group: list[Datum]) -> Datum:
            return await self._ask("join", call, group, depth)

        async def child(number: int, part: Slice) -> None:
            nonlocal turn
            ready[number] = await self.walk(part, f"{path}.{number}".lstrip("."), depth + 1)
            while turn in ready:  # in order: what says nothing is left out
                value = ready.pop(turn)
                turn += 1
                if value is not None and value is not SKIPPED:
                    joining.add(value)

        async with anyio.create_task_group() as tasks:
            joining = Joining(self.work.fanin, tasks, call, ask)
            for number, part in enumerate(children):
                tasks.start_soon(child, number, part)
        left = await joining.last()
        return left[0] if left else SKIPPED

    async def _pruned(self, children: list[Slice], path: str, depth: int) -> list[Slice]:
        """The children that are gone into: those that score best, in their order."""
        least, most = self.work.keep or (1, 1)
        scores: dict[int, float] = {}

        async def look(number: int, part: Slice) -> None:
            call = self.node.call(f"{path}.{number}".lstrip("."), "prune")
            seen = head(part, self.work.see, self.node.scope)
            said = await self._ask("prune", call, seen, depth)
            scores[number] = float(said) if isinstance(said, int | float) else 0.0

        async with anyio.create_task_group() as tasks:
            for number, part in enumerate(children):
                tasks.start_soon(look, number, part)
        ranked = sorted(scores, key=lambda n: (-scores[n], n))
        kept = [n for n in ranked if scores[n] > 0][:most]
        kept += [n for n in ranked if n not in kept][: max(0, least - len(kept))]
        return [children[n] for n in sorted(kept)]

    async def _ask(self, part: str, call: CallId, item: Datum, depth: int) -> Datum:
        """The answer of one of the steps that the recursion is made of."""
        node, (ask, env) = self.node, self.parts[part]
        request = await request_for(node.scope, call, ask, env, item, part, depth)
        return await respond(node.scope, request)


def head(part: Slice, size: int, scope: RunContext) -> Slice:
    """The beginning of a part, of at most so many tok."""
    cut = scope.tools.partition("tokens", {"max": size, "overlap": 0, "slack": 0.1}, 0, 0)
    found: Slice = next(islice(cut.split(part, scope.tools.measure), 1))
    return found
