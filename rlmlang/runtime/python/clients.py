"""Clients of models in the process of the user's code: what they would send is paid by no budget
and kept by no store, so it is stopped. Imports only the standard library, as `child.py` does,
which is a script."""

from __future__ import annotations

import importlib.abc
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, TypeAlias

Value: TypeAlias = Any
"""What the user's code hands to clients, and gets from them."""

BOTH = ("SyncAPIClient.request", "AsyncAPIClient.request")
OF_LITELLM = ("completion", "acompletion", "text_completion", "atext_completion", "embedding")
CLIENTS = {
    "dspy.clients.base_lm": ("BaseLM.__call__", "BaseLM.acall"),
    "dspy._vendor.lm15.transports._sync": ("StdlibTransport.stream",),
    "dspy._vendor.lm15.transports._async": ("StdlibAsyncTransport.stream",),
    "litellm.main": (*OF_LITELLM, "aembedding"),
    "litellm.responses.main": ("responses", "aresponses"),
    "openai._base_client": BOTH,
    "anthropic._base_client": BOTH,
}
"""What calls models, by the modules that it is in."""
UNPAID: list[str] = []  # what the call that is answered has called of them


class UnpaidCall(BaseException):
    """A model was called, which the host could neither pay nor keep; no `except Exception` of the
    code catches it."""


class Clients(importlib.abc.MetaPathFinder):
    """Finds the modules that call models, where they are installed."""

    def find_spec(self, name: str, path: Value, target: Value = None) -> ModuleSpec | None:
        """Where such a module lies; None for any other."""
        spec = PathFinder.find_spec(name, path) if name in CLIENTS else None
        if spec is not None and spec.loader is not None:
            spec.loader = Stopping(spec.loader, name)
        return spec


class Stopping(importlib.abc.Loader):
    """Loads such a module, whose calls are stopped."""

    def __init__(self, inner: importlib.abc.Loader, name: str) -> None:
        self.inner, self.name = inner, name

    def exec_module(self, module: ModuleType) -> None:
        """Carries it out, and puts exceptions in the place of its calls."""
        self.inner.exec_module(module)
        for what in CLIENTS[self.name]:
            owner, _, call = what.rpartition(".")
            place = getattr(module, owner, None) if owner else module
            if place is not None and hasattr(place, call):
                setattr(place, call, self.stopped(what, getattr(place, call)))

    def stopped(self, what: str, itself: Value) -> Callable[..., Value]:
        """What raises UnpaidCall when it is called; a model of the run calls `itself`."""

        def call(*args: Value, **kwargs: Value) -> Value:
            UNPAID.append(f"{self.name.partition('.')[0]} ({what})")
            raise UnpaidCall(what)

        call.__wrapped__ = itself  # type: ignore[attr-defined]
        return call
