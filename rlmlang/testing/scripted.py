"""Engines that answer by a script, and count what they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.models.engines.call_context import request_text
from rlmlang.models.offline.request import MARK, Task, read_request

Script = Callable[[Task], object]


@dataclass
class ScriptedEngine:
    """Answers each request with what `script` gives for it: the value of the field `result`.

    A `Raw` is sent as it is, an exception is raised. `requests` holds all that was asked, as text.
    """

    script: Script
    requests: list[str] = field(default_factory=list)
    tokens_out: int = 1

    async def complete(self, request: Request) -> Response:
        """The scripted answer."""
        self.requests.append(request_text(request))
        found = self.script(read_request(request))
        if isinstance(found, Exception):
            raise found
        text = found.text if isinstance(found, Raw) else written(found)
        return Response(
            id="scripted",
            model=request.model,
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=self.tokens_out),
        )


@dataclass(frozen=True)
class Raw:
    """A model's words exactly as given."""

    text: str


def written(value: object) -> str:
    """A value in the form that DSPy's chat adapter asks for."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{MARK.format('result')}\n{text}\n\n{MARK.format('completed')}"
