"""A real OpenAI-compatible server on loopback, with a fault for each request if wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
BARE = (204, 304)  # statuses that have no body
Answer = Callable[[dict[str, Any]], Reply]


def completion(text: str, used: dict[str, int] | None = None) -> Reply:
    """A well-formed chat completion."""
    usage = {"prompt_tokens": 10, "completion_tokens": 5} if used is None else used
    return 200, {
        "id": "x",
        "object": "chat.completion",
        "model": "m",
        "usage": usage,
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        ],
    }


def field(value: str) -> Reply:
    """A completion in the form of DSPy's chat adapter."""
    return completion(f"[[ ## result ## ]]\n{value}\n\n[[ ## completed ## ]]")


class Server:
    """What was asked, and where to ask."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []


@contextmanager
def chat_server(answer: Answer) -> Iterator[Server]:
    """A server that answers each chat request with what `answer` gives for its JSON body: status,
    body as JSON or bytes, and headers where they matter."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.requests.append(body)
            server.headers.append(dict(self.headers))
            status, found, *more = answer(body)
            data = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            headers = {"content-type": "application/json", **dict(*more)}
            if status in BARE:
                data = b""
            else:
                headers["content-length"] = str(len(data))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        server = Server(f"http://{address}/v1")
        yield server


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Has requests on loopback handled, each in a thread; gives the host and port."""
    httpd = Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{httpd.server_port}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
