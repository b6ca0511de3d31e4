"""rlmlang: recursive language models as source code.

`check`, `plan` and `run` are the three things one does with a recipe; `run` pulls DSPy in only
when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlmlang.runtime import check, plan, run

__version__ = "0.1.0"
__all__ = ["__version__", "check", "plan", "run"]


def __getattr__(name: str) -> Any:
    if name not in ("check", "plan", "run"):
        raise AttributeError(f"module 'rlmlang' has no attribute {name!r}")
    from rlmlang import runtime

    return getattr(runtime, name)
