"""The tiers of sandboxes that a recipe, a project or a command may name."""

from __future__ import annotations

MONTY, CPYTHON = "monty", "cpython"
DEFAULT = (MONTY,)
CHOICES = ((MONTY,), (CPYTHON,), (MONTY, CPYTHON))


def chosen(names: tuple[str, ...]) -> bool:
    """Whether names are a choice of tiers: one, or the default and the fuller one after it."""
    return names in CHOICES
