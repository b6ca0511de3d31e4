"""What the calls of one model may take in a plan: the worst case of all nodes that ask it, and the
best that is sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rlmlang.ir.bounds import Bound, Cost
from rlmlang.ir.recipe import Ask, Part
from rlmlang.ir.repl_prompts import free_prompts
from rlmlang.verbs.map import MapBody


@dataclass(frozen=True)
class OfModel:
    """The costs of one model in a graph that is priced: `parts` are its nodes, `inside` gives those
    that a node is made of."""

    model: str
    parts: Mapping[str, Part]
    inside: Callable[[str], list[str]]

    def worst(self, id: str) -> Cost:
        """The most that a node and all in it may take."""
        part = self.parts[id]
        ask, shares = part.step.work.asked, part.step.work.shares(part.known)
        total = self._own(id, ask, part.bound)
        if ask is not None and ask.prompt.repl is not None:
            return total
        for inner in self.inside(id):
            share = shares.get(inner.removeprefix(f"{id}."))
            asked = self.parts[inner].step.work.asked
            total += self.worst(inner) if share is None else self._own(inner, asked, share)
        return self._of_all(part, total)

    def best(self, id: str) -> Cost:
        """The least that is sure: of a node that asks the model itself."""
        ask = self.parts[id].step.work.asked
        sure = ask is not None and ask.prompt.model.name == self.model
        return self.parts[id].bound.best if sure else Cost()

    def _own(self, id: str, ask: Ask | None, bound: Bound) -> Cost:
        """What a node takes itself; of a session whatever it may ask is counted for each model."""
        mine = ask is not None and self.model in self._models(id, ask)
        return bound.worst if mine else Cost()

    def _models(self, id: str, ask: Ask) -> set[str]:
        prompt, caps = ask.prompt, ask.prompt.repl
        if caps is None:
            return {prompt.model.name}
        prompts = [*free_prompts(prompt).values(), *caps.prompts]
        inner = [a.prompt for n in self._below(id) if (a := self.parts[n].step.work.asked)]
        return {p.model.name for p in (prompt, *prompts, *inner)}

    def _below(self, id: str) -> Iterator[str]:
        for inner in self.inside(id):
            yield inner
            yield from self._below(inner)

    def _of_all(self, part: Part, one: Cost) -> Cost:
        """What all items of a map take, each no more than its budget."""
        work = part.step.work
        if not isinstance(work, MapBody):
            return one
        limits = work.budget
        of_model = {limit: most for limit, model, most in limits.of_models if model == self.model}
        one = one.within(limits.calls, limits.tokens, limits.usd)
        one = one.within(of_model.get("calls"), of_model.get("tokens"), of_model.get("usd"))
        return one.times(work.times(part.known)[0])
