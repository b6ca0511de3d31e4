"""Frames to and from the host: a length in four bytes, and JSON of a limited size."""

from __future__ import annotations

import json
import os
import struct
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .messages import Answer, Plain

FRAME = 40 << 20  # bytes of a message
OPENED = 1_000_000  # lists and dictionaries in it: each takes thirty times its two bytes


def excess(data: bytes) -> str:
    """Why a message is not read; empty where it is."""
    if len(data) > FRAME:
        return f"{len(data):,} bytes in one call; at most {FRAME:,}"
    opened = data.count(b"[") + data.count(b"{")
    return f"more than {OPENED:,} lists or dictionaries in one call" if opened > OPENED else ""


class Channel:
    """Frames over what takes bytes and what fills a buffer with them. One call at a time, whichever
    thread makes it."""

    def __init__(
        self, take_into: Callable[[memoryview], int | None], send: Callable[[bytes], object]
    ) -> None:
        self._take_into, self._send, self.turn = take_into, send, threading.Lock()

    def send(self, message: Mapping[str, object]) -> None:
        """Sends one frame."""
        self._put(packed(message))

    def take(self) -> Any:
        """The next frame, of which the host says what it is; without a host there is nothing left
        to do."""
        size = struct.unpack("<I", self._exactly(4))[0]
        return json.loads(self._exactly(size))

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            some = self._take_into(view[got:])
            if not some:
                os._exit(0)
            got += some
        return bytes(data)

    def call(self, name: str, args: list[Plain]) -> Answer:
        """What the host says to a call."""
        with self.turn:
            data = packed({"op": "call", "name": name, "args": args})
            if words := excess(data):
                return {"exc_type": "ValueError", "message": words}
            self._put(data)
            answer: Answer = self.take()
            return answer

    def _put(self, data: bytes) -> None:
        self._send(struct.pack("<I", len(data)) + data)


def packed(message: Mapping[str, object]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":"), default=str).encode("utf-8", "replace")
