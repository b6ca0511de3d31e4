"""Monty's native part, which has threads that a fork does not take along.

In a process that was forked after Monty had run in its parent, a second copy of that part is
loaded, with threads of its own: the first would wait for ever for those that are gone. Its classes
are other classes, so whoever runs Monty asks here which ones are meant.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

import pydantic_monty._monty as first

if TYPE_CHECKING:
    from pydantic_monty import _monty


class Native(Protocol):
    """The classes of the module that are used."""

    AsyncMonty: type[_monty.AsyncMonty]
    MontyComplete: type[_monty.MontyComplete]
    AsyncFunctionSnapshot: type[_monty.AsyncFunctionSnapshot]
    AsyncNameLookupSnapshot: type[_monty.AsyncNameLookupSnapshot]
    MontyError: type[_monty.MontyError]
    MontySyntaxError: type[_monty.MontySyntaxError]
    MontyRuntimeError: type[_monty.MontyRuntimeError]
    MontyCrashedError: type[_monty.MontyCrashedError]


_lock = threading.Lock()
_loaded: tuple[int, ModuleType] = (0, first)  # the process that runs it, and the module


def native() -> Native:
    """The native module that this process may use."""
    global _loaded
    with _lock:
        process, module = _loaded
        if process != os.getpid():
            _loaded = (os.getpid(), _copy() if process else module)
        return cast(Native, _loaded[1])


def _copy() -> ModuleType:
    """The module once more, from another file: the system loads no file twice."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(str(first.__file__), Path(folder))
        loader = ExtensionFileLoader(first.__name__, str(path))
        module = module_from_spec(ModuleSpec(first.__name__, loader, origin=str(path)))
        loader.exec_module(module)
        return module


def _unlocked() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlocked)
