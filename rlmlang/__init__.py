"""rlmlang: recursive language models as source code.

`check_recipe`, `plan_recipe` and `run` are the three things one does with a recipe; a `Plan` may be
kept, changed and run; `completion` and `acompletion` answer a question over a context of any size;
`tune_recipe` makes prompts better; `interpreter_factory` gives `dspy.RLM` our sandboxes. DSPy is
pulled in only when one of the latter is called, networkx when a plan is made. What stands in the
way is raised as `CodedError`, a recipe with errors as `BadRecipe`.
(`rlmlang.check` and `rlmlang.plan` are the rooms behind them.)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rlmlang.resources import __version__ as __version__

if TYPE_CHECKING:
    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime import check as check_recipe
    from rlmlang.runtime.completion import Completion, acompletion, completion
    from rlmlang.runtime.interpreter import interpreter_factory
    from rlmlang.runtime.library import aplan, arun, run
    from rlmlang.runtime.library import plan as plan_recipe
    from rlmlang.runtime.module import load
    from rlmlang.runtime.prepared import BadRecipe, Outcome
    from rlmlang.runtime.python_settings import Settings
    from rlmlang.tuning.api import tune_recipe

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "BadRecipe",
    "CodedError",
    "Completion",
    "Outcome",
    "Plan",
    "Settings",
    "__version__",
    "acompletion",
    "aplan",
    "arun",
    "check_recipe",
    "completion",
    "interpreter_factory",
    "load",
    "plan_recipe",
    "run",
    "tune_recipe",
]

FACE = {
    "check_recipe": ("rlmlang.runtime", "check"),
    "plan_recipe": ("rlmlang.runtime.library", "plan"),
    "run": ("rlmlang.runtime.library", "run"),
    "arun": ("rlmlang.runtime.library", "arun"),
    "aplan": ("rlmlang.runtime.library", "aplan"),
    "completion": ("rlmlang.runtime.completion", "completion"),
    "tune_recipe": ("rlmlang.tuning.api", "tune_recipe"),
    "interpreter_factory": ("rlmlang.runtime.interpreter", "interpreter_factory"),
    "load": ("rlmlang.runtime.module", "load"),
    "acompletion": ("rlmlang.runtime.completion", "acompletion"),
    "Completion": ("rlmlang.runtime.completion", "Completion"),
    "Outcome": ("rlmlang.runtime.prepared", "Outcome"),
    "Plan": ("rlmlang.plan.plan", "Plan"),
    "Settings": ("rlmlang.runtime.python_settings", "Settings"),
    "BadRecipe": ("rlmlang.runtime.prepared", "BadRecipe"),
    "CodedError": ("rlmlang.diagnostics.diagnostic", "CodedError"),
}


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"module 'rlmlang' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = FACE[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
