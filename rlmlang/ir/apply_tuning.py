"""A recipe with what a tuning found put in: tasks and demonstrations, predictor by predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rlmlang.ir import recipe as r

Found = Mapping[str, r.Tuned]


def with_tuned(recipe: r.Recipe, found: Found) -> r.Recipe:
    """The recipe whose predictors say what was found for them."""
    return replace(recipe, steps=tuple(_step(s, found) for s in recipe.steps))


def _step(step: r.Step, found: Found) -> r.Step:
    ask = step.work.asked
    if ask is None:
        return step
    return replace(step, work=replace(step.work, ask=_ask(ask, step.name, found)))


def _ask(ask: r.Ask, name: str, found: Found) -> r.Ask:
    prompt = ask.prompt
    if prompt.one_call:
        return replace(ask, prompt=said(prompt, found.get(name)))
    parts = {p.removeprefix(f"{name}."): t for p, t in found.items() if p.startswith(f"{name}.")}
    if prompt.repl is None:
        return replace(ask, prompt=replace(prompt, tuned=tuple(parts.items())))
    tools = tuple(said(p, parts.pop(p.name, None)) for p in prompt.repl.prompts)
    patterns = tuple(
        replace(t, steps=tuple(_step(s, found) for s in t.steps)) for t in prompt.repl.patterns
    )
    caps = replace(prompt.repl, prompts=tools, patterns=patterns)
    free = replace(prompt, repl=caps, tuned=tuple(parts.items()))
    return replace(ask, prompt=free)


def said(prompt: r.Prompt, tuned: r.Tuned | None) -> r.Prompt:
    """A prompt that says what was found."""
    if tuned is None:
        return prompt
    return replace(prompt, task=tuned.task or prompt.task, demos=tuned.demos)
