"""What an endpoint says instead of an answer: its words, its kind, how long to wait."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable, Mapping

from dspy import lm15

from rlmlang.value import Json

NUMBER = re.compile(r"\d+(\.\d+)?")
QUOTA = ("insufficient_quota", "billing_hard_limit", "exceeded your current quota")
LOADING = re.compile(
    r"loading (the )?model|model\b.{0,80}\bis (still |currently )?loading", re.IGNORECASE
)
LOADS_FOR = 2.0
"""Seconds between looks at a model that is being loaded, where no time is asked for."""

WINDOW = r"(context|prompt|sequence|input)[ -]?(length|size|window|limit|tokens)"
TEXT = r"(prompt|inputs?|messages|conversation|context)"
SOME = r"[^;{}]{0,60}"
MANY = r"(?<!output )(?<!completion )\btokens?( count)?"
TOO_LONG = re.compile(
    "|".join((
        # the names of codes and types
        r"context_(length|window|size)|exceed_context|tokens_limit_reached|prompt_tokens_exceeded",
        # a text is too long, or has too many tokens
        rf"\b{TEXT}\b{SOME}\b(is|are|was)? ?too (long|large)",
        rf"\btoo (large|long)\b{SOME}(\bcontext|\bprompt|{MANY}\b(?! per))",
        rf"\btoo many (input |prompt )?tokens\b(?! per)|reduce the length of the {TEXT}",
        # a window, by any of its names, that is passed
        rf"\b(maximum|max|model'?s?|available|its|the) {WINDOW}\b",
        r"\bmaximum (model|allowed|input|prompt) (length|input)|\bmax_(model|seq|input)_len",
        rf"\b{WINDOW}\b{SOME}\b(exceed|overflow|only|reached)",
        rf"\b(exceed\w*|longer than|overflows?|(greater|larger) than|reached)\b{SOME}\bcontext\b",
        r"\bcontext the overflows",
        # so many tokens exceed so many
        rf"{MANY}\b{SOME}\bexceeds?\b|\bexceed(s|ed|ing)?\b{SOME}{MANY}\b(?! per)",
        rf"`inputs`{SOME}\bmust (be|have)",
    )),
    re.IGNORECASE,
)  # fmt: skip


def refusal(status: int, said: str, wait: float | None) -> lm15.LM15Error:
    """The error of a status other than 200. `wait` is what `retry_after` found."""
    words = words_of(said)
    made: lm15.LM15Error
    if status == 402 or any(w in said for w in QUOTA):
        made = lm15.BillingError(words, status=status)
    elif status == 429:
        made = lm15.RateLimitError(words, status=status, retry_after=wait)
    elif status in (401, 403):
        made = lm15.AuthError(words, status=status)
    elif status == 413 or too_long(said):
        made = lm15.ContextLengthError(words, status=status)
    elif status in (400, 404, 405, 422):
        made = lm15.InvalidRequestError(words, status=status)
    else:
        if wait is None and status == 503 and LOADING.search(said):
            wait = LOADS_FOR
        made = lm15.ServerError(words, status=status, retry_after=wait)
    return made


STATUS_OF = (  # where an error inside a 200 has a word for its code
    ("rate_limit", 429), ("authentication", 401), ("invalid_api_key", 401), ("permission", 403),
    ("not_found", 404), ("invalid_request", 400), ("context_length", 400),
)  # fmt: skip


def refused_inside(
    redact: Callable[[str], str], wait: float | None, error: Mapping[str, object]
) -> lm15.LM15Error:
    """The error that a gateway sent with status 200: its code is a status, where it is one."""
    said = redact(json.dumps(error, ensure_ascii=False, default=str))
    code = str(error.get("code") or error.get("status") or "")
    if code.isdecimal() and 400 <= int(code) < 600:
        return refusal(int(code), said, wait)
    return refusal(next((n for word, n in STATUS_OF if word in said), 502), said, wait)


def too_long(said: str) -> bool:
    """Whether a refusal says, in anybody's words, that a request is longer than the context."""
    return TOO_LONG.search(said) is not None


def words_of(said: str) -> str:
    """The message inside a refusal's JSON, or its text as it is; at most 300 characters."""
    try:
        found = json.loads(said)
    except ValueError:
        return said.strip()[:300]
    return (_message(found) or said.strip())[:300]


def _message(found: Json) -> str:
    if isinstance(found, str):
        return found.strip()
    if isinstance(found, list):
        return "; ".join(x for x in map(_message, found) if x)
    if isinstance(found, dict):
        where = ".".join(map(str, found["loc"])) if isinstance(found.get("loc"), list) else ""
        for key in ("error", "message", "msg", "detail", "errors"):
            if words := _message(found.get(key)):
                return f"{where}: {words}" if where else words
    return ""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a provider asks to wait: given as seconds, or as a date, of which one in
    the past means now. Anything else says nothing (RFC 9110, 10.2.3)."""
    milliseconds = headers.get("retry-after-ms", "")
    said = headers.get("retry-after", "").strip()
    for text, unit in ((milliseconds, 1000.0), (said, 1.0)):
        if NUMBER.fullmatch(text):
            return float(text) / unit
    try:
        when = email.utils.parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return None
    if when.tzinfo is None:
        return None
    return max(0.0, when.timestamp() - now)
