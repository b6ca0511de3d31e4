"""What `action.yml` does: checks and tests the recipes of a folder, and says what changed in them.

REVIEW_PATH is the folder, REVIEW_BASE the commit that they are compared with; with REVIEW_PULL, the
number of a pull request, and REVIEW_TOKEN what changed becomes a comment there, the same one each
time. Ends with the worst exit code of the commands; a difference is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

MARK = "<!-- rlm diff -->"
LONGEST = 65_000  # characters of a comment
SECONDS = 60.0


def main() -> int:
    """Does all of it; gives the exit code."""
    path, base = os.environ.get("REVIEW_PATH") or ".", os.environ.get("REVIEW_BASE", "")
    commands = ("check", path), ("fmt", "--check", path), ("test", path)
    worst = max(told(*command) for command in commands)
    text = comment(path, base)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    pull, token = os.environ.get("REVIEW_PULL"), os.environ.get("REVIEW_TOKEN")
    if pull and token:
        try:
            post(pull, token, text)
        except (OSError, URLError) as mistake:  # of a fork, the token may not write
            show(f"::warning::the comment could not be written: {mistake}")
    return worst


def rlm(*args: str) -> subprocess.CompletedProcess[str]:
    """The command line of this environment."""
    command = [sys.executable, "-m", "rlmlang", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def git(*args: str) -> str:
    """What git says; nothing where it fails."""
    done = subprocess.run(  # noqa: S603
        ["git", *args],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def told(*args: str) -> int:
    """Carries a command out and shows what it says. A folder without tests is no mistake."""
    done = rlm(*args)
    show(f"$ rlm {' '.join(args)}\n{done.stdout}{done.stderr}")
    return 0 if args[0] == "test" and "[no-tests]" in done.stderr else done.returncode


def show(text: str) -> None:
    """Says something in the log."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def comment(path: str, base: str) -> str:
    """What changed since the pull request's beginning, as Markdown."""
    begun = git("merge-base", "--", base, "HEAD") if base else ""
    since = begun or git("rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}")
    if not since:
        return f"{MARK}\nThere is no commit to compare recipes with."
    text, left = f"{MARK}\n### Recipes\n", 0
    parts = list(changed(path, since))
    for part in parts:
        if len(text) + len(part) > LONGEST:
            left += 1
        else:
            text += f"\n{part}"
    if left:
        text += f"\n{left} more would be too long for a comment.\n"
    return text if parts else f"{text}\nNo recipe says, costs or asks anything else.\n"


def changed(path: str, since: str) -> Iterator[str]:
    """Of each recipe file that differs, what changed. A file that is used may change others."""
    names = git("ls-files", "-z", "--", path).split("\0")
    for name in (n for n in names if n.endswith(".rlm")):
        if not git("cat-file", "-t", f"{since}:./{name}"):
            yield f"`{_plain(name)}` is new.\n"
            continue
        done = rlm("diff", f"{name}@{since[:12]}", name, "--format", "md")
        if done.returncode == 1 and done.stdout:
            yield done.stdout
        elif done.returncode and "[no-recipe]" not in done.stderr:
            said = (done.stderr.splitlines() or [""])[0]
            yield f"`{_plain(name)}` cannot be compared: `{_plain(said)}`\n"


def _plain(text: str) -> str:
    """A text that means nothing inside of code."""
    return text.replace("`", "'").replace("\n", " ")


def post(pull: str, token: str, text: str) -> None:
    """Writes the comment, or writes the earlier one anew. Raises URLError and OSError."""
    here = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    for page in range(1, 100):
        found = _asked("GET", f"{here}/{pull}/comments?per_page=100&page={page}", token)
        for one in found if isinstance(found, list) else ():
            if one["body"].startswith(MARK) and one["user"]["type"] == "Bot":
                _asked("PATCH", f"{here}/comments/{one['id']}", token, text)
                return
        if not found:
            break
    _asked("POST", f"{here}/{pull}/comments", token, text)


def _asked(method: str, path: str, token: str, body: str | None = None) -> object:
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    data = None if body is None else json.dumps({"body": body}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(base + path, data, headers, method=method)  # noqa: S310, the runner's own
    with urlopen(request, timeout=SECONDS) as response:  # noqa: S310
        return json.load(response)


if __name__ == "__main__":
    sys.exit(main())
