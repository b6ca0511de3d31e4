"""Images for tests, and a server that is shown them: it reads their sizes for itself, and counts
them by the rule that OpenAI publishes for gpt-4o."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.servers import Reply, Server, chat_server, completion


def png(width: int, height: int, mark: str = "") -> bytes:
    """A PNG of one colour; `mark` makes it another file."""
    rows = zlib.compress(b"\0" * (width // 8 + 2) * height, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"tEXt", b"mark\0" + mark.encode()), (b"IDAT", rows), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def tiles(width: float, height: float) -> int:
    """What OpenAI says that gpt-4o counts for an image."""
    if max(width, height) > 2048:
        shrunk = 2048 / max(width, height)
        width, height = width * shrunk, height * shrunk
    if min(width, height) > 768:
        shrunk = 768 / min(width, height)
        width, height = width * shrunk, height * shrunk
    return 85 + 170 * math.ceil(round(width) / 512) * math.ceil(round(height) / 512)


def parts_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of all messages of a request."""
    found = (m["content"] for m in body["messages"])
    return [p for c in found for p in ([{"type": "text", "text": c}] if isinstance(c, str) else c)]


def shown(body: dict[str, Any]) -> list[bytes]:
    """The files of the images of a request."""
    urls = (p["image_url"]["url"] for p in parts_of(body) if p["type"] == "image_url")
    return [base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
            for url in urls]  # fmt: skip


def counted(body: dict[str, Any]) -> int:
    """The tokens of a request: the images by their rule, a word of text as one."""
    sizes = (struct.unpack(">II", data[16:24]) for data in shown(body))
    words = sum(len(p["text"].split()) for p in parts_of(body) if p["type"] == "text")
    return words + sum(tiles(*size) for size in sizes)


def answer(body: dict[str, Any]) -> Reply:
    """Says how large the images are."""
    sizes = ["{}x{}".format(*struct.unpack(">II", data[16:24])) for data in shown(body)]
    used = {"prompt_tokens": counted(body), "completion_tokens": 5}
    return completion(" ".join(sizes), used)


@contextmanager
def seeing() -> Iterator[Server]:
    """The server."""
    with chat_server(answer) as server:
        yield server
