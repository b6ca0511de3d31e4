"""A run opened by the programs that its exports are for: MLflow and Phoenix are sent spans and asked
what they show, speedscope's own page draws a profile."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.browser import chromium, tab
from tests.conftest import ROOT, Rlm
from tests.servers import chat_server, field

MODEL = "openai/gpt-4.1-mini"
PRICES = f'[prices]\n"{MODEL}" = {{ input = 5.0, output = 19.0 }}\n'
PAID = 3 * (10 * 5.0 + 5 * 19.0) / 1e6  # not what a table of others says about this model
ARGS = ("--source", "book=book.txt", "--set", "question=Where is the key?", "--model", MODEL)
DOLLARS = "millionths of a dollar"
TREE = {
    "invoke_workflow find": "",
    "split notes.split": "invoke_workflow find",
    "map notes": "invoke_workflow find",
    "reduce result": "invoke_workflow find",
}


@pytest.fixture
def paid(book: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of three answers, at prices that are not the usual ones."""
    (book / "rlm.toml").write_text(PRICES)
    monkeypatch.setenv("RLM_API_KEY", "none")
    with chat_server(lambda body: field("behind the bell")) as server:
        assert rlm("run", "find.rlm", *ARGS, "--api-base", server.base).code == 0
    (run,) = json.loads(rlm("runs", "--json").out)
    return str(run["run"])


def python_with(package: str) -> str:
    """The Python that OTHERS names; skips where it has not the package."""
    named = os.environ.get("OTHERS", "")
    python = str(ROOT / named)
    code = f"import importlib.metadata as m; m.version({package!r})"
    if not named or subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL).returncode:
        pytest.skip(f"OTHERS names no Python that has {package} (CONTRIBUTING.md)")
    return python


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def serving(python: str, *command: str, **about: str) -> Iterator[None]:
    """A server of somebody else, from when it takes requests; gone at the end with all it began."""
    run = subprocess.Popen(
        [python, "-m", *command],
        env={**os.environ, **about},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert run.stdout is not None
        said: list[str] = []
        while not said or "Application startup complete" not in said[-1]:
            said.append(run.stdout.readline())
            assert said[-1], "".join(said[-20:])
        yield
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def held(spans: list[tuple[str, str, str]]) -> None:
    """Holds spans, each with its id and that of the one above, to the tree of the run."""
    names = {id_: name for name, id_, _ in spans}
    above = [(name, names.get(parent, "")) for name, _, parent in spans]
    assert {n: a for n, a in above if not n.startswith("chat")} == TREE
    calls = Counter(a for n, a in above if n == "chat gpt-4.1-mini")
    assert calls == {"map notes": 2, "reduce result": 1}


# ── collectors ───────────────────────────────────────────────────────────────


def test_mlflow_shows_one_tree_and_what_was_paid(
    paid: str, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = python_with("mlflow")
    to = f"http://127.0.0.1:{free_port()}"
    where = ("--host", "127.0.0.1", "--port", to.rpartition(":")[2], "--workers", "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-mlflow-experiment-id=0")
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "0"}
    kept = ("--backend-store-uri", "sqlite:///mlflow.db")
    with serving(python, "mlflow", "server", *kept, *where, **quiet):
        assert rlm("export", paid, "--texts", "--to", to).code == 0
        script = Path(__file__).with_name("mlflow_traces.py")
        done = subprocess.run([python, str(script), to], capture_output=True, text=True, check=True)
    (trace,) = json.loads(done.stdout)
    held([(s["name"], s["id"], s["parent"] or "") for s in trace["spans"]])
    assert trace["tokens"] == {"input_tokens": 30, "output_tokens": 15, "total_tokens": 45}
    assert trace["dollars"] == pytest.approx(PAID) and trace["state"] == "OK"
    assert any("behind the bell" in str(s["outputs"]) for s in trace["spans"])


def test_phoenix_shows_one_tree(paid: str, rlm: Rlm, tmp_path: Path) -> None:
    python = python_with("arize-phoenix")
    to = f"http://127.0.0.1:{free_port()}"
    about = {
        "PHOENIX_WORKING_DIR": str(tmp_path / "phoenix"),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": to.rpartition(":")[2],
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    sent = ("--format", "openinference", "--texts", "--to", to)
    with serving(python, "phoenix.server.main", "serve", **about):
        assert rlm("export", paid, *sent).code == 0
        spans: list[dict[str, Any]] = []
        while not any(s["parent_id"] is None for s in spans):  # they are written a little later
            with urlopen(f"{to}/v1/projects/default/spans?limit=100") as answer:  # noqa: S310
                spans = json.load(answer)["data"]
    held([(s["name"], s["context"]["span_id"], s["parent_id"] or "") for s in spans])
    assert len({s["context"]["trace_id"] for s in spans}) == 1
    told = [s["attributes"] for s in spans if s["span_kind"] == "LLM"]
    assert sum(t.get("llm.token_count.total", 0) for t in told) == 45
    assert sum(t.get("llm.cost.total", 0) for t in told) == pytest.approx(PAID)


# ── pages ────────────────────────────────────────────────────────────────────


def speedscope() -> Path | None:
    """The page of the npm package, as it is installed; None where it is not."""
    found = shutil.which("speedscope")
    page = Path(found).resolve().parents[1] / "dist/release/index.html" if found else None
    return page if page is not None and page.exists() else None


@pytest.mark.skipif(chromium() is None, reason="no Chromium here")
@pytest.mark.skipif(speedscope() is None, reason="speedscope is not installed (CONTRIBUTING.md)")
def test_speedscope_draws_each_profile(paid: str, rlm: Rlm) -> None:
    page = speedscope()
    assert page is not None
    out = Path("run.speedscope.json").resolve()
    assert rlm("export", paid, "--format", "speedscope", "--out", str(out)).code == 0
    cells = "(r) => [...r.children].map((cell) => cell.textContent)"
    rows = f"[...document.querySelectorAll('tbody tr')].map({cells})"

    async def go() -> None:
        async with tab() as opened:
            await opened.show(page.as_uri(), ready="document.getElementById('file') !== null")
            chosen = await opened.call("Runtime.evaluate", expression="window.file")
            about = {"objectId": chosen["result"]["objectId"]}
            await opened.call("DOM.setFileInputFiles", files=[str(out)], **about)
            await opened.until("document.querySelectorAll('tbody tr').length === 4")
            found = {r[1]: float(r[2]) for r in await opened.value(rows)}
            assert found == {DOLLARS: PAID * 1e6, "tok in": 30, "tok out": 15, "calls": 3}
            assert opened.wrong == []

    asyncio.run(go())
