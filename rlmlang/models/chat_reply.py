"""What a chat-completion endpoint answered, as one response: text, how it ended, what it used.

Servers agree on the shape of the message and on little else, so every part is read leniently but
one: how an answer ended. An end in words that nobody knows is an `error`, never a whole answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dspy import lm15
from dspy.lm15 import Message, RefusalPart, Request, Response, TextPart, ThinkingPart, Usage

from rlmlang.unicode import encodable

# How OpenAI, vLLM, llama.cpp, Ollama, TGI, Mistral, Anthropic, Gemini, Cohere and DeepSeek say that
# an answer has ended; the first that fits.
ENDS = tuple(
    (re.compile(words, re.IGNORECASE), end)
    for words, end in (
        (r"length|max_?\w*tokens|truncat", "length"),
        (r"filter|safety|recitation|blocklist|prohibited|spii|refus", "content_filter"),
        (r"tool|function", "tool_call"),
        (r"stop|eos|end|complete", "stop"),
    )
)
SHOWN = 2_000
Answered = Mapping[str, Any]
"""The JSON of an answer, of which nothing is known: what is missing is told as no completion."""
Failed = Callable[[Answered], Exception]


def response_of(
    data: bytes, request: Request, redact: Callable[[str], str], failed: Failed
) -> Response:
    """The response in the body of a status 200.

    Raises what `failed` makes of an `error` object that stands in place of an answer, and
    lm15.ServerError for a body that is no chat completion.
    """
    text = data.decode("utf-8-sig", "replace")
    try:
        found = json.loads(text)
        problem = _error(found)
        made = None if problem is not None else _read(found, request)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _no_completion(redact(text[:SHOWN])) from None
    if made is None:
        raise failed(problem or {})
    return made


def _read(found: Answered, request: Request) -> Response:
    choice = found["choices"][0]
    parts = list(_parts(choice["message"]))
    usage = _usage(found.get("usage"))
    return Response(
        id=str(found["id"]) if found.get("id") else None,
        model=request.model,
        message=Message.assistant(parts),
        finish_reason=_end(choice, parts, usage, request),
        usage=usage,
    )


def _error(found: Answered) -> Answered | None:
    """The error that a gateway sends with status 200, by itself or in place of a choice."""
    choices = found.get("choices")
    error = choices[0].get("error") if choices else found.get("error")
    if found.get("object") == "error":
        error = found
    if not error:
        return None
    return error if isinstance(error, Mapping) else {"message": str(error)}


def _no_completion(words: str) -> Exception:
    problem: Any = lm15.ServerError(f"the endpoint answered no chat completion: {words[:200]}")
    problem.raw = words
    made: Exception = problem
    return made


def _parts(message: Answered) -> Iterator[Any]:
    """What was said: text first or last, thinking and refusals as parts of their own kind."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str):
        yield ThinkingPart(encodable(thought))
    content = message.get("content")
    for block in content if isinstance(content, list) else [content]:
        yield from _block(block)
    if refusal := message.get("refusal"):
        yield RefusalPart(encodable(str(refusal)))


def _block(block: object) -> Iterator[Any]:
    if isinstance(block, Mapping):
        kind = str(block.get("type", "text"))
        if kind == "refusal":
            yield RefusalPart(encodable(str(block.get("refusal") or kind)))
        elif kind in ("text", "output_text"):
            yield TextPart(encodable(str(block.get("text") or "")))
        elif kind in ("thinking", "reasoning"):
            yield ThinkingPart("")
        return
    yield TextPart(encodable(block) if isinstance(block, str) else "")


def _end(choice: Answered, parts: list[Any], usage: Usage, request: Request) -> Any:
    """How the answer ended. A server that does not say cut it where the limit was reached."""
    said = choice.get("finish_reason")
    if any(isinstance(p, RefusalPart) for p in parts):
        return "content_filter"
    if not said:
        most, out = request.config.max_tokens, usage.output_tokens
        return "length" if most and out and out >= most else "stop"
    return next((end for words, end in ENDS if words.search(str(said))), "error")


def _usage(said: object) -> Usage:
    """The figures that are numbers; whether they can be true is not judged here."""
    if not isinstance(said, Mapping):
        return Usage()
    details = said.get("completion_tokens_details")
    thought = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    return Usage(
        input_tokens=_count(said.get("prompt_tokens")),
        output_tokens=_count(said.get("completion_tokens")),
        total_tokens=_count(said.get("total_tokens")),
        reasoning_tokens=_count(thought),
    )


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    whole = isinstance(value, int) or value.is_integer()
    return int(value) if whole and value >= 0 else None
