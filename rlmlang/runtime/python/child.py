"""The process in which the user's code runs. Of rlmlang it imports `rlmlang.code`, and what binds a
model where the code has imported DSPy; else only the standard library. It is started as a script,
in the environment that rlmlang runs in.

Values come and go as JSON (`frames.py`); what that does not know is a dictionary with the key `$`,
which says what it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import decimal
import enum
import functools
import gc
import importlib
import importlib.util
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from pathlib import Path
from typing import Any, TypeAlias

if __name__ == "__main__":  # a script that is told where to look for everything else
    sys.path.insert(0, str(Path(__file__).parent))
    import clients  # type: ignore[import-not-found]
    import frames  # type: ignore[import-not-found]
    import printed  # type: ignore[import-not-found]
else:
    from rlmlang.runtime.python import clients, frames, printed

Value: TypeAlias = Any
"""What code takes and gives: it is the user's, and may be anything."""
TAG = "$"
MOST_WORDS, MOST_LINE, MOST_FRAMES = 2_000, 200, 12


class Row(dict[str, Value]):
    """A row that was read from a document."""

    number: int


# ── values from the host, and to it ──────────────────────────────────────────


def taken(value: Value) -> Value:
    """A value from the host as code is given it: its own copy."""
    if isinstance(value, list):
        return [taken(x) for x in value]
    if not isinstance(value, dict):
        return value
    kind: str | None = value.get(TAG)
    inner: Value = value.get("v")
    if kind is None:
        return {k: taken(v) for k, v in value.items()}
    if kind == "dict":
        return {k: taken(v) for k, v in inner}
    if kind != "row":
        return piece(value)
    row = Row({k: taken(v) for k, v in inner})
    row.number = value["n"]
    return row


def piece(value: Mapping[str, Value]) -> Value:
    """A document or a piece of one."""
    from rlmlang.code import Doc, Slice

    kind = Doc if value[TAG] == "doc" else Slice
    made = kind.__new__(kind, value["v"])
    kind.__init__(made, value["text"] or value["v"], **value["at"], range=tuple(value["range"]))
    object.__setattr__(made, "number", value["n"])
    return made


def given(value: Value) -> Value:
    """What code returned, as JSON values that still say what it was."""
    if value is None or (
        isinstance(value, bool | int | float) and not isinstance(value, enum.Enum)
    ):
        return float(value) if isinstance(value, float) else value
    if isinstance(value, enum.Enum):
        return {TAG: "enum", "name": value.name, "v": given(value.value)}
    if isinstance(value, str):
        from rlmlang.code import Slice

        number = value.number if isinstance(value, Slice) else -1
        return str(value) if number < 0 else {TAG: "piece", "n": number}
    if isinstance(value, Mapping):
        return _mapping(value)
    return _known(value)


def _mapping(value: Mapping[Value, Value]) -> Value:
    wrong = next((k for k in value if not isinstance(k, str)), None)
    if wrong is not None:
        return {TAG: "object", "v": f"a dictionary with the key {wrong!r:.40}, which is no text"}
    pairs = [[str(k), given(v)] for k, v in value.items()]
    if isinstance(value, Row):
        return {TAG: "row", "n": value.number, "v": pairs}
    return {TAG: "dict", "v": pairs} if TAG in value else dict(pairs)


def _known(value: Value) -> Value:
    """Values of the standard library and of packages that many use, by what they can do."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {TAG: "named", "v": [[k, given(v)] for k, v in value._asdict().items()]}
    if isinstance(value, bytes | bytearray | memoryview):
        return {TAG: "object", "v": f"{len(value):,} bytes, which are no text: decode them"}
    if isinstance(value, AnySet):
        return {TAG: "set", "v": [given(x) for x in value]}
    if isinstance(value, Sequence | Iterator) or type(value).__name__ in VIEWS:
        return [given(x) for x in value]
    if isinstance(value, decimal.Decimal):
        return {TAG: "decimal", "v": str(value)}
    if isinstance(value, datetime.date | datetime.time):
        return {TAG: "date", "v": value.isoformat()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dict([f.name, given(getattr(value, f.name))] for f in dataclasses.fields(value))
    return _converted(value)


VIEWS = ("dict_keys", "dict_values", "dict_items", "map", "filter", "zip", "deque")


def _converted(value: Value) -> Value:
    """Objects as pydantic, numpy and pandas make them, by the methods that turn them into plain
    values."""
    methods = {"model_dump": (), "to_dict": ("records",), "tolist": (), "item": (), "to_list": ()}
    for name, args in methods.items():
        method = None if isinstance(value, type) else getattr(value, name, None)
        if not callable(method):
            continue
        try:
            plain = method(*args)
        except TypeError:
            plain = method()
        if type(plain) is not type(value):
            return given(plain)
    return {TAG: "object", "v": f"an object of the class {type(value).__name__}"}


# ── functions ────────────────────────────────────────────────────────────────

FOUND: dict[tuple[str, str], Callable[..., Value]] = {}


def loaded(path: str, name: str) -> Callable[..., Value]:
    """A function of a file; its neighbours can be imported."""
    if (path, name) in FOUND:
        return FOUND[path, name]
    stem = Path(path).stem
    stem = f"rlm_code_{stem}" if stem in sys.modules or stem in sys.stdlib_module_names else stem
    spec = importlib.util.spec_from_file_location(stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[stem] = module
    try:
        spec.loader.exec_module(module)
        FOUND[path, name] = getattr(module, name)
    except BaseException:
        sys.modules.pop(stem, None)
        raise
    return FOUND[path, name]


def words_of(mistake: BaseException, path: str) -> str:
    """What is said of a mistake, with the line of the file where it was made."""
    try:
        said = str(mistake)
    except Exception:
        said = "a mistake that cannot be shown"
    lines = [f.lineno for f in traceback.extract_tb(mistake.__traceback__) if f.filename == path]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(mistake).__name__}: {said[:MOST_WORDS]}{where}"


def frames_of(mistake: BaseException, path: str) -> list[str]:
    """The lines of the user's own files that led to a mistake, the last one at the end."""
    folder = os.path.dirname(path)
    found = []
    for f in traceback.extract_tb(mistake.__traceback__):
        if f.filename.startswith(folder + os.sep) and "site-packages" not in f.filename:
            name = os.path.relpath(f.filename, folder)
            found.append(f"{name}:{f.lineno}, in {f.name}: {f.line}"[:MOST_LINE])
    return found if len(found) <= MOST_FRAMES else [*found[:2], "…", *found[-MOST_FRAMES + 3 :]]


