"""A tuning whose model answers nothing right without a demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion

RECIPE = """rlm 1

enum Queue {{ billing, delivery }}

prompt sort(ticket: Text max 40tok) -> Queue {{ task: "Which queue?" retry <= 1 }}

recipe route(ticket: Text max 40tok) -> Queue? {{
  budget {{ calls <= 12 }}
{body}
}}

dataset tickets {{ path: "tickets.jsonl" bind: {{ ticket: ticket }} want: queue }}

eval quality for route {{ over: tickets  score exact weight 1 }}

tune quality for route {{
  optimizer: bootstrap
  split: {{ train: 30%, dev: 30%, test: 40%, seed: 1 }}
  knob sort.demos in [2]
}}
"""
DIRECT = "  return sort(ticket)"
INSIDE = "  let found = map [ticket] with sort()\n\n  return first(found)"


def needs_demonstrations(body: dict[str, Any]) -> Reply:
    """Answers in the form that was asked for only where it was shown how."""
    messages = body["messages"]
    ticket = messages[-1]["content"]
    right = "billing" if "invoice" in ticket else "delivery"
    shown = any(m["role"] == "assistant" for m in messages)
    return completion(f"[[ ## result ## ]]\n{right}" if shown else "Hm, who knows.")


def tune(folder: Path, rlm: Rlm, body: str) -> tuple[dict[str, Any], str, int]:
    """The tuning's file, what was said of it, and how many requests the server had."""
    (folder / "route.rlm").write_text(RECIPE.format(body=body))
    texts = [("invoice", "billing"), ("parcel", "delivery")]
    rows = [{"ticket": f"{n} {w}", "queue": q} for n in range(10) for w, q in texts]
    (folder / "tickets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with chat_server(needs_demonstrations) as server:
        done = rlm("tune", "route.rlm", "--model", "m", "--api-base", server.base, "--at-once", "1")
    assert done.code == 0, done.err
    values = json.loads((folder / "route.tuned.json").read_text())
    return values, done.out, len(server.requests)


def test_labels_are_the_first_demonstrations(folder: Path, rlm: Rlm) -> None:
    values, _, asked = tune(folder, rlm, DIRECT)
    demos = values["prompts"]["result"]["demos"]
    assert len(demos) == 2
    assert all(("invoice" in d["ticket"]) == (d["result"] == "billing") for d in demos)
    assert (values["score"]["before"]["mean"], values["score"]["after"]["mean"]) == (0, 1)
    assert values["cost"]["calls"] == asked


def test_none_found_is_said_and_kept_answers_are_not_paid(folder: Path, rlm: Rlm) -> None:
    values, said, asked = tune(folder, rlm, INSIDE)
    assert "2 demonstrations: none found, nothing was changed" in said
    assert values["prompts"] == {}
    assert values["cost"]["calls"] == asked
