"""A provider of batches on loopback that behaves as the documentation of the real ones says, with
what goes wrong with them, and its own count of what it charged.

A batch goes on by one step each time that it is looked at, so that no test waits for time to pass.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers import Reply, completion, serving

Body = dict[str, Any]
WORKING = ("validating", "in_progress", "finalizing")


@dataclass
class Faults:
    """What goes wrong. `ends` are the states that batches end in, one after another, `completed`
    behind the last; of those, `done` says how many of a batch's calls are answered before it ends.
    `errors` are the reasons for which whole batches are refused, each once. Of the requests in
    `broken`, so many are answered with 503; those in `lost` are carried out, and the connection is
    cut; those in `status` are refused with one of their own. `kill` is the moment at which `pid` is killed. At most `queued` calls may be on their way."""

    ends: list[str] = field(default_factory=list)
    done: int = 0
    errors: list[Body] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    kill: str = ""
    pid: int = 0
    queued: int = 1 << 30
    status: dict[str, int] = field(default_factory=dict)
    empty_ids: bool = False
    steps: int = 2


@dataclass
class Served:
    """A batch at the provider: its lines by key, and the results of those that were answered."""

    name: str
    about: Body
    lines: list[tuple[str, Body]]
    looks: int = 0
    said: str = "validating"
    errors: Body | None = None
    answers: list[Body] = field(default_factory=list)
    failures: list[Body] = field(default_factory=list)
    cancelling: bool = False

    @property
    def over(self) -> bool:
        return self.said not in WORKING


class BatchProvider:
    """The state of the provider: its files and batches; `charged` counts the calls that it answered
    and bills, by their keys."""

    def __init__(self, answer: Callable[[Body], Reply]) -> None:
        self.answer, self.faults = answer, Faults()
        self.files: dict[str, list[bytes]] = {}
        self.batches: dict[str, Served] = {}
        self.charged: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.live = 0
        self.lock = threading.Lock()
        self.base = ""

    # ── what happens ─────────────────────────────────────────────────────────

    def create(self, about: Body, lines: list[tuple[str, Body]]) -> Served:
        served = Served(f"batch_{len(self.batches) + 1}", about, lines)
        self.batches[served.name] = served
        return served

    def step(self, served: Served) -> None:
        """A batch goes on by one step."""
        served.looks += 1
        if served.over:
            return
        if served.looks == 1 and (refused := self.refused(served)):
            served.said, served.errors = "failed", refused
            return
        served.said = "in_progress"
        if served.looks >= self.faults.steps or served.cancelling:
            self.end(served)

    def refused(self, served: Served) -> Body | None:
        """Why a whole batch is refused, as validation finds it."""
        keys = [key for key, _ in served.lines]
        queued = sum(len(b.lines) for b in self.batches.values() if not b.over)
        problem: Body | None = None
        if self.faults.errors:
            problem = self.faults.errors.pop(0)
        elif not keys:
            problem = {"code": "empty_file", "message": "no lines"}
        elif len(set(keys)) < len(keys):
            problem = {"code": "duplicate_custom_id", "message": "twice", "line": 2}
        elif len({body.get("model") for _, body in served.lines}) > 1:
            problem = {"code": "mismatched_model", "message": "one model a file", "line": 2}
        elif queued > self.faults.queued:
            problem = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}
        return problem and {"object": "list", "data": [problem]}

    def end(self, served: Served) -> None:
        """Answers what is answered, in another order than it was sent in."""
        state = "cancelled" if served.cancelling else "completed"
        if self.faults.ends and not served.cancelling:
            state = self.faults.ends.pop(0)
        lines = served.lines if state == "completed" else served.lines[: self.faults.done]
        for key, body in reversed(lines):
            status, found, *_ = self.answer(body)
            if status == 200:
                self.charged[key] += 1
            said = {"status_code": status, "request_id": "r", "body": found}
            line = {"id": f"l_{key}", "custom_id": key, "response": said, "error": None}
            (served.answers if status == 200 else served.failures).append(line)
        for key, _ in served.lines[len(lines) :]:
            code = {"expired": "batch_expired", "cancelled": "batch_cancelled"}.get(state, state)
            error = {"code": code, "message": "This request could not be executed."}
            served.failures.append(
                {"id": f"l_{key}", "custom_id": key, "response": None, "error": error}
            )
        served.said = state

    def at(self, moment: str) -> None:
        """Kills the process that asks, if this is the moment."""
        if self.faults.kill == moment:
            self.faults.kill = ""
            os.kill(self.faults.pid, signal.SIGKILL)

    # ── OpenAI's routes ──────────────────────────────────────────────────────

    def shown(self, served: Served) -> Body:
        """A batch as it is shown. A file that is not there has no id, or an empty one."""
        none = "" if self.faults.empty_ids else None
        counts = {
            "total": len(served.lines),
            "completed": len(served.answers),
            "failed": len(served.failures),
        }
        return {
            "id": served.name,
            "object": "batch",
            "status": served.said,
            "metadata": served.about.get("metadata"),
            "request_counts": counts,
            "errors": served.errors,
            "output_file_id": f"{served.name}.out" if served.answers and served.over else none,
            "error_file_id": f"{served.name}.err" if served.failures and served.over else none,
        }

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """An answer to GET."""
        *_, kind = path.split("/")
        if path.endswith("/content"):
            return 200, self.content(path.split("/")[-2])
        if kind == "batches":
            return 200, self.listed(query)
        served = self.batches.get(kind)
        if served is None:
            return 404, b'{"error": {"message": "No batch found"}}'
        self.step(served)
        return 200, json.dumps(self.shown(served)).encode()

    def listed(self, query: dict[str, list[str]]) -> bytes:
        """The batches of the account, the newest first, a page of them."""
        names = list(reversed(self.batches))
        if after := query.get("after"):
            names = names[names.index(after[0]) + 1 :]
        most = int(query["limit"][0])
        page = [self.shown(self.batches[n]) for n in names[:most]]
        return json.dumps({"object": "list", "data": page, "has_more": len(names) > most}).encode()

    def content(self, name: str) -> bytes:
        """The lines of a file of results."""
        batch, _, kind = name.partition(".")
        served = self.batches[batch]
        lines = served.answers if kind == "out" else served.failures
        return b"\n".join(json.dumps(line).encode() for line in lines)  # no break at the end

    def post(self, path: str, body: bytes, kind: str) -> tuple[int, bytes]:
        """An answer to POST."""
        *_, last = path.split("/")
        if last == "files":
            name = f"file_{len(self.files) + 1}"
            self.files[name] = uploaded(body, kind)
            return 200, json.dumps({"id": name, "object": "file", "purpose": "batch"}).encode()
        about = json.loads(body or b"{}")
        if last == "batches":
            lines = [json.loads(line) for line in self.files[about["input_file_id"]]]
            assert {line["url"] for line in lines} == {about["endpoint"]}
            made = self.create(about, [(line["custom_id"], line["body"]) for line in lines])
            return 200, json.dumps(self.shown(made)).encode()
        if last == "cancel":
            self.batches[path.split("/")[-2]].cancelling = True
            return 200, b'{"status": "cancelling"}'
        self.live += 1
        status, found, *_ = self.answer(about)
        return status, json.dumps(found).encode()


def uploaded(body: bytes, kind: str) -> list[bytes]:
    """The lines of the file in a form of several parts."""
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    parts = [p for p in body.split(b"--" + boundary) if b'name="file"' in p]
    return [line for line in parts[0].partition(b"\r\n\r\n")[2].splitlines() if line.strip()]


def moment_of(method: str, path: str) -> str:
    """What a request is about."""
    if path.endswith("/content"):
        return "read"
    if method == "POST":
        found = path.rsplit("/", 1)[-1]
        return {"files": "upload", "batches": "create"}.get(found, found)
    return "list" if path.endswith("/batches") else "look"


@contextmanager
def batch_provider(
    answer: Callable[[Body], Reply] = lambda body: completion("bees"),
) -> Iterator[BatchProvider]:
    """A provider that answers each call with what `answer` gives for its body."""
    provider = BatchProvider(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.handled("GET")

        def do_POST(self) -> None:
            self.handled("POST")

        def handled(self, method: str) -> None:
            url = urlsplit(self.path)
            body = (
                self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.headers.get("transfer-encoding") != "chunked"
                else self.chunks()
            )
            moment = moment_of(method, url.path)
            with provider.lock:
                provider.asked[moment] += 1
                provider.at(f"before {moment}")
                if provider.faults.broken[moment] > 0:
                    provider.faults.broken[moment] -= 1
                    self.answered(503, b'{"error": {"message": "try again"}}')
                    return
                if code := provider.faults.status.get(moment):
                    self.answered(code, b'{"error": {"message": "no"}}')
                    return
                if method == "GET":
                    status, data = provider.get(url.path, parse_qs(url.query))
                else:
                    status, data = provider.post(
                        url.path, body, self.headers.get("content-type", "")
                    )
                provider.at(f"after {moment}")
                if provider.faults.lost[moment] > 0:
                    provider.faults.lost[moment] -= 1
                    self.cut(data)
                    return
            self.answered(status, data)

        def chunks(self) -> bytes:
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def answered(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def cut(self, data: bytes) -> None:
            """Half of an answer, and the connection is gone."""
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        provider.base = f"http://{address}/v1"
        yield provider
