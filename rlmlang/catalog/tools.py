"""The tools that a session of a model with code may be given besides prompts and patterns.

They look into the session's contexts and ask no model, so they cost no sub-call.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BuiltIn:
    """A tool: its name, the function as a model is told of it, and what it does."""

    name: str
    takes: str
    words: str

    @property
    def signature(self) -> str:
        """As a function that code may call."""
        return f"{self.name}({self.takes}  # {self.words}"


BUILT_IN = {
    made.name: made
    for made in (
        BuiltIn("grep", "pattern: Text, max: Int = 100, around: Int = 80) -> [Hit]",
                "matches of a regular expression in all contexts; a Hit has source, path, start, "
                "end (bytes), match, groups, text"),
        BuiltIn("read_file", "path: Text, start: Int = 0, end: Int? = None) -> Text",
                "a file of a tree, or its bytes from start to end"),
        BuiltIn("list_files", 'part: Text = "") -> [Text]',
                "the paths of all trees, or those that hold a part"),
    )
}  # fmt: skip
