"""The providers' own hosts, led to one TLS server on loopback that refuses what each of them does.

Nothing of the product is changed: names are resolved to the server, whose throw-away certificate is
trusted. Rules and words are those of the providers' public references.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.connector
import pytest

ANSWER = "[[ ## result ## ]]\nbehind the bell\n\n[[ ## completed ## ]]"
HELD = json.dumps({"result": "behind the bell"})
"""The answer of a model that is held to a schema."""
THOUGHTS = 3_000
"""The tok that a model of this server thinks before its first word."""
HOSTS = ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com",
         "api.mistral.ai", "api.deepseek.com")  # fmt: skip
Body = dict[str, Any]
Reply = tuple[int, Any]


class RefusedError(Exception):
    """A request that the real one refuses."""

    def __init__(self, message: str, param: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.param, self.status = param, status


def chat(body: Body, *, reasons: bool, most: str, fields: tuple[str, ...]) -> Reply:
    """A chat completion for a request of known fields; one that thinks may not get to a word."""
    for name in body:
        if name not in fields:
            raise RefusedError(
                f"Unsupported parameter: '{name}' is not supported with this model.", name
            )
    cut = reasons and body.get(most, 10**6) <= THOUGHTS
    usage = {"prompt_tokens": 10, "completion_tokens": 5 + THOUGHTS * reasons, "total_tokens": 15}
    answer = HELD if "response_format" in body else ANSWER
    message = {"role": "assistant", "content": "" if cut else answer}
    choice = {"index": 0, "finish_reason": "length" if cut else "stop", "message": message}
    return 200, {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
        "usage": usage,
    }


def openai(body: Body, names: set[str]) -> Reply:
    """api.openai.com: reasoning models have another name for the limit and one temperature."""
    if body["model"] not in names:
        raise RefusedError(f"The model `{body['model']}` does not exist", "model", 404)
    reasons = re.match(r"gpt-5|o\d", body["model"]) is not None
    if reasons and "max_tokens" in body:
        raise RefusedError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            "max_tokens",
        )
    if reasons and body.get("temperature", 1) != 1:
        raise RefusedError(
            "Unsupported value: 'temperature' does not support 0 with this model. Only "
            "the default (1) value is supported.",
            "temperature",
        )
    limits = ("max_tokens", "max_completion_tokens")
    fields = ("model", "messages", *limits, "temperature", "response_format")
    return chat(body, reasons=reasons, most="max_completion_tokens", fields=fields)


def plain(body: Body, names: set[str]) -> Reply:
    """Mistral's and DeepSeek's chat: `max_tokens` alone, thinking counted in it."""
    if body["model"] not in names:
        raise RefusedError("no such model", "model")
    fields = ("model", "messages", "max_tokens", "temperature", "stream")
    return chat(body, reasons="reasoner" in body["model"], most="max_tokens", fields=fields)


def anthropic(body: Body, names: set[str]) -> Reply:
    """Messages: a limit is demanded, and the newest models take no temperature."""
    if body["model"] not in names or not isinstance(body.get("max_tokens"), int):
        raise RefusedError("max_tokens: Field required")
    if not body["model"].endswith("-4-5") and "temperature" in body:
        raise RefusedError("`temperature` is not supported for this model")
    if unknown := set(body) - {"model", "messages", "max_tokens", "system", "temperature"}:
        raise RefusedError(f"{min(unknown)}: Extra inputs are not permitted")
    if any(m["role"] not in ("user", "assistant") for m in body["messages"]):
        raise RefusedError("messages: Unexpected role")
    return 200, {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


def gemini(body: Body, path: str, names: set[str]) -> Reply:
    """generateContent: the limit includes what is thought."""
    found = re.match(r"/v1(?:beta)?/models/(.+):generateContent", path)
    if found is None or found[1] not in names:
        raise RefusedError(f"{path} is not found", status=404)
    if unknown := set(body) - {
        "contents",
        "system_instruction",
        "systemInstruction",
        "generationConfig",
    }:
        raise RefusedError(f'Unknown name "{min(unknown)}": Cannot find field.')
    config = body["generationConfig"]
    if unknown := set(config) - {"temperature", "max_output_tokens", "maxOutputTokens"}:
        raise RefusedError(
            f'Unknown name "{min(unknown)}" at generation_config: Cannot find field.'
        )
    limit = config.get("max_output_tokens") or config["maxOutputTokens"]
    cut = "lite" not in found[1] and limit <= THOUGHTS
    content = {"role": "model", "parts": [] if cut else [{"text": ANSWER}]}
    reason = "MAX_TOKENS" if cut else "STOP"
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    return 200, {
        "candidates": [{"content": content, "finishReason": reason, "index": 0}],
        "usageMetadata": usage,
    }


def answered(host: str, path: str, body: Body, headers: Any, names: set[str]) -> Reply:
    """What one of the hosts says."""
    key = headers.get("authorization", "").removeprefix("Bearer ")
    try:
        if host == "generativelanguage.googleapis.com":
            given = headers.get("x-goog-api-key") or path.partition("key=")[2]
            return gemini(body, path, names) if given == "key" else (401, {"error": "no key"})
        if host == "api.anthropic.com":
            wanted = path == "/v1/messages" and headers.get("anthropic-version")
            if not wanted or headers.get("x-api-key") != "key":
                raise RefusedError("not_found_error", status=404)
            return anthropic(body, names)
        if key != "key":
            raise RefusedError("Incorrect API key provided", status=401)
        if host == "api.openai.com":
            if path != "/v1/chat/completions":
                raise RefusedError("unknown url", status=404)
            return openai(body, names)
        if path.removeprefix("/v1") != "/chat/completions" and path != "/beta/chat/completions":
            raise RefusedError("no route", status=404)
        return plain(body, names)
    except RefusedError as mistake:
        error = {"message": str(mistake), "type": "invalid_request_error", "param": mistake.param}
        return mistake.status, {"error": error}


class Hosts:
    """What was asked: host, path and body of each request, the refused ones too."""

    def __init__(self, names: set[str]) -> None:
        self.names, self.port = names, 0
        self.asked: list[tuple[str, str, Body]] = []
        self.refused: list[Any] = []


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for all the hosts, signed by itself, and its key."""
    names = ",".join(f"DNS:{h}" for h in HOSTS)
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=rlm test",
            "-addext",
            f"subjectAltName={names}",
            "-keyout",
            str(key),
            "-out",
            str(cert),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@contextmanager
