"""A fast OpenAI-compatible server in a process of its own, with faults, limits and a count of all
that it was asked: `python -m tests.provider '{"latency": 0.25}'` prints its port.

GET /stats gives the counts; POST /set changes settings while it runs.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

KINDS = ("429", "500", "503", "hang", "drop", "garbage", "badjson", "empty", "truncated")


@dataclass
class Settings:
    """What the server does. `rate` and `burst` are requests a second and at once; `down` drops
    everything; `hang` is how long a hanging answer takes."""

    latency: float = 0.0
    jitter: float = 0.0
    faults: float = 0.0
    kinds: tuple[str, ...] = KINDS
    seed: int = 1
    rate: float = 0.0
    burst: float = 50.0
    retry_after: str | None = "0.2"
    hang: float = 30.0
    down: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    tokens_in: int = 50
    tokens_out: int = 20
    reply: str = ""


@dataclass
class Provider:
    """The state of the server."""

    settings: Settings
    asked: Counter[str] = field(default_factory=Counter)
    n: int = 0
    answered: int = 0
    refused: int = 0
    flying: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.settings.seed)
        self.level, self.at = self.settings.burst, time.monotonic()

    def limited(self) -> bool:
        """Whether a request passes the rate."""
        now = time.monotonic()
        self.level = min(self.settings.burst, self.level + (now - self.at) * self.settings.rate)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return False
        return True

    def stats(self) -> dict[str, Any]:
        """The counts."""
        return {
            "n": self.n,
            "unique": len(self.asked),
            "answered": self.answered,
            "refused": self.refused,
            "flying": self.flying,
            "most": self.most,
            "twice": sum(1 for n in self.asked.values() if n > 1),
        }


class Connection(asyncio.Protocol):
    """One connection; requests may follow each other on it."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.buffer = provider, bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).decode("latin-1")
            lines = head.split("\r\n")
            length = next(
                (int(x[15:]) for x in lines if x.lower().startswith("content-length:")), 0
            )
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self.route(lines[0].split(" ")[1], body)

    def route(self, path: str, body: bytes) -> None:
        provider = self.provider
        if path.startswith("/stats"):
            self.send(200, provider.stats())
        elif path.startswith("/set"):
            for name, value in json.loads(body).items():
                setattr(provider.settings, name, value)
            self.send(200, provider.stats())
        else:
            self.chat(body)

    def chat(self, body: bytes) -> None:
        provider, how = self.provider, self.provider.settings
        if how.down:
            self.transport.abort()
            return
        provider.n += 1
        digest = hashlib.sha1(body).hexdigest()[:12]
        provider.asked[digest] += 1
        kind = "ok"
        if how.status:
            kind = str(how.status)
        elif how.rate and provider.limited():
            kind = "429"
        elif how.faults and provider.chance.random() < how.faults:
            kind = provider.chance.choice(how.kinds)
        if kind == "429" or kind.isdigit():
            provider.refused += 1
            extra = {"retry-after": how.retry_after} if kind == "429" and how.retry_after else {}
            self.send(int(kind), {"error": {"message": "no"}}, {**extra, **how.headers})
            return
        if kind == "drop":
            self.transport.abort()
            return
        provider.flying += 1
        provider.most = max(provider.most, provider.flying)
        wait = how.hang if kind == "hang" else how.latency
        wait += provider.chance.uniform(-how.jitter, how.jitter) if how.jitter else 0
        asyncio.get_running_loop().call_later(wait, self.answer, kind, digest)

    def answer(self, kind: str, digest: str) -> None:
        provider, how = self.provider, self.provider.settings
        provider.flying -= 1
        if kind == "hang":
            self.transport.abort()
            return
        provider.answered += 1
        words = how.reply or f"A{digest}"
        text = f"[[ ## result ## ]]\n{words}\n\n[[ ## completed ## ]]"
        if kind == "garbage":
            self.send(200, "<html>upstream error</html>")
        elif kind == "badjson":
            self.send(200, {"object": "chat.completion"})
        elif kind == "truncated":
            data = json.dumps(self.completion(text)).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
            self.transport.write(head.encode() + data[: len(data) // 2])
            self.transport.close()
        else:
            self.send(200, self.completion("" if kind == "empty" else text))

    def completion(self, text: str) -> dict[str, Any]:
        how = self.provider.settings
        return {
            "id": "x",
            "object": "chat.completion",
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {
                "prompt_tokens": how.tokens_in,
                "completion_tokens": how.tokens_out,
                "total_tokens": how.tokens_in + how.tokens_out,
            },
        }

    def send(self, status: int, found: Any, headers: dict[str, str] | None = None) -> None:
        if self.transport.is_closing():
            return
        data = found.encode() if isinstance(found, str) else json.dumps(found).encode()
        lines = [
            f"HTTP/1.1 {status} X",
            "content-type: application/json",
            f"content-length: {len(data)}",
        ]
        lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
        self.transport.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)


async def serve(settings: Settings) -> None:
    provider = Provider(settings)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats") as found:
            return json.load(found)

    def set(self, **settings: Any) -> None:
        data = json.dumps(settings).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/set", data=data).close()


@contextmanager
def provider(**settings: Any) -> Iterator[Served]:
    """A server in a process of its own, gone at the end."""
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.provider", json.dumps(settings)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(int(run.stdout.readline()))
    finally:
        run.kill()
        run.wait()
        run.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(Settings(**json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}"))))
