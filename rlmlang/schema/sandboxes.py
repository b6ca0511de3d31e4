"""The tiers of sandboxes that a recipe, a project or a command may name."""

from __future__ import annotations

MONTY, BUBBLEWRAP, CPYTHON, WASM, DENO = "monty", "bubblewrap", "cpython", "wasm", "deno"
QUICK = (MONTY, BUBBLEWRAP)  # a subset of Python: a session may begin here and move on
FULL = (CPYTHON, WASM, DENO)  # all of Python
TIERS = (*QUICK, *FULL)
DEFAULT = (MONTY,)
WORDS = "monty, bubblewrap, cpython, wasm or deno; or one of the first two and one of the others"


def chosen(names: tuple[str, ...]) -> bool:
    """Whether names are a choice of tiers: one, or a quick one and the fuller one after it."""
    if len(names) == 2:
        return names[0] in QUICK and names[1] in FULL
    return len(names) == 1 and names[0] in TIERS
