"""The prompt that stands for each call of a DSPy module that answers a prompt: with it the call is
priced, measured, paid and recorded like any other."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.recipe import DspyModule, Prompt
from rlmlang.ir.types import TEXT

PART = "call"
"""What stands behind the name of a step for the calls of its module."""


def call_of(prompt: Prompt, module: DspyModule) -> Prompt:
    """What one call of the module asks: nothing is known of it but how large it may be."""
    model = prompt.model
    sized = replace(
        model, context=module.context or model.context, output=module.output or model.output
    )
    return Prompt(prompt.name, (), TEXT, None, prompt.task, sized, settings=prompt.settings)
