"""Backslashes inside JSON strings that a model wrote unescaped: TeX, paths, regular expressions."""

from __future__ import annotations

import re

STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)([A-Za-z]*)", re.DOTALL)
MEANT = frozenset("\"'\\/")
TEX = frozenset(
    "theta times text textbf textit textrm tfrac tanh therefore triangle tilde "
    "textsf textsc textup textcolor textnormal textstyle texttt tiny title titlepage toprule "
    "thinspace triangleq triangleleft triangleright twoheadrightarrow tableofcontents "
    "nabla neq notin not nonumber newcommand newline newpage newenvironment ngeq nleq ncong "
    "natural nsubseteq nsupseteq nearrow nwarrow noindent nolimits numberwithin normalsize".split()
)
"""Commands that no words behind a tab or a line feed would spell."""
SHORT_TABS = frozenset("to tan tau tag tt top".split())
SHORT_LINES = frozenset("ne neg nu ni".split())
"""Commands that may be a tab or a line feed and a word; lines seldom end with a blank."""
DRIVE = re.compile(r"(?<![A-Za-z])[A-Za-z]:\\t[A-Za-z]")
PATH = re.compile(r"(?<![^\s\"'(=])(?:[A-Za-z]:|\.{1,2}|~|%\w+%)\\[nt][a-z0-9]")


def kept(text: str) -> str:
    """JSON whose strings keep the backslashes that were not meant as escapes.

    `\\f`, `\\b`, a lone `\\r` and what is no escape at all are never meant as such; a `\\n` or
    `\\t` in a string beside them may be either. Raises ValueError where it may.
    """
    return STRING.sub(_string, text) if "\\" in text else text


def _string(match: re.Match[str]) -> str:
    text = match.group()
    found = list(ESCAPE.finditer(text))
    if (DRIVE.search(text) or PATH.search(text)) and not any(_literal(text, m) for m in found):
        raise ValueError(
            r"a \n or \t may be an escape or a part of a path: write \\ for a backslash"
        )
    if any(_may_be_tex(text, m) for m in found):
        raise ValueError(r"a \n or \t may be an escape or TeX: write \\ for a backslash")
    if not any(_literal(text, m) for m in found):
        return text
    if any(m.group(1) in "nt" and m.group(2) and not _literal(text, m) for m in found):
        raise ValueError(r"a \n or \t may be an escape or text: write \\ for a backslash")
    return ESCAPE.sub(lambda m: "\\" * _literal(text, m) + m.group(), text)


def _may_be_tex(text: str, escape: re.Match[str]) -> bool:
    word = escape.group(1) + escape.group(2)
    before = text[: escape.start()][-1:]
    return word in SHORT_TABS or (word in SHORT_LINES and before in ('"', " ", "$", "("))


def _literal(text: str, escape: re.Match[str]) -> bool:
    """Whether a backslash can only be meant as one."""
    sign, word = escape.group(1), escape.group(2)
    if sign in MEANT or len(sign) == 5:
        return False
    if sign == "r":
        return text[escape.end(1) : escape.end(1) + 2] != "\\n"
    return sign not in "nt" or sign + word in TEX
