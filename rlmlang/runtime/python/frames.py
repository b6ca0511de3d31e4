"""The pipes between the host and the process of the user's code. A frame is a length in eight bytes
and JSON. Imports only the standard library, as `child.py` does, which is a script."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import BinaryIO

SIZE = struct.Struct("<Q")


def exactly(file: BinaryIO, size: int) -> bytes:
    """So many bytes; without a host there is nothing left to do."""
    data: bytes = file.read(size)
    if len(data) < size:
        os._exit(0)
    return data


def frame(source: BinaryIO) -> object:
    """The next frame from the host."""
    return json.loads(exactly(source, SIZE.unpack(exactly(source, SIZE.size))[0]))


def framed(answer: Mapping[str, object]) -> bytes:
    """An answer as a frame."""
    try:
        data = json.dumps(answer).encode()
    except (RecursionError, ValueError) as mistake:
        data = json.dumps({"failed": f"{type(mistake).__name__}: {mistake}"}).encode()
    return SIZE.pack(len(data)) + data


class Pipes:
    """The way to the host for what the code asks, while a call of it goes: a thread that a call has
    left behind asks nobody. `calls` counts them, `now` is the one that goes."""

    source: BinaryIO
    sink: BinaryIO
    turn, calls, now = threading.Lock(), 0, 0

    @classmethod
    def asked(cls, call: int, **asks: object) -> Mapping[str, object]:
        """What the host says to what a call asks."""
        with cls.turn:
            if call != cls.now:
                return {"text": None, "words": "its call is over", "ends": True}
            cls.sink.write(framed({"asks": asks}))
            cls.sink.flush()
            said = frame(cls.source)
            return said if isinstance(said, dict) else {}

    @classmethod
    @contextlib.contextmanager
    def opened(cls) -> Iterator[int]:
        """Opens it for a call; what is still asked at its end is waited for."""
        cls.calls += 1
        cls.now = cls.calls
        try:
            yield cls.now
        finally:
            with cls.turn:
                cls.now = 0
