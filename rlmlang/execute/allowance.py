"""What the plan that runs allows its requests: each of them, and all of a step together.

Bounds are proved from what declarations, contracts and real sizes say. Where a value turns out to
be larger than that, its request is not sent, so that what was planned holds of every run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.ir.bounds import Cost
from rlmlang.ir.recipe import Prompt
from rlmlang.ir.request_sizes import frame_size, messages_of, room_of
from rlmlang.plan.graph import Node
from rlmlang.plan.plan import Plan
from rlmlang.protocols import NoAnswerError


@dataclass
class Left:
    """Requests and tokens that are left of what all of a step may take; None where the plan knows
    no number."""

    calls: int | None
    tokens: int | None
    most_calls: int = 0


@dataclass
class Allowance:
    """What one run may still send."""

    plan: Plan
    _left: dict[str, Left] = field(default_factory=dict)
    _known: dict[tuple[str, bool], Callable[[int], None]] = field(default_factory=dict)

    def of(self, name: str, prompt: Prompt, *, again: bool) -> Callable[[int], None]:
        """What takes the tokens of a request of a predictor before it is sent, `again` where it is
        repeated. It raises NoAnswerError (request-too-large) for more than is allowed."""
        found = self._known.get((name, again))
        if found is None:
            node, part = self._node(name)
            most = self._most(node, part, prompt, again=again)
            found = self._known[name, again] = partial(self._take, name, self._top(node), most)
        return found

    def _node(self, name: str) -> tuple[Node, str]:
        """The node that a predictor belongs to, and its part of that."""
        id = name
        while id not in self.plan.by_id:
            id = id.rpartition(".")[0]
        return self.plan.by_id[id], name.removeprefix(id).lstrip(".")

    def _top(self, node: Node) -> Node:
        """The node whose bound counts those of all that it is made of."""
        return next(reversed(self.plan.around(node)), node)

    def _most(self, node: Node, part: str, prompt: Prompt, *, again: bool) -> int:
        """The most tokens of one request, never more than the room of its model. The steps of a
        pattern that code calls know no sizes; each has that room."""
        found = next((a for a in node.bound.requests if a.part == part), None)
        room = room_of(prompt.model) * self.plan.binding.most + frame_size(messages_of(prompt))
        planned = (found.first + (found.again if again else 0)).value() if found else None
        if planned is None:
            return room
        return min(planned, room)

    def _worst(self, top: Node) -> Cost:
        """The most that a step may take, where the budgets of items leave it to their accounts what
        each of them may."""
        inside = [(n, self.plan.around(n)) for n in self.plan.nodes]
        inner = [(n, around) for n, around in inside if top in (n, *around)]
        if not any(n.step.work.repeats for n, _ in inner):
            return top.bound.worst
        asking = [n for n, a in inner if n.prompt and not any(outer.prompt for outer in a)]
        return sum((n.bound.worst for n in asking), Cost())

    def _take(self, name: str, top: Node, most: int, tokens: int) -> None:
        if (left := self._left.get(top.id)) is None:
            worst = self._worst(top)
            most_calls, most_tokens = worst.calls.value(), worst.tokens_in.value()
            left = self._left[top.id] = Left(most_calls, most_tokens, most_calls or 0)
        if tokens > most:
            raise _too_large(f"a request of `{name}` may be {tokens:,} tokens", most)
        if left.calls is not None:
            if left.calls < 1:
                raise _too_large(f"`{name}` asks once more", left.most_calls, "calls")
            left.calls -= 1
        if left.tokens is not None:
            if left.tokens < tokens:
                raise _too_large(f"`{name}` asks for {tokens:,} tokens more", left.tokens)
            left.tokens -= tokens


def _too_large(what: str, most: int, unit: str = "tokens") -> NoAnswerError:
    return NoAnswerError(
        Diagnostic(
            "request-too-large",
            f"{what}; the plan allows {most:,} {unit}",
            (),
            "It was not sent: what it shows is larger than whatever the plan counted with.",
            "see the step with `rlm plan`; declare a larger `max` for what it is shown, or cut "
            "that smaller",
        )
    )
