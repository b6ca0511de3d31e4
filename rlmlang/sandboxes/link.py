"""The way to a process that serves one session: frames, of which nothing is believed."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from rlmlang.sandboxes.worker.channel import FRAME, excess, packed


class DiedError(Exception):
    """A session that has ended, or that does what no session does."""


@dataclass(frozen=True)
class Link:
    """A process and the two ends of its channel. All methods raise DiedError or OSError."""

    child: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, message: Mapping[str, object]) -> None:
        """Sends one frame."""
        data = packed(message)
        self.writer.write(struct.pack("<I", len(data)) + data)
        async with asyncio.timeout(60):
            await self.writer.drain()

    async def take(self, seconds: float) -> dict[str, object]:
        """The next frame, which must come soon."""
        try:
            async with asyncio.timeout(seconds):
                return await self.frame()
        except TimeoutError:
            raise DiedError("the process does not answer") from None

    async def frame(self) -> dict[str, object]:
        """The next frame."""
        try:
            size = struct.unpack("<I", await self.reader.readexactly(4))[0]
            if size > FRAME:
                raise DiedError(f"the session sent {size:,} bytes at once")
            data = await self.reader.readexactly(size)
        except asyncio.IncompleteReadError:
            raise DiedError("the process has ended") from None
        if words := excess(data):
            raise DiedError(words)
        try:
            message = json.loads(data)
        except (ValueError, RecursionError) as mistake:
            raise DiedError("the session sent what cannot be read") from mistake
        if not isinstance(message, dict):
            raise DiedError("the session sent what no session sends")
        return message
