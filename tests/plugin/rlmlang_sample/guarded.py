"""A sandbox: Monty's workers, that take half of the memory that a recipe allows."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.sandboxes.bridge import Caps
from rlmlang.sandboxes.handles import Handles
from rlmlang.sandboxes.monty import MontySandbox, Workers


class GuardedWorkers(Workers):
    """What `sandbox: guarded` runs in."""

    def session(self, handles: Handles, caps: Caps) -> MontySandbox:
        """One session."""
        return super().session(handles, replace(caps, memory=caps.memory // 2))
