"""Contexts as code sees them: texts, trees and rows that lie with the host, and calls of it.

Every tier runs this text, Monty too, whose Python has no inheritance, never calls `__len__`, and
asks nothing of the host from within a special method that it calls itself; code that it runs is
rewritten to call these methods by their names (`monty_rewrite.Reach`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from rlmlang.sandboxes.worker.messages import Hit, Plain

    Value: TypeAlias = "Plain | Text | Tree | Rows | list[Value] | dict[str, Value]"
    Call = Callable[[str, list[Plain]], Any]  # the host says what each gives


class Reference:
    """Something that lies with the host, by number; `call` asks the host."""

    def __init__(self, call: Call, number: int, size: int, name: str) -> None:
        self.call, self.number, self.size, self.name = call, number, size, name

    def ask(self, what: str, *args: object) -> Any:
        """The answer to a question about it."""
        return self.call("__host", [what, self.number, *[plain(a) for a in args]])

    def shown(self, kind: str, units: str, hint: str) -> str:
        """What stands for it where it is printed."""
        return f"<{kind} {self.name}, {self.size} {units}: a handle; {hint}>"

    def pieces(self, by: str, options: dict[str, object]) -> list[Text]:
        """What a partition cuts it into."""
        return [
            Text(Reference(self.call, x["__handle"], x["size"], x["name"]))
            for x in self.ask("split", by, options)
        ]


class Text:
    """A text; positions are bytes."""

    def __init__(self, at: Reference) -> None:
        self.at = at

    def __len__(self) -> int:
        return self.at.size

    def __repr__(self) -> str:
        hint = "slice it, or use lines(a, b), search(regex, max=20), split(max=4000)"
        return self.at.shown("Text", "bytes", hint)

    def __getitem__(self, key: int | slice) -> str:
        if not isinstance(key, slice):
            return self.read(key, key + 1 if key != -1 else None)
        if key.step is not None and key.step != 1:
            raise ValueError("a handle is sliced without a step")
        return self.read(key.start, key.stop)

    def __iter__(self) -> Iterator[str]:
        return iter(self.at.ask("every"))

    def __contains__(self, words: str) -> bool:
        return self.find(words) >= 0

    def lines(self, start: int = 0, end: int | None = None) -> list[str]:
        """Lines from `start` to before `end`."""
        return self.at.ask("lines", start, end)

    def splitlines(self) -> list[str]:
        """All lines."""
        return self.lines()

    def read(self, start: int | None = 0, end: int | None = None) -> str:
        """The text from byte `start` to `end`."""
        return self.at.ask("slice", start, end)

    def find(self, words: str, start: int = 0) -> int:
        """Where words first stand, or -1."""
        return self.at.ask("find", words, start)

    def count(self, words: str) -> int:
        """How often words stand in it."""
        return self.at.ask("count", words)

    def search(
        self, pattern: str, max: int = 100, around: int = 80, ignore_case: bool = False
    ) -> list[Hit]:
        """Matches of a regular expression with their places."""
        return self.at.ask("search", pattern, max, around, ignore_case)

    def split(self, by: str = "tokens", **options: object) -> list[Text]:
        """Pieces, as handles."""
        return self.at.pieces(by, options)


class Tree:
    """A folder of files."""

    def __init__(self, at: Reference) -> None:
        self.at = at

    def __len__(self) -> int:
        return self.at.size

    def __repr__(self) -> str:
        hint = "use files(), read(path), search(regex, max=20), split(max=4000)"
        return self.at.shown("Tree", "files", hint)

    def __getitem__(self, path: str) -> str | Text:
        return self.read(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files())

    def __contains__(self, path: str) -> bool:
        return path in self.files()

    def files(self) -> list[str]:
        """The paths."""
        return self.at.ask("files")

    def read(self, path: str) -> str | Text:
        """A file."""
        return wrapped(self.at.call, self.at.ask("open", path))

    def search(
        self, pattern: str, max: int = 100, around: int = 80, ignore_case: bool = False
    ) -> list[Hit]:
        """Matches of a regular expression, with path and place."""
        return self.at.ask("search", pattern, max, around, ignore_case)

    def split(self, by: str = "files", **options: object) -> list[Text]:
        """Pieces, as handles."""
        return self.at.pieces(by, options)


class Rows:
    """The rows of a table."""

    def __init__(self, at: Reference) -> None:
        self.at = at

    def __len__(self) -> int:
        return self.at.size

    def __repr__(self) -> str:
        return self.at.shown("Rows", "rows", "index, slice or iterate it")

    def __getitem__(self, key: int | slice) -> Plain:
        if not isinstance(key, slice):
            return self.rows(key, key + 1 if key != -1 else None)[0]
        if key.step is not None and key.step < 1:
            raise ValueError("a handle is sliced forwards")
        return self.rows(key.start, key.stop)[:: key.step]

    def __iter__(self) -> Iterator[Plain]:
        return iter(self.rows())

    def __contains__(self, row: Plain) -> bool:
        return row in self.rows()

    def rows(self, start: int | None = 0, end: int | None = None) -> list[Plain]:
        """Rows from `start` to before `end`."""
        return self.at.ask("rows", start, end)


KINDS = {"text": Text, "tree": Tree, "rows": Rows}
HANDLES = (Text, Tree, Rows)


def wrapped(call: Call, value: Any) -> Any:
    """What the host gave, with handles as objects."""
    if isinstance(value, list):
        return [wrapped(call, v) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"__handle", "kind", "size", "name"} and value["kind"] in KINDS:
        at = Reference(call, value["__handle"], value["size"], value["name"])
        return KINDS[value["kind"]](at)
    return {k: wrapped(call, v) for k, v in value.items()}


def plain(value: object) -> Plain:
    """What code gives, as JSON can say it; handles as their numbers."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, HANDLES):
        return {"__handle": value.at.number}
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        raise TypeError("bytes cannot be handed over: decode them")
    item = getattr(value, "tolist", None) or getattr(value, "item", None)  # numpy, pandas
    return str(value) if item is None else plain(item())


