"""Processes that run the user's code: one for each folder of code, kept from call to call.

A process and not a thread: only a process can be ended when its code does not end, and only there
do `os._exit`, a changed working folder, signal handlers and what is printed stay the code's own.
What was started by code ends with it, unless it made itself a session of its own (`os.setsid`).
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rlmlang.runtime.python.child import Value
from rlmlang.runtime.python.frames import SIZE

CHILD = Path(__file__).with_name("child.py")
ROOT = str(CHILD.parents[3])  # where rlmlang is imported from
TICK = 100  # milliseconds between looks at whether a call is overdue
CHUNK = 1 << 16  # bytes
KEPT = 8  # processes, each of another folder; the one that was asked longest ago ends first
Overdue = Callable[[], None]
"""Raises what shall end a wait."""
Tell = Callable[[Mapping[str, Value]], Mapping[str, Value]]
"""What a function is told that asks for something."""


class EndedError(Exception):
    """The process ended while code ran in it; its words say how."""


@dataclass
class Process:
    """A process that is being asked, one call at a time. `stamps` are the files that it has loaded
    and their times: one that changed needs another process."""

    folder: str
    stamps: dict[str, int] = field(default_factory=dict)
    ending: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        theirs, self.asks = os.pipe()
        self.answers, back = os.pipe()
        life, self.life = os.pipe()
        command = [sys.executable, "-P", str(CHILD), *map(str, (theirs, back, life))]
        try:
            self.running = subprocess.Popen(  # noqa: S603, our own interpreter and file
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs, back, life),
                start_new_session=True,
            )
        finally:
            for number in (theirs, back, life):
                os.close(number)
        self.waiting = select.poll()
        self.waiting.register(self.answers, select.POLLIN)
        places = [p for p in sys.path if p and p != str(CHILD.parent)]
        places += [] if ROOT in places else [ROOT]
        self.put(json.dumps([self.folder, *places]).encode())

    def put(self, data: bytes) -> None:
        """Sends a frame. Raises EndedError."""
        view = memoryview(SIZE.pack(len(data)) + data)
        try:
            while view:
                view = view[os.write(self.asks, view) :]
        except BrokenPipeError:
            raise self.ended() from None

    def take(self, overdue: Overdue) -> Value:
        """The next frame. Raises EndedError, and what `overdue` raises."""
        data = self._some(overdue)
        while len(data) < SIZE.size:
            data += self._some(overdue)
        wanted = SIZE.unpack_from(data)[0] + SIZE.size
        while len(data) < wanted:
            data += self._some(overdue)
        return json.loads(memoryview(data)[SIZE.size :].tobytes())

    def _some(self, overdue: Overdue) -> bytearray:
        while not self.waiting.poll(TICK):
            overdue()
        some = os.read(self.answers, CHUNK)
        if not some:
            raise self.ended()
        return bytearray(some)

    def ended(self) -> EndedError:
        """How it ended, in words."""
        code = self.running.wait()
        how = f"with the exit code {code}" if code >= 0 else f"by the signal {-code}"
        return EndedError(f"it ended its process {how}")

    def kill(self) -> None:
        """Ends it, and what it started, once: who waits for its answer may end it at a time at
        which all are ended."""
        with self.ending:
            if self.asks < 0:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, 9)
            self.running.wait()
            for number in (self.asks, self.answers, self.life):
                os.close(number)
            self.asks = -1


class Processes:
    """The processes of this one, by the folder of their code."""

    def __init__(self) -> None:
        self.turn, self.owner = threading.Lock(), os.getpid()
        self.found: dict[str, tuple[threading.Lock, list[Process]]] = {}

    def ask(
        self,
        path: str,
        asked: Mapping[str, object],
        overdue: Overdue,
        told: Tell | None = None,
        name: str = "",
    ) -> Value:
        """The answer to a call of a function of a file. What it asks before it answers is `told`.
        Processes of one folder have a `name` where there are several. Raises EndedError, and what
        `overdue` and `told` raise; the process is ended then."""
        folder = os.path.dirname(path)
        lock, held = self._of(folder + name)
        while not lock.acquire(timeout=TICK / 1_000):
            overdue()
        try:
            process = self._ready(folder, path, held)
            try:
                process.put(json.dumps(asked).encode())
                while "asks" in (answer := process.take(overdue)) and told is not None:
                    process.put(json.dumps(told(answer["asks"])).encode())
                return answer
            except BaseException:
                process.kill()
                held.clear()
                raise
        finally:
            lock.release()

    def _of(self, folder: str) -> tuple[threading.Lock, list[Process]]:
        with self.turn:
            if self.owner != os.getpid():  # forked: they are another's
                self.owner, self.found = os.getpid(), {}
            found = self.found.pop(folder, None) or (threading.Lock(), [])
            self.found[folder] = found
            self._end_idle(folder)
            return found

    def _end_idle(self, asked: str) -> None:
        """Ends processes of other folders, those that were asked longest ago, but for a few."""
        others = [found for name, found in self.found.items() if found[1] and name != asked]
        for lock, held in others[: 1 - KEPT]:
            if lock.acquire(blocking=False):
                while held:
                    held.pop().kill()
                lock.release()

    def _ready(self, folder: str, path: str, held: list[Process]) -> Process:
        """The process of a folder, a new one where a file has changed since."""
        stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else 0
        if held and held[0].stamps.setdefault(path, stamp) != stamp:
            held.pop().kill()
        if not held:
            held.append(Process(folder, {path: stamp}))
        return held[0]

    def close(self) -> None:
        """Ends them all."""
        if self.owner == os.getpid():
            for _, held in self.found.values():
                for process in held:
                    process.kill()
            self.found.clear()


PROCESSES = Processes()
atexit.register(PROCESSES.close)
