"""rlmlang: recursive language models as source code.

`check_recipe`, `plan_recipe` and `run` are the three things one does with a recipe; `run` pulls
DSPy in only when it is called. (`rlmlang.check` and `rlmlang.plan` are the rooms behind them.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlmlang.runtime import check as check_recipe
    from rlmlang.runtime import plan as plan_recipe
    from rlmlang.runtime import run

__version__ = "0.1.0"
__all__ = ["__version__", "check_recipe", "plan_recipe", "run"]

FACE = {"check_recipe": "check", "plan_recipe": "plan", "run": "run"}


def __getattr__(name: str) -> Any:
    if name not in FACE:
        raise AttributeError(f"module 'rlmlang' has no attribute {name!r}")
    from rlmlang import runtime

    return getattr(runtime, FACE[name])
