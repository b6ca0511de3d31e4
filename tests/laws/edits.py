"""Edits as somebody types them, at any place of a text."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

Edit = tuple[float, int, str]
"""The place as a part of the text, how many characters go, and what is typed."""
TYPED = [
    "", "", "a", " ", "\n", "\n\n", "{", "}", "(", ")", "[", '"', '"""', ",", ".", ":", "//", "///", "x1", " = ",
    "let x = 1\n", "return ", "\nconst a = 1\n", "\nrecipe ", "\nmodel", "export ", "match x {", "match f(", "rlm 1\n",
    "/// docs\n", "// note\n", "é", "🦔", "\r\n", "{{ question }}", 'use "./other.rlm" { a }\n', " max 5tok", "\\",
]  # fmt: skip


def edits(most: int = 4) -> st.SearchStrategy[list[Edit]]:
    """Some edits, one after another."""
    one = st.tuples(
        st.floats(0, 1), st.sampled_from([0, 0, 0, 1, 5, 40, 300]), st.sampled_from(TYPED)
    )
    return st.lists(one, max_size=most)


def edited(text: str, changes: list[Edit]) -> Iterator[str]:
    """The text, and as it is after each edit."""
    yield text
    for where, gone, typed in changes:
        at = int(where * len(text))
        text = text[:at] + typed + text[at + gone :]
        yield text
