"""An interpreter with its modules loaded, of which every session is a fork."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import socket
import struct

from .repl import serve

MODULES = (
    "abc array ast asyncio base64 bisect bz2 calendar cmath collections collections.abc "
    "concurrent.futures concurrent.futures.thread contextlib copy csv dataclasses datetime decimal "
    "difflib enum fractions functools hashlib heapq html io itertools json keyword linecache "
    "locale math numbers operator pickle pprint queue random re secrets shlex statistics string "
    "stringprep struct textwrap threading time timeit tokenize tomllib traceback types typing "
    "unicodedata urllib.parse uuid warnings weakref zlib zoneinfo _strptime encodings.utf_8 "
    "encodings.latin_1 encodings.ascii encodings.idna"
).split()


def warm() -> list[str]:
    """Loads what sessions may import, for they can open no file; gives what else there is."""
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import datetime

    datetime.datetime.strptime("2024-01-02", "%Y-%m-%d")
    "x".encode("idna")
    found = []
    for name in ("numpy", "pandas"):
        with contextlib.suppress(Exception):
            _warm_table(name)
            found.append(name)
    return found


def _warm_table(name: str) -> None:
    """Both import parts of themselves when they are first used."""
    module = importlib.import_module(name)
    if name == "numpy":
        module.random.default_rng(0).normal(size=3)
        module.linalg.norm(module.ones(3))
        return
    frame = module.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    for each in (frame, frame.groupby("a").sum(), frame.describe(), frame.merge(frame, on="a")):
        repr(each)
    frame.to_csv()
    frame.to_dict("records")
    repr(frame.a.str.contains("x"))
    repr(frame.pivot_table(index="a", values="b"))


def main(number: int) -> None:
    """Forks a session for each socket that arrives, and ends those that it is told to."""
    control = socket.socket(fileno=number)
    control.send(",".join(["ready", *warm()]).encode())
    while True:
        message, received, _, _ = socket.recv_fds(control, 64, 1)
        if not message:
            os._exit(0)
        if not received:
            _end(struct.unpack("<i", message)[0])
            control.send(b"ended")
            continue
        child = os.fork()
        if child == 0:
            control.close()
            try:
                serve(socket.socket(fileno=received[0]))
            finally:
                os._exit(0)
        os.close(received[0])
        control.send(struct.pack("<i", child))


def _end(child: int) -> None:
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
