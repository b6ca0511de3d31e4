"""Where a run sends its requests: what the command says, then the environment, then `rlm.toml`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rlmlang.diagnostics.diagnostic import Diagnostic
from rlmlang.models.endpoints import address_of
from rlmlang.models.keys import BASE, Endpoint, held_back, owner_of
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.project import Project

OFFLINE = "offline/"


def endpoint_of(options: Options, project: Project) -> Endpoint:
    """The endpoint of a run. The key that a project file names is for the file's own endpoint."""
    base = options.api_base or os.environ.get(BASE, "")
    if base:
        return Endpoint(_whole(base), options.api_key_env)
    return Endpoint(_whole(project.api_base), options.api_key_env or project.api_key_env)


def _whole(base: str) -> str:
    """A base in one way of writing, with its scheme. Raises CodedError (bad-api-base)."""
    return address_of(base).url("") if base else ""


def foreign(models: Iterable[str], endpoint: Endpoint) -> str:
    """The endpoint as a plan names it; empty where it is a provider's own, or nothing is sent."""
    sends = any(not m.startswith(OFFLINE) for m in models)
    return endpoint.shown if sends and not owner_of(endpoint.base) else ""


def notes_on(models: Iterable[str], endpoint: Endpoint) -> tuple[Diagnostic, ...]:
    """What must be said about keys, each thing once."""
    found = (held_back(m, endpoint) for m in models if not m.startswith(OFFLINE))
    return tuple(dict.fromkeys(d for d in found if d is not None))
