"""What servers and gateways send besides answers: each reply is read right, or is one item's coded
failure, or parks the run with a code. Nothing is a traceback, and nothing a wrong answer."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Rlm
from tests.servers import Reply, chat_server

TEXT = "[[ ## result ## ]]\nGrüße\n\n[[ ## completed ## ]]"
LATIN = {"content-type": "application/json; charset=iso-8859-1"}


def chat(message: dict[str, Any] | None = None, finish: Any = "stop", **more: Any) -> Any:
    """A chat completion with a message of one's own."""
    said = {"role": "assistant", **({"content": TEXT} if message is None else message)}
    usage = {"prompt_tokens": 300, "completion_tokens": 5}
    choice = {"index": 0, "finish_reason": finish, "message": said}
    return {"id": "x", "choices": [choice], "usage": usage, **more}


def parts(*blocks: Any) -> Any:
    """A chat completion whose content is a list of parts."""
    return chat({"content": list(blocks)})


def error(message: str, **more: Any) -> Any:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, **more}}


WHOLE = {"type": "text", "text": TEXT}
JSON = json.dumps(chat(), ensure_ascii=False)
UTF8 = JSON.encode()

READ: dict[str, Reply] = {
    "UTF-8 with its mark": (200, JSON.encode("utf-8-sig")),
    "UTF-16 with its mark": (200, JSON.encode("utf-16")),
    "UTF-16 without": (200, JSON.encode("utf-16-le")),
    "UTF-16, the other end first": (200, JSON.encode("utf-16-be")),
    "UTF-32": (200, JSON.encode("utf-32")),
    "Latin-1, declared": (200, JSON.encode("latin-1"), LATIN),
    "UTF-8, declared as Latin-1": (200, UTF8, LATIN),
    "an encoding nobody knows": (200, UTF8, {"content-type": "application/json; charset=klingon"}),
    "gzip": (200, gzip.compress(UTF8), {"content-encoding": "gzip"}),
    "deflate": (200, zlib.compress(UTF8), {"content-encoding": "deflate"}),
    "blanks before the body": (200, b" \n\n" + UTF8),
    "created": (201, chat()),
    "a part of it, it says": (206, chat()),
    "content as one part": (200, chat({"content": WHOLE})),
    "content as parts": (200, parts(WHOLE)),
    "a text inside a text": (200, parts({"type": "text", "text": {"value": TEXT}})),
    "a part with its content": (200, parts({"type": "text", "content": TEXT})),
    "a thought of Gemini's": (200, parts({"text": "Bo?", "thought": True}, {"text": TEXT})),
    "thinking first": (200, parts({"type": "thinking", "thinking": "Bo?"}, WHOLE)),
    "thinking that is hidden": (200, parts({"type": "redacted_thinking", "data": "x"}, WHOLE)),
    "reasoning in pieces": (200, parts({"type": "reasoning_text", "text": "Bo?"}, WHOLE)),
    "reasoning beside it": (200, chat({"content": TEXT, "reasoning": {"x": 1}})),
    "a refusal that is empty": (200, chat({"content": TEXT, "refusal": ""})),
    "no error": (200, chat(error=None)),
    "an empty error": (200, chat(error={})),
    "an end in an object": (200, chat(None, {"type": "stop"})),
    "a plain completion": (200, {"choices": [{"finish_reason": "stop", "text": TEXT}]}),
    "a message that is text": (200, {"choices": [{"finish_reason": "stop", "message": TEXT}]}),
    "a usage of no number": (200, UTF8.replace(b"300", b"NaN")),
}  # fmt: skip

