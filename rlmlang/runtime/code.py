"""`code` functions: the user's own Python, loaded from beside the recipe."""

from __future__ import annotations

import hashlib
import os
import reprlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import cast

from rlmlang import plugins
from rlmlang.context import Datum, Slice
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.code_path import code_path
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.dates import with_dates
from rlmlang.ir.expressions import Code
from rlmlang.runtime.python.child import Value
from rlmlang.runtime.python.process import PROCESSES, EndedError, Overdue
from rlmlang.runtime.python.values import Sent, UnfitError
from rlmlang.runtime.values import misfit
from rlmlang.stores.redact import Redactor

FEWEST = 8  # hexadecimal digits that a pin must have


PATIENCE = 600.0  # seconds of a call that no budget of time is over, as a metric's


class CallCode:
    """The user's code and the functions that are installed, as expressions call them. `overdue`
    raises what shall end a call that has not come back; `redact` takes secrets out of the values
    that a failure shows, without it those of the environment."""

    def __init__(
        self, overdue: Overdue | None = None, redact: Callable[[str], str] | None = None
    ) -> None:
        self.overdue, self.redact = overdue, redact

    def __call__(self, code: Code, args: list[Datum]) -> Datum:
        """What a `code` function gives, which is of its type. Raises CodedError (code-missing,
        code-failed)."""
        return called(code, args, {}, self.overdue, self.redact)

    def function(self, name: str) -> Function:
        """The function of that name. Raises CodedError (plugin-missing)."""
        found = FUNCTIONS.find(name, plugins.find)
        if found is None:
            raise failed("plugin-missing", f"no function that is installed is called {name}")
        return found


call_code = CallCode()


def called(
    code: Code,
    args: Sequence[Datum],
    named: Mapping[str, Datum] = MappingProxyType({}),
    overdue: Overdue | None = None,
    redact: Callable[[str], str] | None = None,
) -> Datum:
    """What a function of the user's gives, as a value of its declared type. It runs in a process
    of its own, with copies of the values.

    Raises CodedError (code-missing, code-changed, code-failed, unpaid-call), and what `overdue`
    raises."""
    path = _looked_at(code)
    sent = Sent()
    asked = {
        "path": path,
        "name": code.function,
        "args": [sent.out(x) for x in args],
        "named": {k: sent.out(v) for k, v in named.items()},
    }
    try:
        answer = PROCESSES.ask(path, asked, overdue or _patient(code))
    except EndedError as mistake:
        raise _failed(code, str(mistake), "return a value; raise an exception to fail") from None
    except OSError as mistake:
        raise _failed(code, f"no process for it could be begun: {mistake.strerror}", "") from None
    if (problem := _problem(code, answer, args, redact)) is not None:
        raise problem
    return _held(code, sent, answer["value"])


def _problem(
    code: Code,
    answer: Mapping[str, Value],
    args: Sequence[Datum],
    redact: Callable[[str], str] | None,
) -> CodedError | None:
    """Why a process gave no value; None where it gave one."""
    if "missing" in answer:
        return failed(
            "code-missing",
            f"{code.path}:{code.function} cannot be loaded: {answer['missing']}",
            hint="the path is taken from the recipe's folder",
        )
    if "unpaid" in answer:
        return failed(
            "unpaid-call",
            f"{code.path}:{code.function} calls a model, by {answer['unpaid']}",
            reason="It was not sent: no budget would know of it, and no store would keep it.",
            hint="let it be the `module` of a prompt, with `calls`: rlm explain module",
        )
    if "failed" in answer:
        hint = "the function is called with plain lists, dictionaries, text and numbers"
        given = Shortly(redact or Redactor(os.environ)).values(args)
        return _failed(code, answer["failed"], hint, "\n".join([*answer.get("trace", []), given]))
    return None


def _looked_at(code: Code) -> str:
    """The file of a function. Raises CodedError (code-missing, code-changed)."""
    path = code_path(code)
    if os.path.exists(path) and not os.path.isfile(path):
        raise failed(
            "code-missing", f"{code.path}:{code.function} cannot be loaded: {path} is no file"
        )
    if code.pin:
        _pinned(code, path, os.stat(path).st_mtime_ns if os.path.exists(path) else 0)
    return path


def _held(code: Code, sent: Sent, value: object) -> Datum:
    """What was given as a value of the declared type. Raises CodedError (code-failed)."""
    try:
        result = sent.back(value, code.result)
        words = misfit(result, code.result)
    except (UnfitError, RecursionError) as mistake:
        words = str(mistake)
    if words:
        raise failed(
            "code-failed",
            f"{code.path}:{code.function} gave what is no {code.result}: {words}",
            hint="give plain lists, dictionaries, text and numbers of the declared type",
        )
    return cast("Datum", with_dates(result, code.result))


def _failed(code: Code, words: str, hint: str, reason: str = "") -> CodedError:
    message = f"{code.path}:{code.function}: {words}"
    return failed("code-failed", message, reason=reason, hint=hint)


class Shortly(reprlib.Repr):
    """Values as Python writes them, cut short once secrets are out of them: a secret that is cut is
    not known any more."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self.redact = redact

    def values(self, args: Sequence[Datum]) -> str:
        """What a function was given."""
        plain = (x.text() if isinstance(x, Slice) else x for x in args)
        return f"called with: {', '.join(map(self.repr, plain))}"

    def repr_str(self, x: str, level: int) -> str:
        """A text."""
        return super().repr_str(self.redact(x), level)

    def repr_instance(self, x: object, level: int) -> str:
        """Any other value."""
        shown = self.redact(repr(x))
        return shown if len(shown) <= self.maxother else shown[: self.maxother - 1] + "…"


def _patient(code: Code) -> Overdue:
    """Raises CodedError (code-failed) when a call that no budget is over takes too long."""
    end = time.monotonic() + PATIENCE

    def overdue() -> None:
        if time.monotonic() > end:
            raise _failed(code, f"it did not end within {PATIENCE:g} s", "look for endless loops")

    return overdue


def code_hash(code: Code) -> str:
    """sha256 of the file of a function, empty where there is none."""
    if not os.path.isfile(code_path(code)):  # a pipe or a device would never end
        return ""
    try:
        with open(code_path(code), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return ""


@cache
def _pinned(code: Code, path: str, stamp: int) -> None:
    """Holds a file as it is at a time against its pin, once. Raises CodedError (code-changed)."""
    found = code_hash(code)
    if len(code.pin) < FEWEST or not found.startswith(code.pin.lower()):
        raise failed(
            "code-changed",
            f"{path} is not what `{code.name}` was pinned to",
            reason=f"pinned: {code.pin}\nfound:  {found[: max(len(code.pin), FEWEST)]}",
            hint=f'if the change is meant: from "{code.path}:{code.function}@{found[:16]}"',
        )
