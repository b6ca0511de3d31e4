"""A REPL that is driven over one socket: frames of a length and JSON."""

from __future__ import annotations

import ast
import builtins
import io
import json
import os
import platform
import random
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from typing import Any

from . import contexts, lockdown

CELL = "<cell>"


class Channel:
    """Frames to and from the host. One call at a time, whichever thread makes it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.turn = sock, threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Sends one frame."""
        data = json.dumps(message, separators=(",", ":"), default=str).encode("utf-8", "replace")
        self.sock.sendall(struct.pack("<I", len(data)) + data)

    def take(self) -> dict[str, Any]:
        """The next frame; without a host there is nothing left to do."""
        size = struct.unpack("<I", self._exactly(4))[0]
        found: dict[str, Any] = json.loads(self._exactly(size))
        return found

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            some = self.sock.recv_into(view[got:])
            if some == 0:
                os._exit(0)
            got += some
        return bytes(data)

    def call(self, name: str, args: list[Any]) -> Any:
        """What the host says to a call; raises what it raises."""
        with self.turn:
            self.send({"op": "call", "name": name, "args": args})
            said = self.take()
        if "exc_type" in said:
            kind = getattr(builtins, str(said["exc_type"]), RuntimeError)
            raise kind(said["message"])
        return said.get("return_value")


class Printed(io.TextIOBase):
    """What is printed: the beginning, and how long it was."""

    def __init__(self, most: int) -> None:
        self.most, self.length = most, 0
        self.parts: list[str] = []

    def write(self, text: str) -> int:
        """Takes what is printed."""
        text = str(text)
        room = self.most - self.length
        if room > 0:
            self.parts.append(text[:room])
        self.length += len(text)
        return len(text)

    def taken(self) -> tuple[str, int]:
        """What there is, and its whole length."""
        found = "".join(self.parts), self.length
        self.parts, self.length = [], 0
        return found


def out_of_time(*_: Any) -> None:
    """Ends a cell."""
    raise TimeoutError("the cell computed for longer than it may")


class Repl:
    """The variables of a session and the cells run over them."""

    def __init__(self, channel: Channel, config: dict[str, Any]) -> None:
        self.channel, self.cpu = channel, float(config["cpu"])
        self.printed = Printed(int(config["shown"]))
        made = contexts.functions(channel.call)
        ask = made.pop("__ask")
        self.names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins, **made}
        for name in config["tools"]:
            self.names[name] = contexts.tool(name, channel.call, ask)
        for name, value in config["values"].items():
            self.names[name] = contexts.wrapped(value, ask)

    def run(self, code: str) -> dict[str, Any]:
        """Runs a cell."""
        kind, error = "", ""
        sys.stdout = sys.stderr = self.printed  # a cell may have put others there
        try:
            made = compile(ast.parse(code, CELL), CELL, "exec")
            signal.setitimer(signal.ITIMER_VIRTUAL, self.cpu)
            try:
                exec(made, self.names)  # noqa: S102, this is what the walls are for
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        except (SyntaxError, ValueError) as mistake:
            kind = "syntax" if mistake.__traceback__ and not _lines(mistake) else "python"
            error = told(mistake)
        except (MemoryError, TimeoutError) as mistake:
            kind, error = "resource", told(mistake)
        except BaseException as mistake:
            kind, error = "python", told(mistake)
        output, length = self.printed.taken()
        return {"op": "done", "output": output, "length": length, "kind": kind, "error": error}


def _lines(mistake: BaseException) -> list[Any]:
    return [f for f in traceback.extract_tb(mistake.__traceback__) if f.filename == CELL]


def told(mistake: BaseException) -> str:
    """An error as a model should see it: its lines of the cell, and what it says."""
    try:
        lines = [f'  File "<cell>", line {f.lineno}, in {f.name}' for f in _lines(mistake)[-8:]]
        last = "".join(traceback.format_exception_only(type(mistake), mistake)).strip()
        return "\n".join([*lines, last])[:20_000]
    except BaseException as another:
        return f"{type(mistake).__name__}, and {type(another).__name__} in telling it"


def serve(sock: socket.socket) -> None:
    """One session, until the host goes away."""
    channel = Channel(sock)
    config = channel.take()
    signal.signal(signal.SIGVTALRM, out_of_time)
    sys.setrecursionlimit(1_000)
    threading.stack_size(1 << 20)
    random.seed(0)
    time.sleep = lambda seconds: None
    walls = lockdown.lock(int(config["memory"]), int(config["seconds"]))
    channel.send({"op": "ready", "walls": walls, "python": platform.python_version()})
    if channel.take()["op"] != "go":
        return
    repl = Repl(channel, config)
    channel.send({"op": "done"})
    while True:
        channel.send(repl.run(channel.take()["code"]))
