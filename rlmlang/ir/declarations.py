"""What a recipe declares beside its prompts and steps: sources, partitions, budgets, tunings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from rlmlang.ir.types import Type
from rlmlang.value import LATER, Frozen, value

Demo = tuple[tuple[str, object], ...]
"""A worked example: the prompt's fields and `result`, by name."""


@value
class Tuned(Frozen):
    """What a tuning found for a predictor: its task, empty where it stays, and demonstrations."""

    task: str = ""
    demos: tuple[Demo, ...] = ()


@value
class Source(Frozen):
    """Where a context comes from; `base` is the file that declares it."""

    name: str
    kind: str
    type: Type
    location: str = ""
    options: tuple[tuple[str, object], ...] = ()
    max: int | None = None
    base: str = field(default="", compare=False)


@value
class Partition(Frozen):
    """A strategy with its arguments; gather adds neighbours, in tok."""

    strategy: str
    arguments: tuple[tuple[str, object], ...]
    before: int = 0
    after: int = 0

    @property
    def options(self) -> dict[str, object]:
        """The arguments as a dictionary."""
        return dict(self.arguments)


OfModel = tuple[str, str, float]
"""A dimension, a model's name, and what the calls of that model may take of it."""


@value
class Budget(Frozen):
    """Declared limits; None means none. `default` when the recipe declared no budget; `of_models`
    are the limits of single models."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    wall: float | None = None
    depth: int | None = None
    parallel: int | None = None
    default: bool = False
    of_models: tuple[OfModel, ...] = field(default=(), metadata=LATER)

    def having(self, limits: Mapping[str, object]) -> Budget:
        """The budget with these limits, as the table of dimensions reads them."""
        make: Callable[..., Budget] = Budget
        return make(**{**vars(self), **limits})


@value
class OnError(Frozen):
    """What to do with an item that fails: `fail`, or leave out at most a fraction of them."""

    skip: bool = False
    at_most: float = 0.0
