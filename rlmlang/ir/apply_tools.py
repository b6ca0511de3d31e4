"""A recipe whose free-form prompts may call some functions more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rlmlang.ir import recipe as r


def with_functions(
    recipe: r.Recipe, functions: Sequence[r.HostFunction], most: Sequence[tuple[str, int]]
) -> r.Recipe:
    """The recipe whose code may call these functions, some of them at most so often."""
    if not functions:
        return recipe

    def step(old: r.Step) -> r.Step:
        ask = old.work.asked
        caps = ask.prompt.repl if ask is not None else None
        if ask is None or caps is None:
            return old
        more = replace(
            caps,
            tools=(*caps.tools, *(f.name for f in functions)),
            functions=(*caps.functions, *functions),
            most=(*caps.most, *most),
        )
        prompt = replace(ask.prompt, repl=more)
        return replace(old, work=replace(old.work, ask=replace(ask, prompt=prompt)))

    return replace(recipe, steps=tuple(map(step, recipe.steps)))
