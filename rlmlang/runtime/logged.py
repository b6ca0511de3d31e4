"""What a program that runs a recipe may read in its log, by the names of our modules: what the
command line says in notes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rlmlang.models.offline import NAME, NOTICE
from rlmlang.runtime.prepared import Prepared
from rlmlang.trajectory.events import Event, Noticed, Paused, RunResumed, ToolCalled

LOG = logging.getLogger(__name__)


def log_rules(ready: Prepared) -> None:
    """Logs that no language model answers, where nobody has chosen one."""
    rules = any(b.name == NAME for b in ready.binding.models.values())
    if rules and ready.options.of_python and not ready.options.models:
        LOG.warning("no model is named: %s; give model=… or set dspy.settings.lm", NOTICE)


def log(run: str, event: Event, redact: Callable[[str], str]) -> None:
    """Logs an event, where it is one that a user must know of; of what functions of others say
    `redact` takes the secrets."""
    match event:
        case RunResumed():
            LOG.info("%s goes on: %d answers are kept", run, event.kept)
        case Paused():
            LOG.warning("%s: %s waits %.1f s: %s", run, event.model, event.seconds, event.why)
        case Noticed():
            LOG.warning("%s: %s (%s)", run, event.message, event.code)
        case ToolCalled(error=error, reused=False) if error:
            frames = "".join(f"\n  {line}" for line in event.frames)
            LOG.warning("%s: %s: %s", run, event.call, redact(f"{error}{frames}"))
