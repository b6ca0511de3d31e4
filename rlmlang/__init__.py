"""rlmlang: recursive language models as source code.

`load` gives a recipe as a `dspy.Module`; `check_recipe`, `plan_recipe` and `run` are the three
things one does with a recipe; a `Plan` may be kept, changed and run; `completion` and `acompletion`
answer a question over a context of any size, `astream` tells of its turns meanwhile; `tune_recipe`
makes prompts better, `atune` in a running loop; `runs` and `trajectory_of` give what happened in
kept runs; a `SharedBudget` holds for many runs together; `interpreter_factory` gives `dspy.RLM` our
sandboxes. DSPy is pulled in only when a call needs it, networkx when a plan is made. A recipe with
errors is raised as `BadRecipe`, what else stands in the way as `CodedError`.
(`rlmlang.check`, `rlmlang.plan` and `rlmlang.trajectory` are the rooms behind them.)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rlmlang.resources import __version__ as __version__

if TYPE_CHECKING:
    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.plan.plan import Plan
    from rlmlang.runtime import check as check_recipe
    from rlmlang.runtime.completion import Completion, acompletion, astream, completion
    from rlmlang.runtime.interpreter import interpreter_factory
    from rlmlang.runtime.kept import Run, runs, trajectory_of
    from rlmlang.runtime.library import aplan, arun, run
    from rlmlang.runtime.library import plan as plan_recipe
    from rlmlang.runtime.module import load
    from rlmlang.runtime.prepared import BadRecipe, Outcome
    from rlmlang.runtime.python_settings import Inputs, Running, Settings, store_path
    from rlmlang.runtime.shared_budget import SharedBudget
    from rlmlang.tools.python import Tool
    from rlmlang.trajectory.events import (
        BudgetUsed,
        CallFailed,
        CallFinished,
        CallStarted,
        CellFinished,
        Event,
        TurnStarted,
    )
    from rlmlang.trajectory.trajectory import Trajectory
    from rlmlang.tuning.api import atune, tune_recipe

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "BadRecipe",
    "BudgetUsed",
    "CallFailed",
    "CallFinished",
    "CallStarted",
    "CellFinished",
    "CodedError",
    "Completion",
    "Event",
    "Inputs",
    "Outcome",
    "Plan",
    "Run",
    "Running",
    "Settings",
    "SharedBudget",
    "Tool",
    "Trajectory",
    "TurnStarted",
    "__version__",
    "acompletion",
    "aplan",
    "arun",
    "astream",
    "atune",
    "check_recipe",
    "completion",
    "interpreter_factory",
    "load",
    "plan_recipe",
    "run",
    "runs",
    "store_path",
    "trajectory_of",
    "tune_recipe",
]

EVENTS = (
    "BudgetUsed", "CallFailed", "CallFinished", "CallStarted", "CellFinished", "Event",
    "TurnStarted",
)  # fmt: skip
FACE = {
    **{name: ("rlmlang.trajectory.events", name) for name in EVENTS},
    "check_recipe": ("rlmlang.runtime", "check"),
    "plan_recipe": ("rlmlang.runtime.library", "plan"),
    "run": ("rlmlang.runtime.library", "run"),
    "arun": ("rlmlang.runtime.library", "arun"),
    "aplan": ("rlmlang.runtime.library", "aplan"),
    "completion": ("rlmlang.runtime.completion", "completion"),
    "tune_recipe": ("rlmlang.tuning.api", "tune_recipe"),
    "atune": ("rlmlang.tuning.api", "atune"),
    "interpreter_factory": ("rlmlang.runtime.interpreter", "interpreter_factory"),
    "load": ("rlmlang.runtime.module", "load"),
    "astream": ("rlmlang.runtime.completion", "astream"),
    "acompletion": ("rlmlang.runtime.completion", "acompletion"),
    "Completion": ("rlmlang.runtime.completion", "Completion"),
    "Outcome": ("rlmlang.runtime.prepared", "Outcome"),
    "Plan": ("rlmlang.plan.plan", "Plan"),
    "Inputs": ("rlmlang.runtime.python_settings", "Inputs"),
    "Running": ("rlmlang.runtime.python_settings", "Running"),
    "Settings": ("rlmlang.runtime.python_settings", "Settings"),
    "Tool": ("rlmlang.tools.python", "Tool"),
    "Run": ("rlmlang.runtime.kept", "Run"),
    "runs": ("rlmlang.runtime.kept", "runs"),
    "trajectory_of": ("rlmlang.runtime.kept", "trajectory_of"),
    "Trajectory": ("rlmlang.trajectory.trajectory", "Trajectory"),
    "SharedBudget": ("rlmlang.runtime.shared_budget", "SharedBudget"),
    "store_path": ("rlmlang.runtime.python_settings", "store_path"),
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
