"""What the models of a run are asked through; DSPy is imported only where one is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlmlang.ir.predictors import prompts_of

if TYPE_CHECKING:
    from rlmlang.runtime.asking import AskedModels
    from rlmlang.runtime.prepared import Prepared


def models_for(ready: Prepared) -> type[AskedModels] | None:
    """What its models are asked through, imported; None where it asks none."""
    if not prompts_of(ready.plan):
        return None
    from rlmlang.runtime.asking import AskedModels

    return AskedModels
