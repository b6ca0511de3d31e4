"""A node of the plan while it runs: what it reads, and where it puts what it makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from rlmlang.context import Context, Datum, Slice, Tree, as_slice, items_of
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.execute.coding import coded
from rlmlang.execute.evaluate import Environment, evaluate
from rlmlang.execute.run_context import RunContext
from rlmlang.execute.stream import Cell, Stream
from rlmlang.ir.calls import CallId
from rlmlang.ir.expressions import Expr, Ref
from rlmlang.ir.walk import calls_code, names
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan

Inside = Callable[["NodeRun", Mapping[str, Datum]], Awaitable[Mapping[str, Cell]]]


@dataclass(frozen=True)
class NodeRun:
    """One node in one run. `cells` are where the nodes in reach put their values; `run_inside` runs
    those that a node is made of, with what some of them are given."""

    plan: Plan
    node: Node
    cells: Mapping[str, Cell]
    scope: RunContext
    run_inside: Inside

    @property
    def id(self) -> str:
        """The node's id."""
        return self.node.id

    def call(self, *path: str | int) -> CallId:
        """The call at a path of the node, or the node's own."""
        return self.scope.call(self.id, *path)

    async def environment(self, streamed: str = "") -> dict[str, Datum]:
        """The values of all that it reads, but for its own parts and what comes item by item."""
        inputs = [(port, id) for port, id in self.node.inputs.items() if id not in self.node.parts]
        return {port: await self.cells[id].value() for port, id in inputs if port != streamed}

    async def value(self, e: Expr) -> Datum:
        """The value of an expression, as soon as what it reads is there."""
        inputs = {port: self.node.inputs[port] for port in names(e) if port in self.node.inputs}
        env = {port: await self.cells[id].value() for port, id in inputs.items()}
        return await self.evaluate(e, env)

    async def evaluate(self, e: Expr, env: Environment) -> Datum:
        """The value of an expression; while the user's code is in it, other steps go on. Raises
        CodedError."""
        return await coded(
            self.scope, self.call(), calls_code(e), lambda code: evaluate(e, env, code)
        )

    async def context(self, e: Expr) -> Context:
        """What is cut or searched; plain text becomes a slice of its own. Raises CodedError."""
        value = await self.value(e)
        if isinstance(value, str):
            return as_slice(self.id, value)
        return value if isinstance(value, Slice | Tree) else items_of(value)

    async def text(self, e: Expr) -> Slice | Tree:
        """What is cut again and again. Raises CodedError (wrong-value) for a list."""
        value = await self.context(e)
        if isinstance(value, Slice | Tree):
            return value
        raise failed("wrong-value", f"{self.id} cannot go into {value!r:.60}: it is no text")

    async def items(self, subject: Expr) -> tuple[Stream | Iterable[Datum], dict[str, Datum]]:
        """The items that it goes over, a stream that is still being made or a list, and the values
        of all else that it reads."""
        if isinstance(subject, Ref) and subject.name in self.node.streams:
            cell = self.cells[self.node.inputs[subject.name]]
            if isinstance(cell, Stream):
                return cell, await self.environment(streamed=subject.name)
        env = await self.environment()
        value = await self.evaluate(subject, env)
        return items_of(value), env

    async def put(self, item: Datum) -> bool:
        """Gives the next item to whoever reads it; false when nobody wants more."""
        out = self.cells[self.id]
        return await out.put(item) if isinstance(out, Stream) else True

    def finish(self) -> int:
        """Ends the items; gives how many there were."""
        out = self.cells[self.id]
        if isinstance(out, Stream):
            out.finish()
            return out.count
        raise TypeError(f"{self.id} makes no items")

    def give(self, value: Datum, items: int = 1) -> int:
        """Gives the value, made of so many items."""
        self.cells[self.id].set(value)
        return items

    def part(self, name: str) -> NodeRun:
        """A node that this one is made of. Raises KeyError."""
        return replace(self, node=self.plan.node(f"{self.id}.{name}"))
