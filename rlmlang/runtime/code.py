"""`code` functions: the user's own Python, loaded from beside the recipe."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import cache
from typing import Any

from rlmlang.check import recipe as r
from rlmlang.diagnostics.diagnostic import failed


def call_code(code: r.Code, args: list[Any]) -> Any:
    """Calls a `code` function. Raises CodedError (code-missing, code-failed)."""
    function = load_code(code)
    try:
        return function(*args)
    except Exception as mistake:
        raise failed(
            "code-failed", f"{code.path}:{code.function}: {type(mistake).__name__}: {mistake}",
            hint="the function is called with plain lists, dictionaries, text and numbers",
        ) from None  # fmt: skip


@cache
def load_code(code: r.Code) -> Callable[..., Any]:
    """The function of a `code` declaration. Raises CodedError (code-missing)."""
    path = os.path.join(os.path.dirname(os.path.abspath(code.base)), code.path)
    spec = importlib.util.spec_from_file_location(f"rlm_code_{abs(hash(path))}", path)
    try:
        if spec is None or spec.loader is None:
            raise ImportError(path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found: Callable[..., Any] = getattr(module, code.function)
    except Exception as mistake:
        raise failed(
            "code-missing",
            f"{code.path}:{code.function} cannot be loaded: {type(mistake).__name__}: {mistake}",
            hint="the path is taken from the recipe's folder",
        ) from None
    return found
