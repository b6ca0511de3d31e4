"""recurse: a tree that grows while it is walked. A part that fits a leaf is asked; one that does
not is branched, pruned, and its answers are joined as soon as neighbours are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import anyio

from rlmlang.check import recipe as r
from rlmlang.context import Slice, Tree, parts_in
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.ask import ItemError, ranges_in, request_for
from rlmlang.execute.joins import Joins, last_groups
from rlmlang.execute.respond import respond
from rlmlang.execute.scope import Scope
from rlmlang.trajectory.events import ItemSkipped

SKIPPED = object()


@dataclass
class Recursion:
    """One recursion over one context."""

    scope: Scope
    step: r.Step
    work: r.Recurse
    env: dict[str, Any]
    leaves: int = 0
    skipped: int = 0
    running: anyio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.running = anyio.Semaphore(self.scope.parallel * 4)
        how = self.work.branch
        self.branch = self.scope.tools.partition(how.strategy, how.options, how.before, how.after)

    async def run(self, subject: Any) -> Any:
        """The answer for the whole. Raises CodedError."""
        value = await self._node(subject, "", 0)
        if self.skipped > self.work.on_error.at_most * self.leaves:
            raise failed(
                "too-many-skipped",
                f"{self.step.name}: {self.skipped:,} of {self.leaves:,} leaves gave no usable "
                f"answer, more than {self.work.on_error.at_most:.0%}",
                hint="see why with `rlm show`; then mend the prompt or allow more",
            )
        return None if value is SKIPPED else value

    async def _node(self, part: Slice | Tree, path: str, depth: int) -> Any:
        if self._size(part) <= self.work.leaf_size:
            return await self._leaf(part, path)
        if depth >= self.work.depth:
            raise failed(
                "depth-too-short",
                f"{self.step.name}: a part of {self._size(part):,} tok is left at depth {depth}, "
                f"a leaf holds {self.work.leaf_size:,}",
                hint="allow more depth, larger leaves, or more parts a branch",
            )
        children = list(self.branch.split(part, self.scope.tools.measure))
        if self.work.prune is not None:
            children = await self._pruned(children, path)
        return await self._joined(children, path, depth)

    def _size(self, part: Slice | Tree) -> int:
        """The size of a part in tok, rounded up."""
        measure = self.scope.tools.measure
        if isinstance(part, Tree):
            weights = (measure.weight(d, d.start, d.size) for d in part.documents)
        else:
            weights = (measure.weight(p.document, p.start, p.end) for p in part.parts)
        return -(-sum(weights) // measure.per_tok)

    async def _leaf(self, part: Slice | Tree, path: str) -> Any:
        call = f"{self.step.name}[{path or 'all'}]"
        self.leaves += 1
        item = part if isinstance(part, Slice) else next(iter(self._all(part)))
        try:
            async with self.running:
                return await self._ask(self.work.leaf, "leaf", call, item)
        except ItemError as problem:
            if not self.work.on_error.skip:
                raise
            self.skipped += 1
            self.scope.receipt.skip(self.step.name)
            self.scope.emit(ItemSkipped, node=self.scope.node(self.step.name), call=call,
                            reason=str(problem), ranges=ranges_in(item))  # fmt: skip
            return SKIPPED

    def _all(self, tree: Tree) -> Sequence[Slice]:
        """A tree that fits a leaf, as one slice."""
        found = list(self.branch.split(tree, self.scope.tools.measure))
        return [Slice(tuple(parts_in(found)), headed=True)]

    async def _joined(self, children: Sequence[Slice], path: str, depth: int) -> Any:
        """The answers of the children as one. Full groups are joined while others are awaited."""
        joins, count = Joins(self.work.fanin), 0
        ready: dict[int, Any] = {}
        turn = 0

        async def join(level: int, index: int, items: tuple[Any, ...]) -> None:
            value = await self._join(items, f"{path or 'all'}.join{level}.{index}")
            for group in joins.put(level, index, value):
                tasks.start_soon(join, group.level, group.index, group.items)

        async def child(number: int, part: Slice) -> None:
            nonlocal turn, count
            ready[number] = await self._node(part, f"{path}.{number}".lstrip("."), depth + 1)
            while turn in ready:  # in order: what says nothing is left out
                value = ready.pop(turn)
                turn += 1
                if value is not None and value is not SKIPPED:
                    count += 1
                    for group in joins.add(value):
                        tasks.start_soon(join, group.level, group.index, group.items)

        async with anyio.create_task_group() as tasks:
            for number, part in enumerate(children):
                tasks.start_soon(child, number, part)
        left = joins.rest()
        for number, size in enumerate(list(last_groups(len(left), self.work.fanin))):
            value = await self._join(tuple(left[-size:]), f"{path or 'all'}.last{number}")
            left[-size:] = [value]
        return left[0] if left else SKIPPED

    async def _join(self, items: tuple[Any, ...], where: str) -> Any:
        group: list[Any] = list(items)
        if all(isinstance(x, list) for x in group):
            group = [x for inner in group for x in inner]
        return await self._ask(self.work.join, "join", f"{self.step.name}[{where}]", group)

    async def _pruned(self, children: list[Slice], path: str) -> list[Slice]:
        """The children that are gone into: those that score best, in their order."""
        assert self.work.prune is not None
        least, most = self.work.keep or (1, 1)
        scores: dict[int, float] = {}

        async def look(number: int, part: Slice) -> None:
            call = f"{self.step.name}[{f'{path}.{number}'.lstrip('.')}.prune]"
            assert self.work.prune is not None
            seen = head(part, self.work.see, self.scope)
            scores[number] = float(await self._ask(self.work.prune, "prune", call, seen) or 0)

        async with anyio.create_task_group() as tasks:
            for number, part in enumerate(children):
                tasks.start_soon(look, number, part)
        ranked = sorted(scores, key=lambda n: (-scores[n], n))
        kept = [n for n in ranked if scores[n] > 0][:most]
        kept += [n for n in ranked if n not in kept][: max(0, least - len(kept))]
        return [children[n] for n in sorted(kept)]

    async def _ask(self, ask: r.Ask, role: str, call: str, item: Any) -> Any:
        request = request_for(self.scope, self.step.name, call, ask, self.env, item, role)
        return await respond(self.scope, request)


def head(part: Slice, size: int, scope: Scope) -> Slice:
    """The beginning of a part, of at most so many tok."""
    cut = scope.tools.partition("tokens", {"max": size, "overlap": 0, "slack": 0.1}, 0, 0)
    found: Slice = next(islice(cut.split(part, scope.tools.measure), 1))
    return found
