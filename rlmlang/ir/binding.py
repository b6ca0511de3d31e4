"""What a recipe is planned against: models with prices, sizes of sources, limits that were set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace

from rlmlang.ir.models import Model, Takes
from rlmlang.schema.formula import Sizes
from rlmlang.value import LATER, Frozen, value

BATCH = "batch"
"""The tier by which a call in a batch of its provider's is served."""


@value
class Price(Frozen):
    """Dollars per million tok, in and out."""

    input: float
    output: float
    origin: str = "table"


@value
class BoundModel(Frozen):
    """A model of a recipe with the real one that fills it, and what that takes; `price` is None
    when nobody knows one. Where another service tier is asked for than the usual one, `tier_price`
    is what that costs. `image` is the most tokens of one image of the run, 0 where the images are
    not there yet. Calls of one that is `batched` are sent in batches of its provider's at
    `batch_price`, but for those of sessions and modules, which wait for each answer."""

    model: str
    name: str
    price: Price | None
    takes: Takes = field(default_factory=Takes)
    tier: str = field(default="", metadata=LATER)
    tier_price: Price | None = field(default=None, metadata=LATER)
    image: int = field(default=0, metadata=LATER)
    batched: bool = field(default=False, metadata=LATER)
    batch_price: Price | None = field(default=None, metadata=LATER)

    @property
    def in_batches(self) -> BoundModel:
        """The same as its calls in batches are priced, where it has such."""
        if not self.batched:
            return self
        return replace(self, price=self.batch_price, tier="", tier_price=None)

    @property
    def usual_price(self) -> Price | None:
        """What a call costs as it is asked for."""
        return self.tier_price or self.price

    @property
    def least_price(self) -> Price | None:
        """What a call may cost at least: which tier serves it is known when it is answered."""
        return self._of_both(min)

    @property
    def most_price(self) -> Price | None:
        """What a call may cost at most."""
        return self._of_both(max)

    def _of_both(self, chosen: Callable[[float, float], float]) -> Price | None:
        one, other = self.price, self.tier_price
        if one is None or other is None:
            return one
        sent, written = chosen(one.input, other.input), chosen(one.output, other.output)
        return Price(sent, written, one.origin)

    @property
    def room(self) -> int:
        """The least tok that a call must be allowed for its answer, thinking included."""
        return self.takes.thinking

    def output(self, model: Model, written: int) -> int:
        """The most tokens of a call whose answer takes at most `written`, thinking included."""
        return max(model.output, self.room) if self.room else written


@value
class Binding(Frozen):
    """Everything outside the recipe that its plan depends on.

    `sizes` gives values to the unknowns of the formulas; names in `exact` are those whose size is
    not an upper bound but the real one. `prices_from` is the date of the price table. Sizes are in
    tok; a provider counts at most `most` tokens for one. `endpoint` is where requests go, empty for
    the providers' own. `distinct` has how many different items there are in lists that were looked
    through, by node, since equal ones are asked about once; `all_differ` takes all of all lists to
    differ.
    """

    models: Mapping[str, BoundModel] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)
    exact: frozenset[str] = frozenset()
    prices_from: str = ""
    measure: str = "estimated: 2 bytes of UTF-8 a tok, at worst 1"
    grain: int = 2
    most: int = 2
    endpoint: str = ""
    distinct: Mapping[str, int] = field(default_factory=dict)
    all_differ: bool = False

    def model(self, model: Model) -> BoundModel:
        """What fills a model of the recipe."""
        found = self.models.get(model.name)
        return found if found is not None else BoundModel(model.name, model.default or "?", None)

    def output(self, model: Model, written: int) -> int:
        """The most tokens that one call of a model may write whose answer takes at most `written`:
        so many, or all that it is allowed where it thinks first."""
        return self.model(model).output(model, written)

    @property
    def rooms(self) -> tuple[tuple[str, int], ...]:
        """The models that must be allowed more than nothing, each once."""
        return tuple(sorted({(b.name, b.room) for b in self.models.values() if b.room}))
