"""What kind of values a type has."""

from __future__ import annotations

from rlmlang.ir.facts import Facts
from rlmlang.ir.types import BaseType, EnumType, ImageType, Type, parts_of
from rlmlang.schema.formula import ONE, ZERO, Formula


def labels_of(type_: Type) -> tuple[str, ...]:
    """The labels of an enum; none for any other type."""
    return type_.names if isinstance(type_, EnumType) else ()


def is_images(type_: BaseType) -> bool:
    """Whether a value is an image, or a list of images."""
    return isinstance(type_, ImageType) or (type_.is_list and isinstance(type_.item, ImageType))


def has_images(type_: Type) -> bool:
    """Whether a value of a type is or holds an image."""
    return isinstance(type_, ImageType) or any(map(has_images, parts_of(type_)))


def images_of(facts: Facts) -> Formula:
    """How many images a value is or holds at most."""
    type_ = facts.type
    if isinstance(type_, ImageType):
        return ONE
    if not has_images(type_):
        return ZERO
    return facts.count * facts.inner
