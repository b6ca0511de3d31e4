"""`--set x=@file`: values of the command line whose text stands in a file."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping

from rlmlang.diagnostics.diagnostic import CodedError, failed

MOST = 16 << 20  # bytes; what is larger is a source, which is never read whole
STDIN = "-"


def expanded(sets: Mapping[str, str], sources: Collection[str] = ()) -> dict[str, str]:
    """Values with the text of the files that they name: `@file`, `@-` for standard input; `@@`
    begins a text that begins with `@`. `sources` are the places of sources, which may read standard
    input too.

    Raises CodedError (source-missing, source-unreadable, not-utf8, source-too-large, wrong-input).
    """
    readers = [n for n, v in sets.items() if v == "@" + STDIN]
    if len(readers) + sum(s == STDIN for s in sources) > 1:
        raise failed(
            "wrong-input",
            f"--set {readers[0]}=@-: standard input can be read only once",
            hint="put one of the texts into a file",
        )
    return {name: _text(f"--set {name}", value) for name, value in sets.items()}


def text_or_file(value: str, option: str) -> str:
    """The text of an option, or of the file that it names as `expanded` does. Raises CodedError."""
    return _text(option, value)


def _text(name: str, value: str) -> str:
    if not value.startswith("@") or value.startswith("@@"):
        return value.removeprefix("@")
    path = value[1:]
    try:
        data = _bytes(path)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as mistake:
        words = f"{path} is not UTF-8 text: byte {mistake.start:,}"
        raise _unread(name, value, "not-utf8", words) from None
    except (OSError, ValueError) as mistake:
        code = "source-missing" if isinstance(mistake, FileNotFoundError) else "source-unreadable"
        why = getattr(mistake, "strerror", None) or mistake
        raise _unread(name, value, code, f"{path or 'a file'} cannot be read: {why}") from None


def _bytes(path: str) -> bytes:
    """What a file holds, if it is not too much."""
    if path == STDIN:
        data = sys.stdin.buffer.read(MOST + 1)
    else:
        with open(path, "rb") as file:
            data = file.read(MOST + 1)
    if len(data) > MOST:
        raise failed(
            "source-too-large",
            f"{path} is longer than {MOST:,} bytes",
            hint="a long text is a source: --source NAME=PATH, which is never read whole",
        )
    return data


def _unread(name: str, value: str, code: str, words: str) -> CodedError:
    return failed(
        code,
        f"{name}={value:.40}: {words}",
        hint=f"a text that begins with @ is written with two: {name}=@{value:.40}",
    )
