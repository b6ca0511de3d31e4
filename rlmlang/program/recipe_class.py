"""A class for one recipe, whose source says what the recipe says.

Whoever wants to know what a module does asks `inspect` for the source of its class: MIPROv2 shows
it to the model that proposes instructions, `help` shows its docstring, tracers its name. So the
class is made from a source that has the recipe as its docstring, and `linecache` knows that
source, as it knows what `dataclasses` and doctests make.
"""

from __future__ import annotations

import hashlib
import linecache

from rlmlang.program.module import RecipeModule

SOURCE = '''class Recipe(RecipeModule):
    """A recipe of rlmlang: prompts are asked where its steps name them.

{recipe}
    """

    own = True

    def forward(self, **inputs):
        return super().forward(**inputs)
'''


def recipe_class(name: str, text: str) -> type[RecipeModule]:
    """The class of a recipe of that name, in a file with that text."""
    said = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    source = SOURCE.replace("{recipe}", said)
    file = f"<recipe {name} {hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    made: dict[str, type[RecipeModule]] = {}
    exec(compile(source, file, "exec"), {"RecipeModule": RecipeModule, "__name__": file}, made)  # noqa: S102, the text stands in a docstring
    found = made["Recipe"]
    found.__name__ = name
    return found
