"""Where a source is, and the document that lies there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rlmlang.context import Document
from rlmlang.ir.kinds import is_images
from rlmlang.ir.types import TreeType, Type, is_documents
from rlmlang.schema.readers import bare_name
from rlmlang.schema.sources import SOURCES
from rlmlang.sources.formats import Stored, text_in
from rlmlang.sources.local import standard_input, stored
from rlmlang.sources.remote import is_remote, remote

STDIN = "-"
LOCAL = "file://"


@dataclass(frozen=True)
class Place:
    """What stands between the brackets of a source: where it is, as it was `written`, and its
    arguments by name. Paths begin at `folder`; `type` is what is wanted."""

    written: str
    type: Type
    folder: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """A path or a URL."""
        alone = is_remote(self.written) or os.path.isabs(self.written)
        return self.written if alone else os.path.join(self.folder, self.written)

    @cached_property
    def stored(self) -> Stored:
        """The bytes that lie there, whatever they are. Raises CodedError for what is missing."""
        if self.path == STDIN:
            return standard_input()
        if self.path.startswith(LOCAL + "/"):
            return stored(self.path.removeprefix(LOCAL), self.written)
        return remote(self.path) if is_remote(self.path) else stored(self.path, self.written)

    @cached_property
    def document(self) -> Document:
        """The text that lies there, opened once. Raises CodedError for what is missing or no
        text, or not in its encoding."""
        extract = not self.type.is_list and self.options.get("extract") is not False
        return text_in(self.stored, self.option("encoding", "utf-8"), extract=extract)

    def option(self, name: str, usual: str = "") -> str:
        """An argument that is a text."""
        return str(self.options.get(name, usual))


def kind_at(path: str, type_: Type) -> str:
    """The kind of source that a path from the command line is opened as."""
    if isinstance(type_, TreeType) or is_documents(type_):
        return "tree"
    if is_images(type_):
        return "images" if type_.is_list else "image"
    if not type_.is_list:
        return "text"
    suffix = bare_name(path).rsplit(".", 1)[-1].lower()
    known = (name for name, kind in SOURCES.items() if suffix in kind.suffixes)
    return next(known, "lines" if type_.item.textual else "jsonl")
