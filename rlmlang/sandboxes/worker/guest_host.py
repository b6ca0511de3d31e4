"""A process that holds an interpreter inside WebAssembly, and stands between it and the host.

The interpreter is given the text of `contexts` and `cells` and one function, through which its
code asks the host. It cannot reach this process otherwise.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Protocol

from .channel import Channel, excess
from .messages import Config, Done

GUEST = """
import json, random, sys, time, types

def __module(name, text):
    made = types.ModuleType("worker." + name)
    made.__package__ = "worker"
    sys.modules["worker." + name] = made
    setattr(sys.modules["worker"], name, made)
    exec(compile(text, "worker/" + name, "exec"), made.__dict__)

sys.modules["worker"] = types.ModuleType("worker")
sys.modules["worker"].__path__ = []
for __name, __text in json.loads(__TEXTS__):
    __module(__name, __text)
random.seed(0)
time.sleep = lambda seconds: None
sys.setrecursionlimit(600)

def __call(name, args, __said=sys.modules["worker.cells"].heard, __loads=json.loads,
           __dumps=json.dumps, __ask=__ask):
    return __said(__loads(__ask(__dumps([name, args], default=str))))

def __run(code, __dumps=json.dumps, __ask=__ask):
    __ask(__dumps(["__done", __session.run(code)], default=str))
"""
DONE = "__done"


class Guest(Protocol):
    """An interpreter. `asks` is code that defines `__ask(text) -> text` in it; `sessions` is how
    many there may be at a time, `patience` the seconds until one is ready at the very first start,
    `heavy` says that its memory has no limit of its own."""

    asks: str
    sessions: int
    patience: float
    heavy: bool

    def begin(self, answer: Callable[[str], str], memory: int) -> None:
        """Starts it, with at most so many bytes; `answer` is what its `__ask` gives."""

    def run(self, code: str) -> None:
        """Runs code in it. Raises what ends it."""


class GuestHost:
    """One guest and the channel to the host."""

    def __init__(self, channel: Channel, guest: Guest) -> None:
        self.channel, self.guest = channel, guest
        self.done: Done | None = None

    def begin(self, config: Config) -> None:
        """Starts the guest and its session."""
        folder = Path(__file__).parent
        texts = [
            (n, (folder / f"{n}.py").read_text(encoding="utf-8")) for n in ("contexts", "cells")
        ]
        self.guest.begin(self.answer, int(config["memory"]))
        self.guest.run(self.guest.asks + GUEST.replace("__TEXTS__", repr(json.dumps(texts))))

    def open(self, config: Config) -> None:
        """Gives the session its variables and functions."""
        given = repr(json.dumps(config))
        self.guest.run(
            f'__session = sys.modules["worker.cells"].Cells(__call, json.loads({given}))'
        )

    def answer(self, text: str) -> str:
        """What code gets that asks the host; the end of a cell is kept, not passed on."""
        try:
            if words := excess(text.encode("ascii", "replace")):
                raise ValueError(words)
            name, args = json.loads(text)
        except (ValueError, RecursionError) as mistake:
            return json.dumps({"exc_type": "ValueError", "message": str(mistake)})
        if name == DONE:
            self.done = args
            return "{}"
        return json.dumps(self.channel.call(str(name), list(args)))

    def cell(self, code: str) -> Done:
        """Runs a cell. Raises what ends the guest."""
        self.done = None
        self.guest.run(f"__run({code!r})")
        if self.done is None:
            raise EOFError("the interpreter has ended")
        return self.done


def main(guest: str) -> None:
    """Serves one session over standard input and output, until the host goes away."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    channel = _channel()
    config = channel.take()
    try:
        host = GuestHost(channel, resolve_name(guest)())
        host.begin(config)
    except Exception as mistake:
        channel.send({"op": "failed", "words": f"{type(mistake).__name__}: {mistake}"[:500]})
        os._exit(1)
    channel.send({"op": "ready"})
    channel.take()
    with contextlib.suppress(Exception):  # whatever ends the guest ends this process
        host.open(config)
        channel.send({"op": "done"})
        while True:
            channel.send(host.cell(channel.take()["code"]))
    os._exit(1)


def _end_with(parent: int) -> None:
    """Ends this process, and what it has started, once its parent is gone, whatever code does."""
    while os.getppid() == parent:
        time.sleep(1)
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _channel() -> Channel:
    """Standard input and output as the channel; what else is printed here goes nowhere."""
    into, out = os.dup(0), os.fdopen(os.dup(1), "wb")
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    sys.stdin = sys.stdout = sys.stderr = open(os.devnull, "r+", encoding="utf-8")  # noqa: SIM115
    source = os.fdopen(into, "rb", buffering=0)

    def send(data: bytes) -> None:
        out.write(data)
        out.flush()

    return Channel(source.readinto, send)
