"""`code` functions: the user's own Python, loaded from beside the recipe."""

from __future__ import annotations

import hashlib
import os
import reprlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from types import MappingProxyType
from typing import cast

from rlmlang import plugins
from rlmlang.context import Datum, Slice, Tree, whole
from rlmlang.diagnostics.diagnostic import CodedError, Diagnostic, failed
from rlmlang.execute.code_path import code_path
from rlmlang.functions.function import Function
from rlmlang.functions.table import FUNCTIONS
from rlmlang.ir.calls import CallId
from rlmlang.ir.dates import with_dates
from rlmlang.ir.expressions import Code
from rlmlang.ir.types import ANY
from rlmlang.protocols import BoundModel
from rlmlang.runtime.python.asking import talk
from rlmlang.runtime.python.child import Value
from rlmlang.runtime.python.process import PROCESSES, EndedError, Overdue
from rlmlang.runtime.python.values import Sent, UnfitError
from rlmlang.runtime.values import misfit
from rlmlang.stores.redact import Redactor
from rlmlang.trajectory.events import CodeCalled

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

    def __call__(self, code: Code, args: list[Datum], model: BoundModel | None = None) -> Datum:
        """What a `code` function gives, which is of its type; one that asks is given its `model`.
        Raises CodedError (code-missing, code-failed)."""
        return called(code, args, {}, self.overdue, self.redact, model=model)

    def at(self, call: CallId, record: Callable[[CodeCalled], None]) -> CallCode:
        """The same for what belongs to a call of a run; records each call of the user's code."""
        return RecordedCode(self, call, record)

    def function(self, name: str) -> Function:
        """The function of that name. Raises CodedError (plugin-missing)."""
        found = FUNCTIONS.find(name, plugins.find)
        if found is None:
            raise failed("plugin-missing", f"no function that is installed is called {name}")
        return found


class RecordedCode(CallCode):
    """The same, each call recorded with the time that it took and what it printed."""

    def __init__(self, plain: CallCode, call: CallId, record: Callable[[CodeCalled], None]) -> None:
        super().__init__(plain.overdue, plain.redact)
        self.call, self.record = call, record

    def __call__(self, code: Code, args: list[Datum], model: BoundModel | None = None) -> Datum:
        """What a `code` function gives. Raises CodedError (code-missing, code-failed)."""
        began, said = time.perf_counter(), Said()
        problem: Diagnostic | None = None
        try:
            return called(code, args, {}, self.overdue, self.redact, said, model)
        except CodedError as mistake:
            problem = mistake.diagnostic
            raise
        finally:
            words = (problem.message, problem.reason) if problem else ()
            self.record(
                CodeCalled(
                    call=self.call,
                    function=code.name,
                    seconds=said.seconds or time.perf_counter() - began,
                    lines=said.lines,
                    printed=said.printed,
                    code=problem.code if problem else "",
                    reason="\n".join(filter(None, words)),
                )
            )


@dataclass
class Said:
    """What a call's process said of it: the seconds that it took, 0 where the process ended, how
    many lines it printed, and the first of them."""

    seconds: float = 0.0
    lines: int = 0
    printed: list[str] = field(default_factory=list)


call_code = CallCode()


def called(
    code: Code,
    args: Sequence[Datum],
    named: Mapping[str, Datum] = MappingProxyType({}),
    overdue: Overdue | None = None,
    redact: Callable[[str], str] | None = None,
    said: Said | None = None,
    model: BoundModel | None = None,
) -> Datum:
    """What a function of the user's gives, as a value of its declared type. It runs in a process
    of its own, with copies of the values; `said` is told what it printed. One that asks a `model`
    shares its process with no other call, since it waits.

    Raises CodedError (code-missing, code-changed, code-failed, unpaid-call), and what `overdue`
    raises."""
    sent, types = Sent(), [p.type for p in code.params]
    sends: dict[str, object] = {
        "args": [sent.out(x, t) for x, t in zip_longest(args, types[: len(args)], fillvalue=ANY)],
        "named": {k: sent.out(v) for k, v in named.items()},
    }
    if model is not None:
        sends["place"] = model.place
    answer = _asked(code, sends, overdue or _patient(code), model)
    if said is not None:
        said.seconds, said.lines = answer.get("seconds", 0.0), answer.get("lines", 0)
        said.printed = answer.get("printed", [])
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
    if words := _missing(answer):
        return _not_loaded(code, words)
    if "unpaid" in answer:
        return failed(
            "unpaid-call",
            f"{code.path}:{code.function} calls a model, by {answer['unpaid']}",
            reason="It was not sent: no budget would know of it, and no store would keep it.",
            hint="let it take a model of the recipe: code f(…, ask: MODEL) -> … from … "
            "{ calls <= 2 }: rlm explain code",
        )
    if "failed" in answer:
        hint = "the function is called with plain lists, dictionaries, text and numbers"
        given = Shortly(redact or Redactor(os.environ)).values(args)
        return _failed(code, answer["failed"], hint, "\n".join([*answer.get("trace", []), given]))
    return None


def loaded(code: Code, overdue: Overdue) -> None:
    """Looks whether a function of the user's can be called. Raises CodedError (code-missing,
    code-changed, code-failed), and what `overdue` raises."""
    answer = _asked(code, {"look": True}, overdue)
    if words := _missing(answer) or str(answer.get("value") or ""):
        raise _not_loaded(code, words)


def _asked(
    code: Code, asked: Mapping[str, object], overdue: Overdue, model: BoundModel | None = None
) -> Value:
    """What the process of a function answers."""
    path = _looked_at(code)
    sends = {"path": path, "name": code.function, **asked}
    try:
        if model is not None:
            return talk(path, sends, overdue, model)
        return PROCESSES.ask(path, sends, overdue)
    except EndedError as mistake:
        raise _failed(code, str(mistake), "return a value; raise an exception to fail") from None
    except OSError as mistake:
        raise _failed(code, f"no process for it could be begun: {mistake.strerror}", "") from None


def _missing(answer: Mapping[str, Value]) -> str:
    """Why a function cannot be loaded; empty where it can."""
    return str(answer.get("missing", ""))


def _not_loaded(code: Code, words: str) -> CodedError:
    return failed(
        "code-missing",
        f"{code.path}:{code.function} cannot be loaded: {words}",
        hint="the path is taken from the recipe's folder",
    )


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
        return f"called with: {', '.join(map(self.repr, args))}"

    def repr_str(self, x: str, level: int) -> str:
        """A text."""
        return super().repr_str(self.redact(x), level)

    def repr_Slice(self, x: Slice, level: int) -> str:  # noqa: N802, reprlib's way
        """A document or a piece of one, as the text that the function was given."""
        return self.repr_str(x.text(), level)

    def repr_Tree(self, x: Tree, level: int) -> str:  # noqa: N802
        """A folder, as a dictionary from its paths."""
        return self.repr_dict({d.id: whole(d) for d in x.documents[: self.maxdict + 1]}, level)

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
