"""The built-in tools: looks into the contexts of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from rlmlang.context import Datum, Document, Slice, Tree, as_slice, whole
from rlmlang.sandboxes.arguments import bound
from rlmlang.sandboxes.handles import MOST, Handles
from rlmlang.sandboxes.worker.messages import Plain
from rlmlang.schema.tools import BUILT_IN


@dataclass(frozen=True)
class ContextTools:
    """The contexts of a session by the names of their variables, and its handles."""

    contexts: Mapping[str, Datum]
    handles: Handles

    def answer(self, name: str, args: Sequence[Plain], fields: Mapping[str, Plain]) -> Plain:
        """What a tool gives. Raises ValueError, TypeError and TimeoutError with words for the
        model."""
        given = bound(BUILT_IN[name], args, fields)
        tool: Callable[..., Plain] = getattr(self, name)
        return tool(*given)

    def grep(self, pattern: str, most: int, around: int) -> list[Plain]:
        """Matches in all contexts, with the variable and place of each."""
        found: list[Plain] = []
        for name, value in self.contexts.items():
            if (looked := _text_or_tree(name, value)) is not None:
                wanted: list[Plain] = [pattern, most - len(found), around]
                hits = cast(list[dict[str, Plain]], self.handles.look("search", looked, wanted))
                found += [{"source": name, "path": name, **hit} for hit in hits]
                if len(found) >= most:
                    break
        return found

    def read_file(self, path: str, start: int, end: int | None) -> Plain:
        """A file as text, as a handle where it is large; or a part of it."""
        for document in self._files():
            if document.id == path:
                size = document.size - document.start
                if start == 0 and end is None and size > MOST:
                    return self.handles.give(whole(document), path)
                return self.handles.look("slice", whole(document), [start, end])
        raise ValueError(f"there is no file {path!r}; list_files() names them")

    def list_files(self, part: str) -> list[Plain]:
        """The paths of all trees, in order."""
        return [d.id for d in self._files() if part in d.id]

    def _files(self) -> Iterator[Document]:
        for value in self.contexts.values():
            if isinstance(value, Tree):
                yield from value.documents


def _text_or_tree(name: str, value: Datum) -> Slice | Tree | None:
    if isinstance(value, str):
        return as_slice(name, value)
    return value if isinstance(value, Slice | Tree) else None
