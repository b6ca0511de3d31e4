"""The words of a prompt's task: its documentation above it, its template filled in."""

from __future__ import annotations

from collections.abc import Mapping

from rlmlang.ir import recipe as r


def instructions_of(prompt: r.Prompt, task: str) -> str:
    """A task, with the prompt's documentation above it."""
    return f"{prompt.doc}\n\n{task}" if prompt.doc else task


def filled(task: str, values: Mapping[str, object]) -> str:
    """A template filled in. An optimizer's rewriting that is none stays as it is."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    try:
        return environment.from_string(task).render(values)
    except TemplateError:
        return task
