"""The models that a recipe names."""

from __future__ import annotations

from rlmlang.value import Frozen, value


@value
class Model(Frozen):
    """A model that prompts name. Sizes in tok; `price` in dollars per million tok, in and out,
    None if not given."""

    name: str
    default: str
    context: int
    output: int
    temperature: float
    price: tuple[float, float] | None = None
    declared: bool = False
