"""What runs in Monty before the first cell: the modules that it lacks, and the handles.

The text of `worker/contexts.py` becomes the body of a function, so that code can neither see its
names nor replace them. What code is rewritten to (`monty_rewrite.Reach`) calls the special methods
of handles by their names, since Monty asks nothing of the host from within one that it calls.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import cache

from rlmlang import resources
from rlmlang.sandboxes.worker.contexts import FUNCTIONS

CALL = "__call"  # the host's only function
BEFORE = "def __contexts():\n"
AFTER = f"""
    return Session(lambda name, args: {CALL}(name, args)), HANDLES

__session, __handles = __contexts()
__len = len

def __get(x, key):
    return x.__getitem__(key) if isinstance(x, __handles) else x[key]

def __cut(x, start, end, step):
    if isinstance(x, __handles):
        return x.__getitem__(slice(start, end, step))
    return x[start:end] if step is None else x[start:end:step]

def __each(x):
    return list(x.__iter__()) if isinstance(x, __handles) else x

def __in(a, b):
    return b.__contains__(a) if isinstance(b, __handles) else a in b

def len(x):
    return x.__len__() if isinstance(x, __handles) else __len(x)

"""


@cache
def library() -> str:
    """The program, in Monty's subset of Python."""
    handles = textwrap.indent(resources.package_text("sandboxes/worker/contexts.py"), "    ")
    functions = "".join(f"{name} = __session.{name}\n" for name in FUNCTIONS)
    modules = resources.package_text("sandboxes/monty_prelude.txt")
    return modules + BEFORE + handles + AFTER + functions


def beginning(names: Iterable[str], tools: Iterable[str]) -> str:
    """The program that gives a session its variables, which lie in `__given`, and its tools."""
    variables = [f"{n} = __session.variable(__given[{n!r}])" for n in names]
    functions = [f"{n} = __session.tool({n!r})" for n in tools]
    return "\n".join([*variables, "__given = None", *functions])
