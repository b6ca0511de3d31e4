"""Traces sent to a collector of OpenTelemetry, message by message, over HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.report.export.protobuf import refused_in
from rlmlang.schema.environment import COLLECTOR, COLLECTOR_HEADERS

PATH = "/v1/traces"
KIND = "application/x-protobuf"
SHOWN = 300  # characters of what a collector says
SECONDS = 30.0


def send(messages: Iterable[bytes], to: str) -> int:
    """Sends messages to a collector, one after another; gives their bytes. Raises CodedError
    (bad-collector, collector-unreachable, collector-refused)."""
    url = url_of(to)
    return asyncio.run(_send(messages, url, headers_for(url, os.environ)))


def url_of(to: str) -> str:
    """Where a collector takes traces: the path is added unless it stands there. Raises CodedError
    (bad-collector)."""
    try:
        parts = urlsplit(to)
        found = parts.hostname if parts.port != 0 else None
    except ValueError:
        parts, found = SplitResult("", "", "", "", ""), None
    if parts.scheme not in ("http", "https") or not found:
        raise failed(
            "bad-collector",
            f"{to} is no address of a collector",
            hint="write http:// or https://, a host and a port: http://127.0.0.1:4318",
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith(PATH) else path + PATH
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def headers_for(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The headers that the environment has for collectors; none where it names another one, since a
    key may be among them."""
    named = environment.get(COLLECTOR, "")
    if named and urlsplit(named)[:2] != urlsplit(url)[:2]:
        return {}
    given = environment.get(COLLECTOR_HEADERS, "").split(",")
    pairs = (each.partition("=") for each in given if "=" in each)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}


async def _send(messages: Iterable[bytes], url: str, headers: Mapping[str, str]) -> int:
    import aiohttp

    sent = 0
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with aiohttp.ClientSession(trust_env=True, timeout=timeout) as session:
            for message in messages:
                about = {**headers, "Content-Type": KIND}
                async with session.post(
                    url, data=message, headers=about, allow_redirects=False
                ) as response:
                    _hold(url, response.status, response.content_type, await response.read())
                sent += len(message)
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as mistake:
        raise failed(
            "collector-unreachable",
            f"{_shown(url)} cannot be reached: {_words(mistake)}",
            hint="start the collector, or write a file: --out spans.jsonl",
        ) from None
    return sent


def _words(mistake: Exception) -> str:
    return str(getattr(mistake, "strerror", "") or mistake or type(mistake).__name__)


def _hold(url: str, status: int, kind: str, body: bytes) -> None:
    """Raises CodedError (collector-refused) unless all was taken."""
    if status >= 300:
        said = " ".join(body[: SHOWN * 4].decode("utf-8", "replace").split())[:SHOWN]
        raise _refused(
            url, f"it answered {status}{f': {said}' if said.isprintable() and said else ''}"
        )
    count, words = refused_in(body) if kind == KIND else (0, "")
    if count:
        raise _refused(url, f"it refused {count:,} spans: {words[:SHOWN]}")


def _refused(url: str, why: str) -> CodedError:
    return failed(
        "collector-refused",
        f"{_shown(url)} did not take the traces: {why}",
        hint=f"a key or a project's name goes into {COLLECTOR_HEADERS}; the same command sends all "
        "again, under the same ids",
    )


def _shown(url: str) -> str:
    """An address without what may be a secret."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