ITEM: dict[str, tuple[Reply, str]] = {
    "UTF-8 that is broken": ((200, UTF8.replace("ü".encode(), b"\xc3")), "answer-broken-off"),
    "Latin-1, undeclared": ((200, JSON.encode("latin-1")), "answer-broken-off"),
    "Latin-1, declared as UTF-8": (
        (200, JSON.encode("latin-1"), {"content-type": "text/json; charset=utf-8"}),
        "answer-broken-off",
    ),
    "a part nobody knows": (
        (200, parts(WHOLE, {"type": "markdown", "text": "and more"})), "answer-broken-off"),
    "a picture": ((200, parts(WHOLE, {"type": "image_url", "image_url": {}})), "answer-broken-off"),
    "half a whole": ((200, chat(None, "incomplete")), "answer-broken-off"),
    "a tool as a part": ((200, parts({"type": "tool_use", "name": "x"})), "answer-tool-call"),
    "a tool, and it stopped": (
        (200, chat({"content": None, "tool_calls": [{"id": "1"}]})), "answer-tool-call"),
    "a function": (
        (200, chat({"content": None, "function_call": {"name": "x"}}, "function_call")),
        "answer-tool-call",
    ),
    "thinking alone": ((200, chat({"content": "", "reasoning_content": TEXT})), "answer-refused"),
    "a thought of Gemini's alone": (
        (200, parts({"text": TEXT, "thought": True})), "answer-refused"),
    "a number": ((200, chat({"content": 42})), "answer-refused"),
    "Azure's filter": (
        (400, error("The response was filtered due to the prompt triggering Azure OpenAI's content "
                    "management policy.", code="content_filter", param="prompt")),
        "answer-filtered",
    ),
    "Azure's filter, the code alone": (
        (400, error("no", innererror={"code": "ResponsibleAIPolicyViolation"})), "answer-filtered"),
    "OpenRouter's moderation": (
        (403, error("Your chosen model requires moderation and your input was flagged", code=403)),
        "answer-filtered",
    ),
    "OpenAI's policy": (
        (400, error("Invalid prompt: your prompt was flagged as potentially violating our usage "
                    "policy.", code="invalid_prompt")),
        "answer-filtered",
    ),
    "Anthropic's filter": (
        (400, error("Output blocked by content filtering policy")), "answer-filtered"),
    "DashScope's inspection": ((400, error("no", code="data_inspection_failed")), "answer-filtered"),
    "DeepSeek's risk": ((400, error("Content Exists Risk")), "answer-filtered"),
    "Gemini's block inside a 200": (
        (200, {"choices": [], "promptFeedback": {"blockReason": "SAFETY"}}), "answer-filtered"),
    "MiniMax's block inside a 200": (
        (200, {"choices": None, "base_resp": {"status_code": 1027, "status_msg": "sensitive content"}}),
        "answer-filtered",
    ),
    "the law": ((451, error("unavailable for legal reasons")), "answer-filtered"),
    "an input that is invalid": (
        (400, error("Invalid input: control characters are not allowed")), "model-refused-request"),
    "an input that is repeated": (
        (422, {"detail": [{"loc": ["body", "messages", 0], "msg": "bad surrogate",
                           "input": "exceeded your current quota, invalid api key, temperature"}]}),
        "model-refused-request",
    ),
    "a long address": ((414, b""), "model-refused-request"),
    "too large for a gateway": ((413, b"<h1>too large</h1>"), "model-context-exceeded"),
    "too long": ((400, error("prompt is too long: 9 tokens > 8")), "model-context-exceeded"),
    "too long, and a server's mistake": (
        (500, error("the request exceeds the available context size")), "model-context-exceeded"),
    "too long inside a 200": (
        (200, error("prompt is too long: 9 tokens > 8 maximum", code=400)), "model-context-exceeded"),
    "a firewall's page": (
        (403, b"<html><title>Attention Required!</title></html>", {"content-type": "text/html"}),
        "model-refused-request",
    ),
}  # fmt: skip

PARKS: dict[str, tuple[Reply, str]] = {
    "a key": ((401, error("bad key")), "model-refused-key"),
    "a key, Gemini": (
        (400, [error("API key not valid. Please pass a valid API key.", code=400)]),
        "model-refused-key",
    ),
    "a key, xAI": (
        (400, {"code": "invalid", "error": "Incorrect API key provided: xa***"}), "model-refused-key"),
    "a key inside a 200": (
        (200, {"code": "InvalidApiKey", "message": "Invalid API-key provided."}), "model-refused-key"),
    "a token inside a 200": (
        (200, {"error_code": 110, "error_msg": "Access token invalid"}), "model-refused-key"),
    "no key inside a 200": ((200, {"detail": "Not authenticated"}), "model-refused-key"),
    "a project": ((403, error("You have no access", type="permission_error")), "model-refused-key"),
    "a country": (
        (403, error("no", code="unsupported_country_region_territory")), "model-refused-key"),
    "an account": ((402, error("no money")), "model-quota-spent"),
    "a balance": (
        (400, error("Your credit balance is too low to access the Anthropic API.")),
        "model-quota-spent",
    ),
    "a balance inside a 200": (
        (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}),
        "model-quota-spent",
    ),
    "a rate": ((429, error("slow")), "model-rate-limited"),
    "a rate, and no pause": ((429, error("slow"), {"retry-after": "0"}), "model-rate-limited"),
    "a pause before now": ((429, error("slow"), {"retry-after": "-5"}), "model-rate-limited"),
    "a pause without an end": ((429, error("slow"), {"retry-after": "inf"}), "model-rate-limited"),
    "a pause of all time": ((429, error("slow"), {"retry-after": "9" * 40}), "model-rate-limited"),
    "a pause of all time, down": (
        (503, error("slow"), {"retry-after": "9" * 40}), "model-rate-limited"),
    "a pause until the last date": (
        (429, error("slow"), {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}), "model-rate-limited"),
    "a pause in the body": (
        (429, error("You exceeded your current quota", details=[{"retryDelay": "34s"}])),
        "model-rate-limited",
    ),
    "a pause, forbidden": (
        (403, error("secondary rate limit"), {"retry-after": "60"}), "model-rate-limited"),
    "a rate inside a 200": (
        (200, {"statusCode": 429, "message": "Rate limit is exceeded."}), "model-rate-limited"),
    "a rate inside a list": (
        (200, [error("slow", code=429)]), "model-rate-limited"),
    "a rate in words alone": ((200, error("Too Many Requests")), "model-rate-limited"),
    "no key in words alone": ((200, {"error": "Unauthorized"}), "model-refused-key"),
    "a throttle": (
        (400, {"__type": "ThrottlingException", "message": "Too many requests"}), "model-rate-limited"),
    "a model that loads": ((503, error("Loading model")), "model-rate-limited"),
    "a model that loads, badly": ((400, error("Model is loading")), "model-rate-limited"),
}  # fmt: skip

