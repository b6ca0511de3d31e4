"""What a program that runs a recipe may read in its log, by the names of our modules: what the
command line says in notes."""

from __future__ import annotations

import logging

from rlmlang.trajectory.events import Event, Noticed, Paused, RunResumed

LOG = logging.getLogger(__name__)


def log(run: str, event: Event) -> None:
    """Logs an event, where it is one that a user must know of."""
    match event:
        case RunResumed():
            LOG.info("%s goes on: %d answers are kept", run, event.kept)
        case Paused():
            LOG.warning("%s: %s waits %.1f s: %s", run, event.model, event.seconds, event.why)
        case Noticed():
            LOG.warning("%s: %s (%s)", run, event.message, event.code)
