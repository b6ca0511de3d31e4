"""A session in a process of its own that has given up its machine, driven over one socket."""

from __future__ import annotations

import _thread
import platform
import random
import signal
import socket
import sys
import threading
import time

from . import cells, lockdown
from .channel import Channel
from .messages import Config, Plain


def out_of_time(*_: object) -> None:
    """Ends a cell."""
    raise TimeoutError("the cell computed for longer than it may")


def timed(seconds: float) -> None:
    """Limits the time that the process computes from now on; 0 lifts the limit."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def serve(sock: socket.socket) -> None:
    """One session, until the host goes away."""
    channel = Channel(sock.recv_into, sock.sendall)
    config: Config = channel.take()
    signal.signal(signal.SIGVTALRM, out_of_time)
    sys.setrecursionlimit(1_000)
    threading.stack_size(1 << 20)
    random.seed(0)
    time.sleep = lambda seconds: None
    walls = lockdown.lock(int(config["memory"]), int(config["seconds"]))
    channel.send({"op": "ready", "walls": walls, "python": platform.python_version()})
    if channel.take()["op"] != "go":
        return

    def call(name: str, args: list[Plain]) -> Plain:
        return cells.heard(channel.call(name, args))

    running = _thread._count  # noqa: SLF001, counts those that no module knows of, too
    session = cells.Cells(call, config, timed, running)
    channel.send({"op": "done"})
    while True:
        channel.send(session.run(channel.take()["code"]))
