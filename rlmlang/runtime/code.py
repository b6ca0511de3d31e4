"""`code` functions: the user's own Python, loaded from beside the recipe."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from rlmlang import plugins
from rlmlang.context import Datum
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.expressions import Code
from rlmlang.runtime.values import misfit

FEWEST = 8  # hexadecimal digits that a pin must have


class CallCode:
    """The user's code and the functions that are installed, as expressions call them."""

    def __call__(self, code: Code, args: list[Datum]) -> Datum:
        """What a `code` function gives, which is of its type. Raises CodedError (code-missing,
        code-failed)."""
        result: Datum = called(code, args)
        if words := misfit(result, code.result):
            raise failed(
                "code-failed",
                f"{code.path}:{code.function} gave what is no {code.result}: {words}",
                hint="give plain lists, dictionaries, text and numbers of the declared type",
            )
        return result

    def function(self, name: str) -> Function:
        """The function of that name. Raises CodedError (plugin-missing)."""
        found = FUNCTIONS.find(name, plugins.find)
        if found is None:
            raise failed("plugin-missing", f"no function that is installed is called {name}")
        return found


call_code = CallCode()


def called(code: Code, args: list[Datum]) -> Any:
    """Calls a `code` function. Raises CodedError (code-missing, code-failed)."""
    function = load_code(code)
    try:
        return function(*args)
    except (Exception, SystemExit) as mistake:
        raise failed(
            "code-failed",
            f"{code.path}:{code.function}: {type(mistake).__name__}: {mistake}",
            hint="the function is called with plain lists, dictionaries, text and numbers",
        ) from None


def code_path(code: Code) -> str:
    """The file of a function."""
    return os.path.join(os.path.dirname(os.path.abspath(code.base)), code.path)


def code_hash(code: Code) -> str:
    """sha256 of the file of a function, empty where there is none."""
    try:
        with open(code_path(code), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


def _pinned(code: Code, path: str) -> None:
    """Raises CodedError (code-changed)."""
    found = code_hash(code) if code.pin else ""
    if code.pin and (len(code.pin) < FEWEST or not found.startswith(code.pin.lower())):
        raise failed(
            "code-changed",
            f"{path} is not what `{code.name}` was pinned to",
            reason=f"pinned: {code.pin}\nfound:  {found[: max(len(code.pin), FEWEST)]}",
            hint=f'if the change is meant: from "{code.path}:{code.function}@{found[:16]}"',
        )


def load_code(code: Code) -> Callable[..., object]:
    """The function of a `code` declaration. Raises CodedError (code-missing, code-changed)."""
    path = code_path(code)
    stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
    return _loaded(path, code, stamp)


@cache
def _loaded(path: str, code: Code, stamp: int) -> Callable[..., object]:
    """A function of a file as it is at a time."""
    _pinned(code, path)
    spec = importlib.util.spec_from_file_location(f"rlm_code_{abs(hash(path))}", path)
    try:
        if spec is None or spec.loader is None:
            raise ImportError(path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found: Callable[..., object] = getattr(module, code.function)
    except Exception as mistake:
        raise failed(
            "code-missing",
            f"{code.path}:{code.function} cannot be loaded: {type(mistake).__name__}: {mistake}",
            hint="the path is taken from the recipe's folder",
        ) from None
    return found
