"""Handles as code sees them: texts, trees and rows that lie with the host, and calls of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Ask = Callable[..., Any]


class Handle:
    """Something that lies with the host, by number."""

    def __init__(self, ask: Ask, number: int, size: int, name: str) -> None:
        self._ask, self._number, self._size, self._name = ask, number, size, name

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"<{kind} {self._name}, {self._size}: a handle; {self._hint}>"

    _hint = ""


class Text(Handle):
    """A text; positions are bytes."""

    _hint = "slice it, or use lines(a, b), search(regex, max=20), split(max=4000)"

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            if key.step not in (None, 1):
                raise ValueError("a handle is sliced without a step")
            return self._ask("slice", self._number, key.start, key.stop)
        return self._ask("slice", self._number, key, key + 1 if key != -1 else None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ask("every", self._number))

    def __contains__(self, words: Any) -> bool:
        return self.find(words) >= 0

    def lines(self, start: int = 0, end: int | None = None) -> Any:
        """Lines from `start` to before `end`."""
        return self._ask("lines", self._number, start, end)

    def splitlines(self) -> Any:
        """All lines."""
        return self.lines()

    def read(self, start: int = 0, end: int | None = None) -> Any:
        """The text from byte `start` to `end`."""
        return self._ask("slice", self._number, start, end)

    def find(self, words: str, start: int = 0) -> int:
        """Where words first stand, or -1."""
        return int(self._ask("find", self._number, words, start))

    def count(self, words: str) -> Any:
        """How often words stand in it."""
        return self._ask("count", self._number, words)

    def search(
        self, pattern: str, max: int = 100, around: int = 80, ignore_case: bool = False
    ) -> Any:
        """Matches of a regular expression with their places."""
        return self._ask("search", self._number, pattern, max, around, ignore_case)

    def split(self, by: str = "tokens", **options: Any) -> Any:
        """Pieces, as handles."""
        return self._ask("split", self._number, by, options)


class Tree(Handle):
    """A folder of files."""

    _hint = "use files(), read(path), search(regex, max=20), split(max=4000)"

    def __getitem__(self, path: str) -> Any:
        return self.read(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files())

    def __contains__(self, path: Any) -> bool:
        return path in self.files()

    def files(self) -> Any:
        """The paths."""
        return self._ask("files", self._number)

    def read(self, path: str) -> Any:
        """A file."""
        return self._ask("open", self._number, path)

    def search(
        self, pattern: str, max: int = 100, around: int = 80, ignore_case: bool = False
    ) -> Any:
        """Matches of a regular expression, with path and place."""
        return self._ask("search", self._number, pattern, max, around, ignore_case)

    def split(self, by: str = "files", **options: Any) -> Any:
        """Pieces, as handles."""
        return self._ask("split", self._number, by, options)


class Rows(Handle):
    """The rows of a table."""

    _hint = "index, slice or iterate it"

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self.rows(key.start, key.stop)[:: key.step or 1]
        return self.rows(key, key + 1 if key != -1 else None)[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows())

    def rows(self, start: int | None = 0, end: int | None = None) -> Any:
        """Rows from `start` to before `end`."""
        return self._ask("rows", self._number, start, end)


KINDS = {"text": Text, "tree": Tree, "rows": Rows}


def wrapped(value: Any, ask: Ask) -> Any:
    """What the host gave, with handles as objects."""
    if isinstance(value, dict) and "__handle" in value:
        made = KINDS[value["kind"]]
        return made(ask, value["__handle"], value["size"], value["name"])
    if isinstance(value, list):
        return [wrapped(v, ask) for v in value]
    return value


def plain(value: Any) -> Any:
    """What code gives, as JSON can say it; handles as their numbers."""
    if isinstance(value, Handle):
        return {"__handle": value._number}  # noqa: SLF001, handles are ours
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    item = getattr(value, "tolist", None) or getattr(value, "item", None)  # numpy, pandas
    return plain(item()) if callable(item) else str(value)


def functions(call: Callable[[str, list[Any]], Any]) -> dict[str, Any]:
    """The functions that every session has."""

    def ask(*args: Any) -> Any:
        return wrapped(call("__host", [plain(a) for a in args]), ask)

    def query(prompts: Any, contexts: Any, deep: bool) -> Any:
        prompts = [plain(p) for p in prompts]
        given = [None] * len(prompts) if contexts is None else [plain(c) for c in contexts]
        return wrapped(call("__query", [prompts, given, deep]), ask)

    def llm_query(prompt: Any, context: Any = None) -> Any:
        return query([prompt], [context], False)[0]

    def llm_query_batched(prompts: Any, contexts: Any = None) -> Any:
        return query(prompts, contexts, False)

    def rlm_query(prompt: Any, context: Any = None) -> Any:
        return query([prompt], [context], True)[0]

    def rlm_query_batched(prompts: Any, contexts: Any = None) -> Any:
        return query(prompts, contexts, True)

    def SUBMIT(*values: Any, **fields: Any) -> None:  # noqa: N802, its name in every session
        call("__submit", [plain(list(values)), plain(fields)])

    made = (llm_query, llm_query_batched, rlm_query, rlm_query_batched, SUBMIT)
    return {"__ask": ask, **{f.__name__: f for f in made}}


def tool(name: str, call: Callable[[str, list[Any]], Any], ask: Ask) -> Any:
    """A tool as a function."""

    def called(*args: Any, **fields: Any) -> Any:
        return wrapped(call("__tool", [name, plain(list(args)), plain(fields)]), ask)

    called.__name__ = name
    return called
