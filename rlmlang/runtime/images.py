"""The images of a run: what its models count for one, and whether they take any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rlmlang.context import Datum
from rlmlang.images import Image, images_in, too_large
from rlmlang.ir.binding import BoundModel
from rlmlang.ir.images import image_rule, not_taken
from rlmlang.ir.kinds import has_images
from rlmlang.ir.predictors import prompts_of
from rlmlang.ir.recipe import Recipe
from rlmlang.plan.plan import Plan
from rlmlang.schema.image_rules import DEAREST, rule_of


def with_images(
    models: Mapping[str, BoundModel],
    asked: Recipe | Plan,
    inputs: Mapping[str, Datum],
    *,
    mocked: bool,
) -> dict[str, BoundModel]:
    """The models with the most tokens of an image of this run, where all images are there. Raises
    CodedError (images-not-taken, images-undeclared, image-too-large) for a model that could not be
    shown them; one that is `mocked` takes all."""
    prompts = prompts_of(asked).values()
    seeing = {p.model.name for p in prompts if any(has_images(x.type) for x in p.params)}
    interface = asked.recipe if isinstance(asked, Plan) else asked
    types = {p.name: p.type for p in interface.params}
    types |= {s.name: s.type for s in interface.sources}
    images = [image for value in inputs.values() for image in images_in(value)]
    known = all(name in inputs for name, type_ in types.items() if has_images(type_))
    taking = _mocked if mocked else _real
    shown = {n: taking(b) for n, b in models.items() if n in seeing}
    return {**models, **{n: _with(b, images if known else []) for n, b in shown.items()}}


def most_of(models: Mapping[str, BoundModel]) -> dict[str, int]:
    """The most tokens of an image by the recipe's names of models, where that is known."""
    return {name: bound.image for name, bound in models.items() if bound.image}


def _mocked(bound: BoundModel) -> BoundModel:
    """A model that a test answers for: of one without a rule, the dearest counts."""
    if rule_of(bound.takes.images, bound.takes.image_tokens) is not None:
        return bound
    return replace(bound, takes=replace(bound.takes, image_tokens=DEAREST))


def _real(bound: BoundModel) -> BoundModel:
    """A model that is asked; the embedded reader sees nothing, whatever is said of it."""
    if bound.name.startswith("offline/"):
        raise not_taken(bound)
    return bound


def _with(bound: BoundModel, images: list[Image]) -> BoundModel:
    rule = image_rule(bound)
    for image in images:
        if image.size > rule.file:
            words = f"{image.name} has {image.size:,} bytes; {bound.name} takes {rule.file:,}"
            raise too_large(words, "Its provider would refuse it; nothing is shrunk unseen.")
    return replace(bound, image=max((image.tokens(rule) for image in images), default=0))
