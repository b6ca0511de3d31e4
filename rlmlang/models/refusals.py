"""What an endpoint says instead of an answer: its words, its kind, how long to wait."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC

from dspy import lm15

from rlmlang.trajectory.events import NOT_TAKEN
from rlmlang.value import Json

NUMBER = re.compile(r"\d+(\.\d+)?")
DELAY = re.compile(r'"retryDelay":\s*"(\d+(?:\.\d+)?)s"')
MOST = 1e7
"""Seconds, about four months: who asks for more asks for no more than that."""

LOADING = re.compile(
    r"(?<!error )(?<!failed )(?<!while )loading (the )?model|"
    r"model\b.{0,80}\bis (still |currently )?loading",
    re.IGNORECASE,
)
LOADS_FOR = 2.0
"""Seconds between looks at a model that is being loaded, where no time is asked for."""

PASSING = (408, 409, 425, 499)
"""Statuses below 500 that another attempt may mend."""

SHOWN = 4_000
MESSAGES = ("error", "message", "msg", "detail", "errors", "error_msg", "status_msg", "title")
KINDS = ("code", "type", "status", "reason", "blockReason", "param", "__type")
REPEATED = ("input", "body", "request", "messages", "prompt", "flagged_input")
PAGE = re.compile(r"\s*(<!doctype html|<html|<h1|<\?xml)|\s*$", re.IGNORECASE)
"""What a gateway in front of a provider answers: a page, or nothing; an API has words."""

SPENT = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|exceeded your current quota|"
    r"(credit|account) balance|insufficient (balance|credits|funds)|out of credits",
    re.IGNORECASE,
)
THROTTLED = re.compile(r"\bThrottling(Exception)?\b|\bRESOURCE_EXHAUSTED\b")
ACCOUNT = re.compile(
    r"\bapi[ _-]?key\b.{0,40}\b(not valid|invalid|incorrect|expired|missing|revoked)|"
    r"(invalid|incorrect|expired|missing|wrong|no)[ _-]?api[ _-]?key|invalid_?api_?key|"
    r"access token (is )?(invalid|expired)|not authenticated|security token|"
    r"unsupported_country|(country|location|region)\b.{0,40}\bnot supported|login fail",
    re.IGNORECASE,
)
FORM = re.compile(
    r"\b(unsupported|unknown|unrecogni[sz]ed|unexpected|extra|invalid) (request )?"
    r"(fields?|parameters?|arguments?|inputs|values?|propert\w+|keys?)\b",
    re.IGNORECASE,
)
"""A refusal of the form that all requests have."""

FILTERED = re.compile(
    r"content[ _-]?(filter|management policy|policy|moderation)|contentfilter|moderation|"
    r"responsible ?ai|\bflagged\b|data_?inspection|inappropriate|sensitive (content|word)|"
    r"content exists risk|usage polic|violat\w+ .{0,40}polic|safety (system|filter|polic)|"
    r"\bsafety\b.{0,20}\bblock|PROHIBITED_CONTENT|blockReason|"
    r"blocked (by|due to)\b.{0,40}(filter|safety|polic)",
    re.IGNORECASE,
)

WINDOW = r"(context|prompt|sequence|input)[ -]?(length|size|window|limit|tokens)"
TEXT = r"(prompt|inputs?|messages|conversation|context)"
SOME = r"[^;{}]{0,60}"
MANY = r"(?<!output )(?<!completion )\btokens?( count)?"
TOO_LONG = re.compile(
    "|".join((
        # the names of codes and types
        r"context_?(length|window|size)_?exceed|context_(length|window|size)|exceed_context|tokens_limit_reached|prompt_tokens_exceeded",
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
        rf"`inputs`{SOME}\bmust (be|have)|\binputs?\b{SOME}\bmust (be|have)\b{SOME}\btokens?\b",
        rf"\brange of input length\b|\b{TEXT}[ -](length|size|tokens)\b{SOME}>=? ?\d",
        rf"\b{TEXT}\b{SOME}\bexceeds? (the )?(limit|maximum)\b(?!.{{0,40}}\bper\b)",
        # DashScope, Zhipu, Moonshot
        r"(上下文|输入|提示词).{0,30}(超过|超出|超长|过长|太长)|(超过|超出).{0,20}(上下文|最大长度|输入长度)",
    )),
    re.IGNORECASE,
)  # fmt: skip


class ItemRefusedError(lm15.InvalidRequestError):  # type: ignore[misc]
    """A request was refused for what it says: the others may well be taken."""


class FilteredError(ItemRefusedError):
    """A provider's filter took offence at what a request says."""


