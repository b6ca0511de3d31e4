"""What a tuning may cost at most, before it starts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rlmlang.ir import suite as s
from rlmlang.runtime.prepare import prepare
from rlmlang.schema.dimensions import SPENT
from rlmlang.testing.datasets import Example, Examples
from rlmlang.testing.evals import Way
from rlmlang.tuning.tune import DEMOS, Parts, parts_of

REFLECTIONS = 2  # a proposal and a merge, at most, for each small batch of GEPA


@dataclass(frozen=True)
class Stage:
    """A part of a tuning: how often it runs the recipe, at most."""

    words: str
    runs: int


@dataclass(frozen=True)
class Price:
    """Runs by stage, what one run may take at most, and calls of the model that reflects."""

    stages: tuple[Stage, ...]
    calls: int
    tokens: int
    usd: float | None
    reflections: int

    @property
    def runs(self) -> int:
        """All runs."""
        return sum(x.runs for x in self.stages)


def price_of(tune: s.Tune, examples: Examples, way: Way) -> Price:
    """The most a tuning may take: so many runs, each of them at the worst of the largest example.

    Kept answers cost nothing, so it takes less, and nothing at all the second time.
    """
    parts = parts_of(tune, examples)
    largest = max(examples.rows, key=_size)
    calls, tokens, usd = _worst(way, largest)
    proposals = math.ceil(tune.trials / 3) * REFLECTIONS if tune.optimizer == "gepa" else 0
    return Price(tuple(stages_of(tune, parts)), calls, tokens, usd, proposals)


def stages_of(tune: s.Tune, parts: Parts) -> Sequence[Stage]:
    """The stages and their runs."""
    train, dev, test = len(parts.train), len(parts.dev), len(parts.test)
    found = [Stage("the score before and after", 2 * test)]
    settings = math.prod(len(k.choices) for k in tune.knobs if k.kind in ("number", "model"))
    if any(k.kind in ("number", "model") for k in tune.knobs):
        found.append(Stage(f"{settings} settings of numbers and models", settings * dev))
    counts = {c for k in tune.knobs if k.kind == "demos" for c in k.choices if c} or {DEMOS}
    match tune.optimizer:
        case "bootstrap":
            found.append(Stage("demonstrations", len(counts) * (train + dev) + dev))
        case "mipro":
            found.append(Stage("mipro", tune.trials + train * 2 + 2 * dev))
        case "gepa":
            extra = len(counts) * (train + dev) if any(k.kind == "demos" for k in tune.knobs) else 0
            # GEPA looks at its limit between steps, of which one takes two small batches and dev
            found.append(Stage("rewritten tasks", tune.trials + 6 + dev + 2 * dev + extra))
    return found


def _size(row: Example) -> int:
    return len(json.dumps([dict(row.values), dict(row.sources)], default=str))


def _worst(way: Way, row: Example) -> tuple[int, int, float | None]:
    worst = prepare(way.path, way.options_for(row), need_all=True).plan.totals.worst
    usd = worst.usd.exact() if worst.usd is not None else None
    tokens = (worst.tokens_in + worst.tokens_out).value() or 0
    return worst.calls.value() or 0, tokens, None if usd is None else float(usd)


def lines_of(price: Price, tune: s.Tune) -> list[str]:
    """The price as text, beside the budget of the tuning."""
    out = [f"tune {tune.name} for {tune.recipe}, optimizer {tune.optimizer}: at most"]
    out += [f"  {x.runs:>9,} runs  {x.words}" for x in price.stages]
    usd = "unknown" if price.usd is None else f"${price.runs * price.usd:,.2f}"
    each = f"{price.calls:,} calls and {price.tokens:,} tok"
    whole = f"{price.runs * price.calls:,} calls, {usd}"
    out.append(f"  {price.runs:>9,} runs of at most {each}: {whole}")
    if price.reflections:
        out.append(f"  {price.reflections:>9,} calls of the model that reflects")
    limits = {d.name: getattr(tune.budget, d.name) for d in SPENT}
    given = ", ".join(f"{k} <= {v:,}" for k, v in limits.items() if v is not None)
    held = "it is never passed"
    if price.usd is None and limits["usd"] is not None:
        held = "dollars are not counted, since a model has no known price; the rest is never passed"
    return [*out, f"  budget: {given or 'none declared'}; {held}"]
