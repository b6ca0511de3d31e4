"""Interpreters for `dspy.RLM`, in a sandbox of one's choice."""

from __future__ import annotations

from typing import Any

from rlmlang import plugins
from rlmlang.partitions.measure import Estimate
from rlmlang.program.interpreter import INSTRUCTIONS, Factory
from rlmlang.runtime.project import tiers_of
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.monty import LACKS
from rlmlang.sandboxes.tiers import Tiers
from rlmlang.schema.sandboxes import MONTY, QUICK


def interpreter_factory(
    sandbox: str = MONTY, *, cpu: float = 20.0, memory: int = 256 << 20, allow_unsafe: bool = False
) -> Factory:
    """What `dspy.RLM(…, interpreter_factory=…)` takes: each call of it makes a fresh session.

    `sandbox` is a tier, or two as in `monty,cpython`; `cpu` is seconds a cell may compute,
    `memory` bytes a session may take. Raises CodedError (unknown-tier).
    """
    tiers = tiers_of(sandbox.split(","), "sandbox")

    def made() -> Any:
        held = Tiers(plugins.partition, Estimate(), allow_unsafe)
        return held.sandbox(tiers, Caps(cpu, memory)), held.close

    lacks = LACKS if tiers[-1] in QUICK else "Not in this Python: files, network, processes."
    return Factory(made, INSTRUCTIONS + lacks)
