"""The models that a recipe names."""

from __future__ import annotations

from dataclasses import field

from rlmlang.value import LATER, Frozen, value


@value
class Takes(Frozen):
    """What a real model takes: the name of the field that limits an answer; whether a temperature;
    the least tokens of a call that thinks first, thinking included; whether it is held to a JSON
    schema (json_schema, none or unknown). None is unknown too. `images` is the rule by which it
    counts images, none where it takes none; `image_tokens` the most of one, where that is said."""

    limit_field: str = "max_tokens"
    temperature: bool = True
    thinking: int = 0
    structured: str = "unknown"
    stop: bool | None = None
    logprobs: bool | None = None
    tiers: tuple[str, ...] = ()
    batch: bool | None = None
    images: str = field(default="unknown", metadata=LATER)
    image_tokens: int = field(default=0, metadata=LATER)


@value
class Model(Frozen):
    """A model that prompts name. Sizes in tok; `price` in dollars per million tok, in and out,
    None if not given; `answer` is the form of its answers, `takes` what is said of `Takes`."""

    name: str
    default: str
    context: int
    output: int
    temperature: float
    price: tuple[float, float] | None = None
    declared: bool = False
    answer: str = "auto"
    takes: tuple[tuple[str, object], ...] = ()
    top_p: float | None = field(default=None, metadata=LATER)
    seed: int | None = field(default=None, metadata=LATER)
    service_tier: str = field(default="", metadata=LATER)
