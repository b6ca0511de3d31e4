"""What a chat-completion endpoint answered, as one response: text, how it ended, what it used.

Servers agree on the shape of the message and on little else, so every part is read leniently but
one: how an answer ended. An end in words that nobody knows is an `error`, never a whole answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
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
        (r"(?<![a-z])(stop|eos|end|complete)", "stop"),
    )
)
SHOWN = 2_000
TIER = "service_tier"
Answered = Mapping[str, Any]
"""The JSON of an answer, of which nothing is known: what is missing is told as no completion."""
Failed = Callable[[Answered], Exception]


def response_of(
    data: bytes,
    request: Request,
    redact: Callable[[str], str],
    failed: Failed,
    charset: str = "",
) -> Response:
    """The response in the body of a status 200; `charset` is what its header declares.

    Raises what `failed` makes of an `error` object that stands in place of an answer, and
    lm15.ServerError for a body that is no chat completion.
    """
    text, whole = decoded(data, charset)
    try:
        found = _only(json.loads(text))
        problem = _error(found)
        made = None if problem is not None else _read(found, request)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _no_completion(redact(text[:SHOWN])) from None
    if made is None:
        raise failed(problem or {})
    return made if whole else replace(made, finish_reason="error")


def decoded(data: bytes, charset: str) -> tuple[str, bool]:
    """A body as text, and whether every byte of it could be read. JSON is UTF-8, or an encoding
    that its first bytes show (RFC 4627, 3); what is neither may be what its header declares."""
    for encoding in (json.detect_encoding(data), charset):
        try:
            return data.decode(encoding or "utf-8"), True
        except (ValueError, LookupError):
            continue
    return data.decode("utf-8-sig", "replace"), False


def _only(found: Any) -> Any:
    """A body, or the one thing in its list: Gemini lists its errors."""
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _read(found: Answered, request: Request) -> Response:
    choice = found["choices"][0]
    message = choice["message"] if "message" in choice else choice["text"]
    parts = list(_parts(message if isinstance(message, Mapping) else {"content": message}))
    usage = _usage(found.get("usage"))
    return Response(
        id=str(found["id"]) if found.get("id") else None,
        model=request.model,
        message=Message.assistant([p for p in parts if not isinstance(p, str)] or [TextPart("")]),
        finish_reason=_end(choice, message, parts, usage, request),
        usage=usage,
        provider_data={TIER: tier} if (tier := found.get(TIER)) else None,
    )


TROUBLE = ("errors", "error_msg", "error_code", "detail", "message", "statusCode", "base_resp",
           "promptFeedback")  # fmt: skip
"""Where gateways tell of an error, in a body without an answer."""


def _error(found: Answered) -> Answered | None:
    """The error that a gateway sends with status 200: by itself, or beside what there was of an
    answer."""
    choices = found.get("choices")
    error = found.get("error") or (choices[0].get("error") if choices else None)
    if found.get("object") == "error" or (not (choices or error) and any(map(found.get, TROUBLE))):
        error = found
    if not error:
        return None
    return error if isinstance(error, Mapping) else {"message": error}


def _no_completion(words: str) -> Exception:
    problem: Any = lm15.ServerError(f"the endpoint answered no chat completion: {words[:200]}")
    problem.raw = words
    made: Exception = problem
    return made


def _parts(message: Answered) -> Iterator[Any]:
    """What was said: text first or last, thinking and refusals as parts of their own kind; as
    plain text the kind of a part that nobody here can read."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str):
        yield ThinkingPart(encodable(thought))
    content = message.get("content")
    for block in content if isinstance(content, list) else [content]:
        yield from _block(block)
    if refusal := message.get("refusal"):
        yield RefusalPart(encodable(str(refusal)))


def _block(block: object) -> Iterator[Any]:
    if not isinstance(block, Mapping):
        yield TextPart(encodable(block) if isinstance(block, str) else "")
        return
    kind = str(block.get("type", "text"))
    if kind == "refusal":
        yield RefusalPart(encodable(str(block.get("refusal") or kind)))
    elif "think" in kind or "reasoning" in kind or block.get("thought") is True:
        yield ThinkingPart("")
    elif kind in ("text", "output_text"):
        text = block.get("text", block.get("content"))
        text = text.get("value") if isinstance(text, Mapping) else text
        yield TextPart(encodable(text) if isinstance(text, str) else "")
    else:
        yield kind


def _end(
    choice: Answered, message: object, parts: list[Any], usage: Usage, request: Request
) -> Any:
    """How the answer ended. A server that does not say cut it where the limit was reached; an
    answer with a part that cannot be read is not whole."""
    said = choice.get("finish_reason")
    if any(isinstance(p, RefusalPart) for p in parts):
        return "content_filter"
    if strange := [p for p in parts if isinstance(p, str)]:
        return "tool_call" if any("tool" in p or "function" in p for p in strange) else "error"
    if said and not any(isinstance(p, TextPart) and p.text.strip() for p in parts):
        called = isinstance(message, Mapping) and any(map(message.get, CALLED))
        said = "tool_call" if called else said
    if not said:
        most, out = request.config.max_tokens, usage.output_tokens
        return "length" if most and out and out >= most else "stop"
    return next((end for words, end in ENDS if words.search(str(said))), "error")


CALLED = ("tool_calls", "function_call")


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
