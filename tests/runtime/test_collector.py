"""Spans sent to a collector on loopback, and what it may say to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rlmlang.report.export.protobuf import refused_in
from rlmlang.runtime.collector import headers_for, url_of
from tests.conftest import Rlm
from tests.servers import serving

ARGS = ("--source", "book=book.txt", "--set", "question=Where is the key?")
PROTOBUF = "application/x-protobuf"
REFUSED = b"\x0a\x10\x08\x03\x12\x0ctoo old, all"


@dataclass
class Collector:
    """What was sent, and what is answered."""

    to: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    status: int = 200
    answer: bytes = b""


@contextmanager
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.paths.append(self.path)
            found.headers.append({k.lower(): v for k, v in self.headers.items()})
            found.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(found.status)
            self.send_header("content-type", PROTOBUF if found.status == 200 else "text/plain")
            if found.status == 302:
                self.send_header("location", found.to)
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    with serving(Handler) as address:
        found.to = f"http://{address}"
        yield found


def test_a_collector_is_sent_a_run(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rlm("run", "find.rlm", *ARGS).code == 0
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=a%20key, x-project=7")
    with collector() as found:
        sent = rlm("export", "--to", found.to)
        assert (sent.code, sent.out) == (0, "") and f"{len(b''.join(found.bodies)):,}" in sent.err
        assert set(found.paths) == {"/v1/traces"} and found.headers[0]["content-type"] == PROTOBUF
        assert found.headers[0]["x-api-key"] == "a key" and found.headers[0]["x-project"] == "7"
        first = found.bodies[:]
        assert rlm("export", "--to", f"{found.to}/v1/traces/").code == 0
        assert found.bodies == first * 2, "ids are the same each time"
        trace = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
        spans = trace.TracesData.FromString(first[0]).resource_spans[0].scope_spans[0].spans
        assert "invoke_workflow find" in {s.name for s in spans}
        found.answer = REFUSED
        partly = rlm("export", "--to", found.to)
        assert partly.code == 1 and "it refused 3 spans: too old, all" in partly.err
        found.status, found.answer = 401, b"who are you?"
        refused = rlm("export", "--to", found.to)
        assert "error[collector-refused]" in refused.err and "401: who are you?" in refused.err
        found.status = 302
        assert "it answered 302" in rlm("export", "--to", found.to).err
    gone = rlm("export", "--to", found.to)
    assert gone.code == 1 and "error[collector-unreachable]" in gone.err


def test_what_cannot_be_sent_is_a_mistake_of_the_command(book: Path, rlm: Rlm) -> None:
    assert rlm("run", "find.rlm", *ARGS).code == 0
    for wrong in ("collector:4318", "ftp://x", "http://", "http://x:99999"):
        found = rlm("export", "--to", wrong)
        assert found.code == 2 and "error[bad-collector]" in found.err
    assert (
        "takes otlp and openinference, not atif"
        in rlm("export", "--format", "atif", "--to", "http://127.0.0.1:1").err
    )
    assert rlm("export", "--to", "http://127.0.0.1:1", "--out", "x").code == 2


def test_headers_go_to_the_collector_that_they_are_for() -> None:
    about = {"OTEL_EXPORTER_OTLP_HEADERS": "k=v"}
    for named, url, sent in (
        ("", "https://a/v1/traces", True),
        ("https://a:4318", "https://a:4318/v1/traces", True),
        ("https://a:4318", "https://b:4318/v1/traces", False),
        ("https://a:4318", "http://a:4318/v1/traces", False),
    ):
        assert bool(headers_for(url, about | {"OTEL_EXPORTER_OTLP_ENDPOINT": named})) is sent
    assert url_of("http://h:1/base") == "http://h:1/base/v1/traces"


def test_an_answer_that_is_no_protobuf_says_nothing() -> None:
    assert refused_in(REFUSED) == (3, "too old, all")
    for broken in (b"", b"\x0a", b"\xff" * 40, REFUSED[:-20], b"\x0d1234", b"\x08\x01"):
        assert refused_in(broken) == (0, "")
