"""The class of a recipe's module: named as the recipe, and called with the recipe's parameters.

`dspy.Tool`, and what else looks at what a module takes, finds parameters with their types there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

from rlmlang.ir.recipe import Interface
from rlmlang.program.module import RecipeModule
from rlmlang.program.recipe_class import recipe_class
from rlmlang.program.signatures import input_type

KEYWORD = inspect.Parameter.KEYWORD_ONLY


def module_class(recipe: Interface, text: str) -> type[RecipeModule]:
    """The class of a recipe's modules; `text` is that of its file."""
    kind = recipe_class(recipe.name, text)
    if recipe.doc:
        kind.__doc__ = recipe.doc
    setattr(kind, "__call__", _call(recipe))  # noqa: B010, it is a method to mypy
    return kind


def _call(recipe: Interface) -> Callable[..., object]:
    """The call, which says what the recipe takes."""
    free = {name for name, _ in recipe.defaults}
    types = {p.name: input_type(p.type) for p in recipe.params}

    def call(self: RecipeModule, *args: object, **inputs: object) -> object:
        return super(RecipeModule, self).__call__(*args, **inputs)

    params = [
        inspect.Parameter(
            n, KEYWORD, default=None if n in free else inspect.Parameter.empty, annotation=kind
        )
        for n, kind in types.items()
    ]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    call.__annotations__ = types
    call.__dict__["__signature__"] = inspect.Signature([own, *params])
    call.__doc__ = recipe.doc
    return call
