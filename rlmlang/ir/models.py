"""The models that a recipe names."""

from __future__ import annotations

from rlmlang.value import Frozen, value


@value
class Model(Frozen):
    """A role. Sizes in tok; `price` in dollars per million tok, in and out, None if not given."""

    name: str = ""
    default: str = ""
    context: int = 128_000
    output: int = 1_000
    temperature: float = 0.0
    price: tuple[float, float] | None = None
    declared: bool = False
