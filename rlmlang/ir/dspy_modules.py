"""What a recipe says of the DSPy module that answers a prompt, and of a function that asks."""

from __future__ import annotations

from dataclasses import field

from rlmlang.ir.expressions import Code
from rlmlang.value import LATER, Frozen, value


@value
class DspyModule(Frozen):
    """The DSPy module that answers a prompt: one of DSPy's by its `name`, or the user's `code`.
    With a `place` that code is a plain function, which takes the model there among its arguments.
    It makes at most `calls` calls for an answer, in requests that hold no more than `context` tok
    with their answers, of at most `output`, those of the prompt's model where they are None."""

    name: str
    calls: int
    code: Code | None = None
    context: int | None = None
    output: int | None = None
    tools: tuple[Code, ...] = ()
    place: int | None = field(default=None, metadata=LATER)
