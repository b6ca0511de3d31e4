"""For tests of recipes: engines that answer by a script, and the tests that recipes declare.

from rlmlang.testing import ScriptedEngine
outcome = rlmlang.run("find.rlm", engine=ScriptedEngine(lambda task: "yes"), …)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlmlang.testing.scripted import Raw, ScriptedEngine, written

__all__ = ["Raw", "ScriptedEngine", "written"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'rlmlang.testing' has no attribute {name!r}")
    from rlmlang.testing import scripted  # with DSPy, which a test run should not wait for

    return getattr(scripted, name)