def hosts(folder: Path, names: set[str]) -> Iterator[Hosts]:
    """The server, with every name of HOSTS led to it."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl for a certificate")
    cert, key = certificate(folder)
    found = Hosts(names)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            host = self.headers["host"].partition(":")[0]
            found.asked.append((host, self.path, body))
            status, reply = answered(host, self.path, body, self.headers, found.names)
            if status != 200:
                found.refused.append(reply)
            data = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    found.port = httpd.server_port

    class Loopback(aiohttp.abc.AbstractResolver):
        def __init__(self, *args: Any, **more: Any) -> None:
            """Takes what aiohttp's own takes."""

        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
            assert host in HOSTS, host
            return [
                {
                    "hostname": host,
                    "host": "127.0.0.1",
                    "port": found.port,
                    "family": socket.AF_INET,
                    "proto": 0,
                    "flags": 0,
                }
            ]

        async def close(self) -> None:
            """Nothing is held."""

    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiohttp.connector, "DefaultResolver", Loopback)
        patch.setattr(
            aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=str(cert))
        )
        patch.setenv("SSL_CERT_FILE", str(cert))
        for provider in ("OPENAI", "ANTHROPIC", "GEMINI", "MISTRAL", "DEEPSEEK"):
            patch.setenv(f"{provider}_API_KEY", "key")
        try:
            yield found
        finally:
            httpd.shutdown()
            httpd.server_close()
