"""What a recipe says of the DSPy module that answers a prompt."""

from __future__ import annotations

from rlmlang.ir.expressions import Code
from rlmlang.value import Frozen, value


@value
class DspyModule(Frozen):
    """The DSPy module that answers a prompt: one of DSPy's by its `name`, or the user's `code`. It
    makes at most `calls` calls for an answer, in requests that hold no more than `context` tok with
    their answers, of at most `output`, those of the prompt's model where they are None."""

    name: str
    calls: int
    code: Code | None = None
    context: int | None = None
    output: int | None = None
    tools: tuple[Code, ...] = ()
