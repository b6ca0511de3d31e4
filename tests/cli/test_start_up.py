"""What a command imports: the large libraries only where they are used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PURE = """rlm 1
recipe three(words: [Text] = ["a", "b", "c"]) -> Int {
  return count(words)
}
"""
ASKING = """rlm 1
prompt merge(words: [Text]) -> Text "Join the words."
recipe join(words: [Text] = ["a", "b"]) -> Text {
  return merge(words)
}
"""
HTTP = {"aiohttp", "httpx", "requests", "urllib3", "http"}
MODELS = {"dspy", "litellm", "openai", "pydantic", *HTTP}
COMMANDS = {
    "--help": {"lark", "networkx", "rich", "sqlite3", "asyncio"},
    "check asking.rlm": {"networkx", "rich", "sqlite3", "asyncio", "anyio", "jinja2"},
    "fmt --check asking.rlm": {"networkx", "rich", "sqlite3", "asyncio", "anyio", "jinja2"},
    "explain map": {"lark", "networkx", "rich", "sqlite3", "asyncio", "anyio", "jinja2"},
    "plan asking.rlm": {"sqlite3"},
    "graph asking.rlm": {"rich", "sqlite3"},
    "run pure.rlm": set(),
    "runs": {"lark", "networkx", "rich", "anyio"},
    "show": {"lark", "anyio"},
}


def imported(folder: Path, command: str) -> set[str]:
    """The outermost packages that a command imports in a process of its own."""
    code = (
        "import sys\nfrom rlmlang.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n    print('imported', *{n.partition('.')[0] for n in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command.split()],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "COLUMNS"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split()[1:])


def test_the_large_libraries_are_imported_only_where_they_are_used(tmp_path: Path) -> None:
    (tmp_path / "pure.rlm").write_text(PURE)
    (tmp_path / "asking.rlm").write_text(ASKING)
    assert imported(tmp_path, "fmt asking.rlm") >= {"rlmlang", "click"}
    for command, more in COMMANDS.items():
        assert not imported(tmp_path, command) & (MODELS | more), command
    assert "dspy" in imported(tmp_path, "run asking.rlm")