FAILS: dict[str, tuple[Reply, str]] = {
    "a model's name": ((404, error("The model does not exist")), "model-refused-request"),
    "a model's name, badly": ((400, error("Unknown model x")), "model-refused-request"),
    "a model's name inside a 200": (
        (200, {"detail": "Invalid model name passed in model=x"}), "model-refused-request"),
    "a model's name, in words alone": (
        (200, error("Model foo not found")), "model-refused-request"),
    "a field": ((400, error("Unsupported parameter: logits")), "model-refused-request"),
    "a model that is gone": ((410, error("gone")), "model-refused-request"),
    "a media type": ((415, error("no")), "model-refused-request"),
    "nowhere": ((301, b""), "model-refused-request"),
    "somewhere else": (
        (308, b"", {"location": "http://example.com/v1"}), "model-refused-request"),
    "in a circle": (
        (307, b"", {"location": "/v1/chat/completions"}), "model-refused-request"),
    "to no address": ((303, b"", {"location": "http://[::1"}), "model-refused-request"),
    "many choices": ((300, b""), "model-refused-request"),
    "not modified": ((304, b""), "model-refused-request"),
    "nothing": ((200, b""), "model-failed"),
    "no content": ((204, b""), "model-failed"),
    "later": ((202, b""), "model-failed"),
    "null": ((200, b"null"), "model-failed"),
    "a list": ((200, []), "model-failed"),
    "text": ((200, b'"x"'), "model-failed"),
    "a page": ((200, b"<html>log in</html>"), "model-failed"),
    "a stream": ((200, b'data: {"choices": []}\n\ndata: [DONE]\n\n'), "model-failed"),
    "depth": ((200, b'{"a":' + b"[" * 100_000), "model-failed"),
    "a number without an end": ((200, UTF8.replace(b"300", b"9" * 5_000)), "model-failed"),
    "choices that are null": ((200, {"choices": None}), "model-failed"),
    "no choices": ((200, {"choices": []}), "model-failed"),
    "a choice that is null": ((200, {"choices": [None]}), "model-failed"),
    "choices by name": ((200, {"choices": {"0": {}}}), "model-failed"),
    "no message": ((200, {"choices": [{"finish_reason": "stop"}]}), "model-failed"),
    "an error beside half an answer": (
        (200, chat(error={"message": "upstream died", "code": 502})), "model-failed"),
    "an error in a list": ((200, {"success": False, "errors": [{"message": "no"}]}), "model-failed"),
    "gzip that is cut": (
        (200, gzip.compress(UTF8)[:40], {"content-encoding": "gzip"}), "model-failed"),
    "gzip that is none": ((200, UTF8, {"content-encoding": "gzip"}), "model-unreachable"),
    "gzip, undeclared": ((200, gzip.compress(UTF8)), "model-failed"),
    "an encoding nobody asked for": (
        (200, b"\x8b\x02\x80abc", {"content-encoding": "br"}), "model-unreachable"),
    "a request that timed out": ((408, b""), "model-failed"),
    "a conflict": ((409, b""), "model-failed"),
    "too early": ((425, b""), "model-failed"),
    "a gateway that waited": ((524, b"error code: 524"), "model-failed"),
    "too much to do": ((529, error("Overloaded")), "model-failed"),
}  # fmt: skip

