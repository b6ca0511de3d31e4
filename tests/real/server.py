"""An OpenAI-compatible server over one model file, for the environment that has `llama_cpp`.

One request at a time, as small local servers are: `response_format` with a JSON schema holds the
decoder to it, a request that is too long is refused with 400, usage is the model's own count.
Usage: python server.py MODEL PORT_FILE
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from llama_cpp import Llama

CONTEXT, THREADS = 8192, 1  # with more threads than idle cores each token waits for the slowest
ONE = threading.Lock()


def schema_of(body: dict) -> dict | None:
    """The form that an answer is held to, as llama_cpp takes it."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return {"type": "json_object", "schema": wanted["json_schema"]["schema"]}
    return wanted or None


class Handler(BaseHTTPRequestHandler):
    """Chat completions."""

    model: Llama
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            with ONE:
                found = self.model.create_chat_completion(
                    messages=body["messages"],
                    max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
                    temperature=body.get("temperature", 0.0),
                    stop=body.get("stop") or [],
                    response_format=schema_of(body),
                )
        except ValueError as mistake:
            return self.answer(400, {"error": {"message": str(mistake), "type": "invalid_request"}})
        return self.answer(200, found)

    def do_GET(self) -> None:
        self.answer(200, {"object": "list", "data": [{"id": "small", "object": "model"}]})

    def answer(self, status: int, found: dict) -> None:
        """Sends JSON."""
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main() -> None:
    path, port = sys.argv[1:]
    Handler.model = Llama(path, n_ctx=CONTEXT, n_threads=THREADS, verbose=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Path(port).write_text(str(server.server_port))
    server.serve_forever()


if __name__ == "__main__":
    main()
