"""Questions to `completion`, and a server whose root model writes the cells of a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import rlmlang
from rlmlang.runtime.completion import Question
from rlmlang.runtime.completion_context import of_paths
from rlmlang.runtime.prepared import Options
from tests.servers import Server, chat_server, completion

ROOT, READER, FAST = "gpt-4o-mini", "gpt-4.1-mini", "gpt-4.1-nano"


@contextmanager
def models(
    monkeypatch: pytest.MonkeyPatch, *codes: str, sub: str = "{model} says"
) -> Iterator[Server]:
    """A server whose root model writes these cells, one a turn, and whose others say who they
    are."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")

    def answer(body: Mapping[str, Any]) -> Any:
        text = body["messages"][-1]["content"]
        if "[[ ## turn ## ]]" not in text:
            return completion(sub.format(model=body["model"]))
        turn = int(text.rpartition("[[ ## turn ## ]]")[2].split()[1])
        return completion(f"```python\n{codes[min(turn, len(codes)) - 1]}\n```")

    with chat_server(answer) as server:
        yield server


def asked(server: Server, prompt: str = "Who pays?", context: Any = "Ann pays.", **how: Any) -> Any:
    """The answer to a question that the server is asked."""
    return rlmlang.completion(prompt, context, **asking(server, **how))


def asking(server: Server, **how: Any) -> Any:
    """How the server is asked."""
    return {"model": f"openai/{ROOT}", "api_base": server.base, "store": None, **how}


def plan(budget: Mapping[str, float] | None = None, **how: Any) -> Any:
    """The plan of a question, nothing asked."""
    Path("context.txt").write_text("Ann pays.")
    names = (f"root=openai/{ROOT}", f"reader=openai/{ROOT}", *how.pop("models", ()))
    options = Options(models=names, store=None, sets=how.pop("sets", {}))
    question = Question("Who pays?", of_paths(["context.txt"]), budget or {}, how)  # type: ignore[arg-type]
    return question.prepared(options).plan
