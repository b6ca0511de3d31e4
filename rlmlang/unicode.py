"""Text that UTF-8 can hold: half surrogates, which JSON, command lines and file names let through.

What a user gives is never changed: `flaw` finds the half, and it is refused. What a model or its
code says is read by `encodable`, with U+FFFD where a half stood. `visible` is text for terminals.
"""

from __future__ import annotations

import re

STEERS = re.compile(
    "\\r(?!\\n)|[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ufff9-\\ufffb]"
)
"""What steers a terminal or turns the order of what it shows."""
INVISIBLE = "\ufeff\u200b\u2060"
"""What marks an order of bytes or a place to break a line: no part of what it stands around."""
HALF = re.compile("[\ud800-\udfff]")
BYTES = range(0xDC80, 0xDD00)  # how Python keeps bytes of a command line that are no UTF-8
SAME = str.maketrans({
    **dict.fromkeys("“”„‟«»″", '"'), **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"), **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"),
})  # fmt: skip
"""Typography that quotes are compared without."""


def encodable(text: str) -> str:
    """The text with halves that belong together joined, and U+FFFD in place of those that stand
    alone."""
    if _half(text) < 0:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def trimmed(text: str) -> str:
    """Text without blanks and invisible marks around it."""
    bare = text.strip()
    while bare and (bare[0] in INVISIBLE or bare[-1] in INVISIBLE):
        bare = bare.strip(INVISIBLE).strip()
    return bare


def flaw(value: object) -> str:
    """What is wrong with the first text among plain values that UTF-8 cannot hold, in words;
    nothing where all is well."""
    if isinstance(value, str):
        at = _half(value)
        return _words(value[at], at) if at >= 0 else ""
    if isinstance(value, dict):
        return next((w for pair in value.items() for w in map(flaw, pair) if w), "")
    inner = value if isinstance(value, list | tuple) else ()
    return next((w for w in map(flaw, inner) if w), "")


def _half(text: str) -> int:
    """Where the first half stands, or -1."""
    if text.isascii():
        return -1
    try:
        text.encode()
    except UnicodeEncodeError as mistake:
        return mistake.start
    return -1


def _words(half: str, at: int) -> str:
    code = ord(half)
    if code in BYTES:
        return f"is no UTF-8: byte {code - 0xDC00:02x} at character {at + 1:,}"
    return f"has half a character: U+{code:04X} at character {at + 1:,}"


def file_name(path: str) -> str:
    """A path as text: bytes that are no UTF-8 are written as `\\xe9`, other halves as `\\ud83d`."""
    return HALF.sub(_half_out, path) if flaw(path) else path


def _half_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code - 0xDC00:02x}" if code in BYTES else f"\\u{code:04x}"


def visible(text: str) -> str:
    """Text with what steers a terminal written out, as `\\u001b`; line ends and tabs stay."""
    return STEERS.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
