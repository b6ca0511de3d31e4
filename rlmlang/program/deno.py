"""Python inside Deno, by DSPy's own interpreter. Loaded by the process that holds it.

DSPy's runner reads its lines with a module of Deno's old standard library, which is fetched from a
host of its own at the first start; an import map puts ours in its place, so that nothing but
Pyodide, from npm, is fetched.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

FETCHED = re.compile(r'import \{ readLines \} from "(https://[^"]+)"')
READ_LINES = """
export async function* readLines(from) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of from.readable) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\\n");
    rest = lines.pop();
    yield* lines;
  }
  if (rest) yield rest;
}
"""


class Deno:
    """One interpreter. `memory` cannot be limited from inside; it is watched from outside."""

    sessions, patience, heavy = 8, 120.0, True
    asks = ""

    def begin(self, answer: Callable[[str], str], memory: int) -> None:
        """Starts it. Raises CodeInterpreterError where Deno is missing."""
        from dspy.primitives import python_interpreter as theirs

        def ask(text: str) -> str:
            return answer(text)

        command = _command(theirs)
        self.interpreter = theirs.PythonInterpreter(deno_command=command, tools={"__ask": ask})
        self.interpreter.start()

    def run(self, code: str) -> None:
        """Runs code. Raises CodeInterpreterError when it has ended the interpreter."""
        self.interpreter.execute(code)


def _command(theirs: ModuleType) -> list[str]:
    """How Deno is started: it may read its own cache until Python is loaded, and nothing after."""
    deno = theirs._find_deno_executable()  # noqa: SLF001, there is no public way to it
    theirs._validate_deno_version(deno)  # noqa: SLF001
    os.environ["DENO_NO_PACKAGE_JSON"] = "1"
    cache = os.path.realpath(theirs.PythonInterpreter._get_deno_dir(deno) or "")  # noqa: SLF001
    runner = Path(os.path.realpath(sys.modules[theirs.__name__].__file__ or "")).with_name(
        "runner.js"
    )
    return [
        deno,
        "run",
        "--no-config",
        "--no-lock",
        "--node-modules-dir=false",
        "--no-prompt",
        f"--import-map={_map(runner)}",
        f"--allow-read={cache}",
        str(runner),
        "",
        f"--dspy-deno-dir={cache}",
    ]


def _map(runner: Path) -> str:
    """The import map, and the module that it names, as URLs that hold what they are."""
    lines = f"data:text/javascript,{quote(READ_LINES)}"
    named = FETCHED.findall(runner.read_text(encoding="utf-8"))
    return f"data:application/json,{quote(json.dumps({'imports': dict.fromkeys(named, lines)}))}"