class Session:
    """The functions that every session has."""

    def __init__(self, call: Call) -> None:
        self.call = call

    def variable(self, value: Plain) -> Value:
        """A variable as code sees it."""
        return wrapped(self.call, value)

    def tool(self, name: str) -> Callable[..., Value]:
        """A tool as a function."""

        def called(*args: object, **fields: object) -> Value:
            given = [name, plain(args), plain(fields)]
            return wrapped(self.call, self.call("__tool", given))

        return called

    def query(
        self,
        prompts: Iterable[object],
        contexts: Iterable[object] | None,
        deep: bool,
        model: object = None,
    ) -> list[Value]:
        """Answers of models, one for each prompt; `deep` asks each in a session of its own, `model`
        names one of those that may be asked."""
        asked: list[Plain] = [plain(p) for p in prompts]
        given: list[Plain] = [None for _ in asked]
        if contexts is not None:
            given = [plain(c) for c in contexts]
        named = [] if model is None else [plain(model)]
        return wrapped(self.call, self.call("__query", [asked, given, deep, *named]))

    def llm_query(self, prompt: object, context: object = None, model: object = None) -> Value:
        """A model's answer."""
        return self.query([prompt], [context], False, model)[0]

    def llm_query_batched(
        self,
        prompts: Iterable[object],
        contexts: Iterable[object] | None = None,
        model: object = None,
    ) -> list[Value]:
        """A model's answers, asked for at the same time."""
        return self.query(prompts, contexts, False, model)

    def rlm_query(self, prompt: object, context: object = None) -> Value:
        """The answer of a session further down."""
        return self.query([prompt], [context], True)[0]

    def rlm_query_batched(
        self, prompts: Iterable[object], contexts: Iterable[object] | None = None
    ) -> list[Value]:
        """The answers of sessions further down."""
        return self.query(prompts, contexts, True)

    def SUBMIT(self, *values: object, **fields: object) -> None:  # noqa: N802, its name for models
        """Ends the session with a value, or with values by name."""
        self.call("__submit", [plain(values), plain(fields)])


FUNCTIONS = ("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "SUBMIT")
