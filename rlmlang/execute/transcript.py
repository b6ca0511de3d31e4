"""What a model says in a turn, taken as code; and what it is shown of what came of it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import islice

from rlmlang.protocols import CellResult
from rlmlang.unicode import encodable

OPENS, CLOSES = re.compile(r"```[ \t]*(\w*)[ \t]*\n"), re.compile(r"\n?[ \t]*```|\Z")
MOST_ENDS, LONGEST = 64, 100_000  # of a block that is looked through for its end
LANGUAGES = ("", "python", "py", "python3", "repl", "code")
NO_CODE = "There was no code. Answer with one block of Python in a ```python fence."
WRONG_FENCE = "The block was not Python. Answer with one block in a ```python fence."


def code_in(said: str) -> tuple[str, str]:
    """The code in what a model said, or what is wrong with it."""
    blocks = list(_blocks(said))
    code = [body for language, body in blocks if language.lower() in LANGUAGES and body.strip()]
    if code:
        return "\n\n".join(code), ""
    if any(body.strip() for _, body in blocks):
        return "", WRONG_FENCE
    plain = said.strip().strip("`")
    if plain and "```" not in said and len(plain) < 100_000 and looks_like_code(plain):
        return plain, ""
    return "", NO_CODE


def _blocks(said: str) -> Iterator[tuple[str, str]]:
    """The fenced blocks with their languages. A fence inside a string of the code is no end: the
    block ends at the first one with which it is Python, else at the first."""
    at = 0
    while (opened := OPENS.search(said, at)) is not None:
        ends = list(islice(CLOSES.finditer(said, opened.end()), MOST_ENDS))
        closed = ends[0]
        if opened[1].lower() in LANGUAGES:
            closed = next((e for e in ends if _parses(said[opened.end() : e.start()])), closed)
        yield opened[1], said[opened.end() : closed.start()]
        at = closed.end()


def _parses(text: str) -> bool:
    if len(text) > LONGEST:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def looks_like_code(text: str) -> bool:
    """Whether a text without fences is Python that does something."""
    if not _parses(text):
        return False
    body = ast.parse(text).body
    idle = all(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Name | ast.Constant) for s in body
    )
    return bool(body) and not idle


def shown(turn: int, code: str, ran: CellResult, most: int) -> str:
    """A turn as the next one sees it: of long output the beginning."""
    output = cut(ran.output, most)
    if ran.error:
        output = f"{output}\n{cut(ran.error, 1_000)}".strip()
    note = "\nThe session was lost and begun again." if ran.fresh else ""
    return f"Turn {turn + 1}\n```python\n{code}\n```\nprinted:\n{output or '(nothing)'}{note}"


def cut(text: str, most: int) -> str:
    """A text of at most so many bytes, with a note of what is missing."""
    data = encodable(text).encode()
    if len(data) <= most:
        return text
    return (
        f"{data[:most].decode('utf-8', 'ignore')}\n[{len(data) - most:,} more bytes are not shown]"
    )
