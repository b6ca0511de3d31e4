"""Interpreters for `dspy.RLM`, in a sandbox of one's choice."""

from __future__ import annotations

from collections.abc import Callable, Coroutine

from rlmlang import plugins
from rlmlang.partitions.measure import Estimate
from rlmlang.program.interpreter import INSTRUCTIONS, Factory
from rlmlang.protocols import Sandbox
from rlmlang.runtime.project import tiers_of
from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.tiers import Tiers
from rlmlang.schema.sandboxes import DEFAULT


def interpreter_factory(
    sandbox: str = DEFAULT[0],
    *,
    cpu: float = 20.0,
    memory: int = 256 << 20,
    allow_unsafe: bool = False,
) -> Factory:
    """What `dspy.RLM(…, interpreter_factory=…)` takes: each call of it makes a fresh session.

    `sandbox` is a tier, or two as in `monty,cpython`; `cpu` is seconds a cell may compute,
    `memory` bytes a session may take. Raises CodedError (unknown-tier).
    """
    tiers = tiers_of(sandbox.split(","), "sandbox")

    def made() -> tuple[Sandbox, Callable[[], Coroutine[None, None, None]]]:
        held = Tiers(plugins.partition, plugins.tier, Estimate(), allow_unsafe)
        return held.sandbox(tiers, Caps(cpu, memory)), held.close

    return Factory(made, INSTRUCTIONS + plugins.tier(tiers[-1]).missing)