def refusal(status: int, said: str, wait: float | None) -> lm15.LM15Error:
    """The error of a status other than 200. `wait` is what `retry_after` found."""
    words, told = words_of(said), told_in(said)
    wait = delay_in(said) if wait is None else wait
    if status >= 400 and status not in (401, 402) and LOADING.search(told):
        wait = LOADS_FOR if wait is None else wait
        return lm15.ServerError(words, status=status, retry_after=wait, code=NOT_TAKEN)
    if status == 402 or (SPENT.search(told) and delay_in(said) is None):
        return lm15.BillingError(words, status=status)
    if status == 429 or THROTTLED.search(told) or (status == 403 and wait is not None):
        return lm15.RateLimitError(words, status=status, retry_after=wait)
    if status == 401 or (status < 500 and ACCOUNT.search(told)):
        return lm15.AuthError(words, status=status)
    if status == 413 or too_long(told):
        return lm15.ContextLengthError(words, status=status)
    if status == 451 or (status < 500 and FILTERED.search(told)):
        return FilteredError(words, status=status)
    return _by_status(status, words, told, wait)


def _by_status(status: int, words: str, told: str, wait: float | None) -> lm15.LM15Error:
    """The error of a refusal whose words say nothing more."""
    if status == 403:
        return (
            ItemRefusedError(words, status=403)
            if PAGE.match(told)
            else lm15.AuthError(words, status=403)
        )
    if status in (400, 414, 422, 431):
        return ItemRefusedError(words, status=status)
    if status < 500 and status not in PASSING:
        return lm15.InvalidRequestError(words, status=status)
    return lm15.ServerError(words, status=status, retry_after=wait)


STATUS_OF = (  # where an error inside a 200 has a word for its code
    ("rate_limit", 429), ("rate limit", 429), ("authentication", 401), ("authenticated", 401),
    ("invalid_api_key", 401), ("permission", 403), ("not_found", 404), ("invalid_request", 400),
    ("context_length", 400), ("too many requests", 429), ("unauthorized", 401), ("forbidden", 403),
    ("unauthenticated", 401), ("invalid model", 404), ("unknown model", 404),
)  # fmt: skip
NO_MODEL = re.compile(r"\bmodel\b.{0,80}\b(not found|does not exist|not exist|not available)\b")
CODES = ("code", "status", "statusCode", "error_code", "status_code")


def refused_inside(
    redact: Callable[[str], str], wait: float | None, error: Mapping[str, object]
) -> lm15.LM15Error:
    """The error that a gateway sent with status 200: its code is a status, where it is one."""
    said = redact(json.dumps(error, ensure_ascii=False, default=str))
    for code in (str(error.get(name) or "") for name in CODES):
        if code.isdecimal() and 400 <= int(code[:9]) < 600:
            return refusal(int(code), said, wait)
    told = told_in(said).lower()
    status = next((n for word, n in STATUS_OF if word in told), 0)
    status = status or (404 if NO_MODEL.search(told) else 0)
    if not status and (ACCOUNT.search(told) or FILTERED.search(told) or too_long(told)):
        status = 400
    return refusal(status or 502, said, wait)


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
        for key in MESSAGES:
            if words := _message(found.get(key)):
                return f"{where}: {words}" if where else words
    return ""


def told_in(said: str) -> str:
    """What a refusal says of itself: its messages and the names of its kinds. A request that it
    repeats is no part of that: words of a page would be taken for the provider's."""
    try:
        found = json.loads(said)
    except ValueError:
        return said.strip()[:SHOWN]
    return " ".join(_told(found))[:SHOWN]


def _told(found: Json) -> Iterator[str]:
    if isinstance(found, list):
        for each in found:
            yield from _told(each)
    elif isinstance(found, dict):
        yield from (f"{key} {found[key]}" for key in KINDS if isinstance(found.get(key), str))
        yield from (found[key] for key in MESSAGES if isinstance(found.get(key), str))
        for name, each in found.items():
            if name not in REPEATED and isinstance(each, dict | list):
                yield from _told(each)
    elif isinstance(found, str):
        yield found


def delay_in(said: str) -> float | None:
    """The seconds that Gemini asks to wait, which it says in the body alone."""
    found = DELAY.search(said)
    return min(float(found[1]), MOST) if found else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a provider asks to wait: given as seconds, or as a date, of which one in
    the past means now. Anything else says nothing (RFC 9110, 10.2.3). A date is held against the
    provider's own clock, where it says what that is."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    said = headers.get("retry-after", "").strip()
    for text, unit in ((milliseconds, 1000.0), (said, 1.0)):
        if NUMBER.fullmatch(text):
            return min(float(text) / unit, MOST)
    when, date = _moment(said), _moment(headers.get("date", ""))
    if when is None:
        return None
    return min(max(0.0, when - (now if date is None else date)), MOST)


def _moment(said: str) -> float | None:
    """Seconds since 1970 of a date in any of HTTP's forms, which are all of UTC."""
    try:
        found = email.utils.parsedate_to_datetime(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
