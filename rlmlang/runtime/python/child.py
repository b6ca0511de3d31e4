"""The process in which the user's code runs. Of rlmlang it imports `rlmlang.code` alone, else only
the standard library: it is started as a script, in the environment that rlmlang runs in.

A frame is a length in eight bytes and JSON. What JSON does not know is a dictionary with the key
`$`, which says what it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import decimal
import enum
import gc
import importlib
import importlib.util
import io
import json
import os
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from pathlib import Path
from typing import Any, TypeAlias

Value: TypeAlias = Any
"""What code takes and gives: it is the user's, and may be anything."""
TAG = "$"
MOST_WORDS, MOST_PRINTED, MOST_LINE, MOST_FRAMES = 2_000, 20, 200, 12
SIZE = struct.Struct("<Q")


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
    """What came of a call."""
    path = asked["path"]
    try:
        function = loaded(path, asked["name"])
    except BaseException as mistake:
        return {"missing": words_of(mistake, path)}
    try:
        named = {k: taken(v) for k, v in asked["named"].items()}
        return {"value": given(function(*map(taken, asked["args"]), **named))}
    except BaseException as mistake:
        return {"failed": words_of(mistake, path), "trace": frames_of(mistake, path)}


# ── what is printed ─────────────────────────────────────────────────────────


class Said:
    """The lines that were printed: how many, and the first, whole: a cut one could hide secrets."""

    def __init__(self) -> None:
        self.lines, self.printed, self.room, self.open = 0, list[str](), MOST_WORDS, ""

    def add(self, text: str) -> None:
        """Takes text as it is printed."""
        *ended, last = (self.open + text).split("\n")
        self.open = last[: MOST_WORDS + 1]
        for line in ended:
            self.lines, self.room = self.lines + 1, self.room - len(line)
            if self.room >= 0 and len(self.printed) < MOST_PRINTED:
                self.printed.append(line)


class Printed(io.TextIOWrapper):
    """A stream of the process that notes what goes through it."""

    said = Said()  # of both streams

    def write(self, text: str) -> int:
        """Writes a text."""
        Printed.said.add(text)
        return super().write(text)


def printed() -> dict[str, Value]:
    """What was printed since it was asked last."""
    said, Printed.said = Printed.said, Said()
    if said.open:
        said.add("\n")
    return {"lines": said.lines, "printed": said.printed} if said.lines else {}


def watch_printing() -> None:
    """Notes what is printed on its way to stderr."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        encoding = getattr(getattr(sys, name), "encoding", "utf-8")
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        stream = Printed(raw, encoding, "backslashreplace", line_buffering=True)
        vars(sys).update({name: stream, f"__{name}__": stream})


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


def exactly(file: Value, size: int) -> bytes:
    """So many bytes; without a host there is nothing left to do."""
    data: bytes = file.read(size)
    if len(data) < size:
        os._exit(0)
    return data


def frame(source: Value) -> Value:
    """The next frame from the host."""
    return json.loads(exactly(source, SIZE.unpack(exactly(source, SIZE.size))[0]))


def framed(answer: Mapping[str, object]) -> bytes:
    """An answer as a frame."""
    try:
        data = json.dumps(answer).encode()
    except (RecursionError, ValueError) as mistake:
        data = json.dumps({"failed": f"{type(mistake).__name__}: {mistake}"}).encode()
    return SIZE.pack(len(data)) + data


def serve(source: Value, sink: Value) -> None:
    """Answers calls until the host is gone, each in the home that the first one found."""
    own, home = os.getpid(), Home()
    while True:
        asked = frame(source)
        began = time.perf_counter()
        answer = {**answered(asked), "seconds": time.perf_counter() - began}
        if os.getpid() != own:  # a process that the code has forked
            os._exit(0)
        home.restore()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        sink.write(framed({**answer, **printed()}))
        sink.flush()


def main() -> None:
    """Begins to answer. What is printed goes to stderr: stdout is the host's result, and nothing is
    read from its input."""
    asks, answers, life = (int(x) for x in sys.argv[1:4])
    for number in (asks, answers, life):
        os.set_inheritable(number, False)
    os.dup2(2, 1)
    watch_printing()
    threading.Thread(target=watch, args=(life,), daemon=True).start()
    try:
        with open(asks, "rb") as source, open(answers, "wb") as sink:
            folder, *places = frame(source)
            sys.path[:] = places
            importlib.import_module("rlmlang.code")  # before a file of the user's has that name
            sys.path.insert(0, folder)
            sys.argv[:] = [""]
            gc.freeze()
            serve(source, sink)
    except OSError:  # its pipes were closed by the code
        os._exit(1)


if __name__ == "__main__":
    main()
