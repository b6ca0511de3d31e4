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
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pydantic_monty._monty as first

_lock = threading.Lock()
_loaded: tuple[int, Any] = (0, first)  # the process that runs it, and the module


def native() -> Any:
    """The native module that this process may use."""
    global _loaded
    with _lock:
        process, module = _loaded
        if process != os.getpid():
            _loaded = (os.getpid(), _copy() if process else module)
        return _loaded[1]


def _copy() -> Any:
    """The module once more, from another file: the system loads no file twice."""
    assert first.__file__ is not None
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(first.__file__, Path(folder))
        loader = ExtensionFileLoader(first.__name__, str(path))
        spec = spec_from_file_location(first.__name__, path, loader=loader)
        assert spec is not None
        module = module_from_spec(spec)
        loader.exec_module(module)
        return module


def _unlocked() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlocked)