SHOWN = {"answer-refused": "answer-unreadable"}  # what each try of such an item is called
ONE = """rlm 1
prompt say(page: Text max 2ktok) -> Text max 100tok { task: "Which word?" retry <= 0 }
recipe go(page: Text max 2ktok) -> Text { return say(page) }
"""
MANY = """rlm 1
prompt say(line: Text max 2ktok) -> Text max 100tok { task: "Which word?" retry <= 0 }
recipe go(lines: [Text]) -> [Text] {
  return map lines with say() { parallel: 1 on_error: skip(at_most: 50%) }
}
"""
MODEL = ("--model", "my/model", "--max-wait", "0.1")


def alone(folder: Path, rlm: Rlm, reply: Reply) -> tuple[Any, dict[str, Any]]:
    """The result and problem of a run whose one request is replied to so."""
    (folder / "go.rlm").write_text(ONE)
    with chat_server(lambda body: reply) as server:
        where = ("--api-base", server.base, "--json", "--no-store")
        done = rlm("run", "go.rlm", "--set", "page=A page.", *MODEL, *where)
    found = json.loads(done.out)
    return found["result"], found["problem"] or {}


def among_others(folder: Path, rlm: Rlm, reply: Reply) -> dict[str, Any]:
    """What came of a run of four items, of which the third is replied to so."""
    (folder / "go.rlm").write_text(MANY)
    with chat_server(lambda body: reply if "line 2" in str(body) else (200, chat())) as server:
        lines = json.dumps([f"line {n}" for n in range(4)])
        done = rlm(
            "run", "go.rlm", "--set", f"lines={lines}", *MODEL, "--api-base", server.base, "--json"
        )
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.mark.parametrize("what", READ)
def test_a_reply_that_says_it_is_read(folder: Path, rlm: Rlm, what: str) -> None:
    assert alone(folder, rlm, READ[what]) == ("Grüße", {})


@pytest.mark.parametrize("what", ITEM)
def test_a_reply_about_one_item_is_its_failure_alone(folder: Path, rlm: Rlm, what: str) -> None:
    reply, code = ITEM[what]
    found = among_others(folder, rlm, reply)
    assert (found["result"], found["problem"]) == (["Grüße"] * 3, None)
    assert SHOWN.get(code, code) in rlm("show").out


@pytest.mark.parametrize("what", [w for w in ITEM if w != "a firewall's page"])
def test_the_item_is_named_in_the_problem(folder: Path, rlm: Rlm, what: str) -> None:
    reply, code = ITEM[what]
    result, problem = alone(folder, rlm, reply)
    assert (result, problem["code"]) == (None, code)
    assert problem["message"].startswith("result: ")


@pytest.mark.parametrize("what", PARKS)
def test_a_reply_about_the_key_or_the_account_parks_the_run(
    folder: Path, rlm: Rlm, what: str
) -> None:
    reply, code = PARKS[what]
    found = among_others(folder, rlm, reply)
    assert (found["result"], found["problem"]["code"]) == (None, code)
    assert json.loads(rlm("runs", "--json").out)[0]["state"] == "parked"


@pytest.mark.parametrize("what", FAILS)
def test_any_other_reply_is_a_coded_problem(folder: Path, rlm: Rlm, what: str) -> None:
    reply, code = FAILS[what]
    result, problem = alone(folder, rlm, reply)
    assert (result, problem["code"]) == (None, code)


def test_a_page_in_place_of_every_answer_is_about_the_key(folder: Path, rlm: Rlm) -> None:
    page = ITEM["a firewall's page"][0]
    assert alone(folder, rlm, page)[1]["code"] == "model-refused-key"
    (folder / "go.rlm").write_text(MANY)
    with chat_server(lambda body: (200, chat()) if "line 0" in str(body) else page) as server:
        lines = json.dumps([f"line {n}" for n in range(9)])
        done = rlm("run", "go.rlm", "--set", f"lines={lines}", *MODEL, "--api-base", server.base)
    assert "error[model-refused-key]" in done.err
    assert len(server.requests) == 4


def test_a_form_that_nobody_takes_is_no_item(folder: Path, rlm: Rlm) -> None:
    (folder / "go.rlm").write_text(MANY)
    with chat_server(lambda body: (400, error("Invalid input"))) as server:
        lines = json.dumps([f"line {n}" for n in range(99)])
        done = rlm("run", "go.rlm", "--set", f"lines={lines}", *MODEL, "--api-base", server.base)
    assert "error[model-refused-request]" in done.err
    assert len(server.requests) == 8
