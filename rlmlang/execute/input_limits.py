"""What code hands to a model, held against what the plan counted with: the sizes that parameters
declare, and the room of the model."""

from __future__ import annotations

from collections.abc import Mapping

from rlmlang.context import Datum, Measure, Slice, Tree, text_of, tok_in
from rlmlang.ir import recipe as r
from rlmlang.ir.request_sizes import AGAIN, template_size
from rlmlang.ir.sizes import GROWTH


def too_large(
    prompt: r.Prompt | r.Tool, inputs: Mapping[str, Datum], measure: Measure, room: int | None
) -> str:
    """Why inputs are not taken, in words for the model; empty when they are. `room` is the most
    tok of a request, none for a pattern, whose own calls are measured by its steps."""
    sizes = {n: size_of(v, measure) for n, v in inputs.items()}
    for p in prompt.params:
        given = inputs.get(p.name)
        size = len(given) if isinstance(given, list | tuple) else sizes.get(p.name, 0)
        if p.max is not None and size > p.max:
            unit = "items" if isinstance(given, list | tuple) else "tok"
            return f"`{p.name}` has {size:,} {unit}; {prompt.name} takes at most {p.max:,}"
    total = sum(sizes.values())
    if room is None or isinstance(prompt, r.Tool):
        return ""
    again = prompt.written * GROWTH + AGAIN if prompt.retry else 0
    left = room - template_size(prompt) - again
    if total <= left:
        return ""
    return (
        f"{total:,} tok are too many for one call: at most {left:,}. Pass a part, or split it "
        "(`split(max=…)`) and ask about the pieces"
    )


def beginning(text: str, most: int, measure: Measure) -> str:
    """The beginning of a text that is no larger than so many tok."""
    data = text.encode(errors="replace")
    return data[: measure.reach(data, most * measure.per_tok)].decode()


def size_of(value: Datum, measure: Measure) -> int:
    """The size of a value in tok when it is shown; of a slice without reading it as text."""
    if isinstance(value, Slice):
        return tok_in(value.parts, measure)
    if isinstance(value, Tree):
        return size_of([d.id for d in value.documents], measure)
    if isinstance(value, list | tuple):
        return sum(size_of(v, measure) + 4 for v in value)
    return measure.tok(text_of(value))