def answered(asked: Mapping[str, Value]) -> dict[str, Value]:
    """What came of a call; of one that has called a model only that."""
    clients.UNPAID.clear()
    found = _answered(asked)
    return {"unpaid": clients.UNPAID[0]} if clients.UNPAID else found


def _answered(asked: Mapping[str, Value]) -> dict[str, Value]:
    path = asked["path"]
    try:
        function = loaded(path, asked["name"])
    except BaseException as mistake:
        return {"missing": words_of(mistake, path)}
    if asked.get("look"):
        return {"value": None if callable(function) else f"{asked['name']} is no function"}
    try:
        named = {k: taken(v) for k, v in asked["named"].items()}
        args = list(map(taken, asked["args"]))
        if "place" not in asked:
            return {"value": given(function(*args, **named))}
        return {"value": given(asking(function, args, asked["place"], named))}
    except BaseException as mistake:
        return {"failed": words_of(mistake, path), "trace": frames_of(mistake, path)}


def asking(
    function: Callable[..., Value], args: list[Value], place: int, named: Mapping[str, Value]
) -> Value:
    """What a function gives that takes a model at a place among its arguments."""
    from rlmlang.code import Model

    with frames.Pipes.opened() as call:
        model = Model(functools.partial(frames.Pipes.asked, call))
        args.insert(place, model)
        with in_dspy(model) if "dspy" in sys.modules else contextlib.nullcontext():
            return function(*args, **named)


def in_dspy(model: Value) -> contextlib.AbstractContextManager[Value]:
    """The settings in which it is the model of DSPy, which the code has imported."""
    from rlmlang.program.code_lm import bound

    return bound(model)


# ── the process ──────────────────────────────────────────────────────────────


def raw() -> dict[bytes, bytes]:
    """The environment as it is held: to decode it takes longer than a small call."""
    found: dict[bytes, bytes] = vars(os.environ)["_data"]
    return found


class Home:
    """What a call finds as the one before found it: the working folder, the environment, the
    places that modules are imported from."""

    def __init__(self) -> None:
        self.folder, self.environment, self.places = os.getcwd(), dict(raw()), list(sys.path)

    def restore(self) -> None:
        """Puts back what a call has changed."""
        if raw() != self.environment:
            os.environ.clear()
            os.environ.update({os.fsdecode(k): os.fsdecode(v) for k, v in self.environment.items()})
        sys.path[:] = self.places
        try:
            if os.getcwd() != self.folder:
                os.chdir(self.folder)
        except OSError:
            os.chdir(self.folder)


def watch(life: int) -> None:
    """Ends the process, and what it started, when the host is gone."""
    with contextlib.suppress(OSError):  # closed by the code itself
        os.read(life, 1)
        os.killpg(0, 9)


def serve(source: Value, sink: Value) -> None:
    """Answers calls until the host is gone, each in the home that the first one found."""
    own, home = os.getpid(), Home()
    frames.Pipes.source, frames.Pipes.sink = source, sink
    while True:
        asked: Value = frames.frame(source)
        began = time.perf_counter()
        answer = {**answered(asked), "seconds": time.perf_counter() - began}
        if os.getpid() != own:  # a process that the code has forked
            os._exit(0)
        home.restore()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        sink.write(frames.framed({**answer, **printed.printed()}))
        sink.flush()


def main() -> None:
    """Begins to answer. What is printed goes to stderr: stdout is the host's result, and nothing is
    read from its input."""
    asks, answers, life = (int(x) for x in sys.argv[1:4])
    for number in (asks, answers, life):
        os.set_inheritable(number, False)
    os.dup2(2, 1)
    printed.watch_printing()
    threading.Thread(target=watch, args=(life,), daemon=True).start()
    try:
        with open(asks, "rb") as source, open(answers, "wb") as sink:
            told: Value = frames.frame(source)
            folder, *places = told
            sys.path[:] = places
            for name in ("clients", "frames", "printed"):  # which the user's files may be called
                del sys.modules[name]
            importlib.import_module("rlmlang.code")  # before a file of the user's has that name
            sys.path.insert(0, folder)
            sys.argv[:] = [""]
            sys.meta_path.insert(0, clients.Clients())
            gc.freeze()
            serve(source, sink)
    except OSError:  # its pipes were closed by the code
        os._exit(1)


if __name__ == "__main__":
    main()
