"""Backslashes inside JSON strings that a model wrote unescaped: TeX, paths, regular expressions."""

from __future__ import annotations

import re

STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)([A-Za-z]*)", re.DOTALL)
MEANT = frozenset("\"'\\/")
TEX = frozenset(
    "theta times text textbf textit textrm tfrac tanh therefore triangle tilde "
    "nabla neq notin nonumber newcommand newline".split()
)
"""Commands that no words behind a tab or a line feed would spell."""
DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\t[A-Za-z]")


def kept(text: str) -> str:
    """JSON whose strings keep the backslashes that were not meant as escapes.

    `\\f`, `\\b`, a lone `\\r` and what is no escape at all are never meant as such; a `\\n` or
    `\\t` in a string beside them may be either. Raises ValueError where it may.
    """
    return STRING.sub(_string, text) if "\\" in text else text


def _string(match: re.Match[str]) -> str:
    text = match.group()
    found = list(ESCAPE.finditer(text))
    if DRIVE.search(text) and not any(_literal(text, m) for m in found):
        raise ValueError(r"a \t may be a tab or a part of a path: write \\ for a backslash")
    if not any(_literal(text, m) for m in found):
        return text
    if any(m.group(1) in "nt" and m.group(2) and not _literal(text, m) for m in found):
        raise ValueError(r"a \n or \t may be an escape or text: write \\ for a backslash")
    return ESCAPE.sub(lambda m: "\\" * _literal(text, m) + m.group(), text)


def _literal(text: str, escape: re.Match[str]) -> bool:
    """Whether a backslash can only be meant as one."""
    sign, word = escape.group(1), escape.group(2)
    if sign in MEANT or len(sign) == 5:
        return False
    if sign == "r":
        return text[escape.end(1) : escape.end(1) + 2] != "\\n"
    return sign not in "nt" or sign + word in TEX
