"""A batch of calls at a provider, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass

NEW, SENT, READ, LOST = "new", "sent", "read", "lost"
"""The states of a batch: written down, known to the provider, read to its end, never made."""


@dataclass(frozen=True)
class ProviderBatch:
    """Calls that are sent to a provider together, and answered within hours. `token` is our own
    name for it, `name` the provider's, empty until it is known; `form` says whose format it has;
    `said` is the provider's word for its state; `calls` are in it, of which so many are `done` or
    `failed` by the provider's count."""

    id: int
    token: str
    form: str
    endpoint: str
    model: str
    name: str = ""
    state: str = NEW
    said: str = ""
    calls: int = 0
    done: int = 0
    failed: int = 0
    made: float = 0.0
    changed: float = 0.0
