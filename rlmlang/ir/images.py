"""What a model of a plan counts for images."""

from __future__ import annotations

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.binding import BoundModel
from rlmlang.schema.image_rules import AROUND, DEAREST, NONE, ImageRule, rule_of


def image_rule(bound: BoundModel) -> ImageRule:
    """How a model counts images. Raises CodedError (images-not-taken, images-undeclared)."""
    rule = rule_of(bound.takes.images, bound.takes.image_tokens)
    if rule is None:
        raise not_taken(bound) if bound.takes.images == NONE else _undeclared(bound)
    return rule


def image_most(bound: BoundModel) -> int:
    """The most tokens of one image of a run, with what stands around it: of the largest that is
    given, else of any that its model takes, else of any that some model takes."""
    rule = rule_of(bound.takes.images, bound.takes.image_tokens)
    return bound.image or (DEAREST if rule is None else rule.most) + AROUND


def not_taken(bound: BoundModel) -> CodedError:
    """The problem `images-not-taken`."""
    wrong = ""
    if not bound.name.startswith("offline/"):
        told = f'[takes] "{bound.name}" = {{ image_tokens = 1_500 }}'
        wrong = f"; if the tables are wrong about this one, in rlm.toml: {told}"
    return failed(
        "images-not-taken",
        f"{bound.name} takes no images",
        hint=f"name a model that does, as --model openai/gpt-4o{wrong}",
    )


def _undeclared(bound: BoundModel) -> CodedError:
    return failed(
        "images-undeclared",
        f"nobody knows how many tokens {bound.name} counts for an image",
        reason="Every call reserves its worst case before it is sent, and images are most of it.",
        hint=f'say in rlm.toml what one costs at most: [takes] "{bound.name}" = '
        "{ image_tokens = 1_500 }; in a model block: takes: { image_tokens: 1_500 }",
    )
