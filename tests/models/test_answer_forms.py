"""The form of an answer: decided before a call, carried by the request, held to by a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dspy
import jsonschema
import pytest

from rlmlang.ir.answer_forms import answer_schema, form_of
from rlmlang.models.capabilities import capabilities
from rlmlang.program.signatures import signature_of
from rlmlang.runtime.prepare import prepare
from rlmlang.runtime.prepared import Options
from tests.conftest import Rlm
from tests.servers import Reply, chat_server, completion

RECIPE = """rlm 1

/// What a ticket is about.
enum Kind {{ billing, sign_in }}

record Sum {{ amount: Float, on: Date }}

record Found {{
  /// Who says it.
  name: Text max 20tok
  kind: Kind
  sum: Sum?
  tags: [Text] max 3
}}

prompt say(page: Text max 2ktok) -> {type} {{
  task: "What does the page say?"
  {settings}
}}

recipe go(page: Text max 2ktok) -> {type} {{
  budget {{
    calls <= 4
  }}
  return say(page)
}}
"""
RUN = ("run", "go.rlm", "--set", "page=Ada pays 5.", "--model", "some/model", "--json")
FOUND = {"name": "Ada", "kind": "sign_in", "sum": {"amount": 5.5, "on": "2026-11-30"}, "tags": []}
VALUES: dict[str, Any] = {
    "Kind": "billing", "Int": 7, "Float": 2.5, "Bool": True, "Int?": None, "Kind?": None,
    "Text?": None, "[Text]": ["a", "b\nc \"d\""], "[Kind]": ["billing"], "Found": FOUND,
    "[Found]": [FOUND, {**FOUND, "sum": None, "tags": ["x"]}], "[Int]": [1, 2],
    "Table<Sum>": [{"amount": 1.0, "on": "2026-01-02"}],
    "Pair<Found, [Date]>": {"left": FOUND, "right": ["2026-01-02"]},
    "[Pair<Kind?, Pair<Int, Text max 9tok>>] max 3": [
        {"left": None, "right": {"left": 7, "right": "a"}}
    ],
}  # fmt: skip


def write(folder: Path, type_: str, settings: str = "") -> None:
    """The recipe with a result of this type."""
    (folder / "go.rlm").write_text(RECIPE.format(type=type_, settings=settings))


def strict(schema: Any) -> bool:
    """Whether a schema has what strict servers demand of each object in it."""
    if isinstance(schema, list):
        return all(map(strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        names = list(schema["properties"])
        if schema["additionalProperties"] is not False or schema["required"] != names:
            return False
    return all(map(strict, schema.values()))


def held(value: Any, sent: list[Any]) -> Any:
    """A server that answers with JSON that fits the schema it was sent, and refuses all others."""

    def answer(body: dict[str, Any]) -> Reply:
        said = body.get("response_format")
        if not said or said["type"] != "json_schema" or not said["json_schema"]["strict"]:
            return 400, {"error": {"message": "this server wants a response_format"}}
        schema = said["json_schema"]["schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
        if not strict(schema):
            return 400, {"error": {"message": "response_format: the schema is not strict"}}
        jsonschema.validate({"result": value}, schema)
        sent.append(schema)
        return completion(json.dumps({"result": value}))

    return answer


@pytest.mark.parametrize("type_", VALUES)
def test_a_server_that_enforces_the_schema_answers_every_type(
    folder: Path, rlm: Rlm, type_: str
) -> None:
    write(folder, type_)
    sent: list[Any] = []
    with chat_server(held(VALUES[type_], sent)) as server:
        done = rlm(*RUN, "--api-base", server.base)
    assert done.code == 0, done.err
    assert json.loads(done.out)["result"] == VALUES[type_]
    assert len(server.requests) == len(sent) == 1
    assert "completed" not in server.requests[0]["messages"][0]["content"]


def test_a_schema_keeps_the_order_of_fields_and_what_is_said_of_them(folder: Path) -> None:
    write(folder, "[Found]", "think: true")
    ready = prepare("go.rlm", Options(), need_all=False)
    schema: Any = answer_schema(ready.plan.steps[-1].work.asked.prompt)  # type: ignore[union-attr]
    assert list(schema["properties"]) == ["reasoning", "result"]
    found = schema["properties"]["result"]["items"]
    assert list(found["properties"]) == ["name", "kind", "sum", "tags"]
    assert found["properties"]["name"]["description"] == "Who says it. At most 20 tokens."
    assert found["properties"]["kind"] == {"type": "string", "enum": ["billing", "sign_in"]}
    nested, none = found["properties"]["sum"]["anyOf"]
    assert (list(nested["properties"]), none) == (["amount", "on"], {"type": "null"})


def test_a_text_is_the_whole_reply(folder: Path, rlm: Rlm) -> None:
    write(folder, "Text")
    with chat_server(lambda body: completion("Ada pays:\n- 5")) as server:
        done = rlm(*RUN, "--api-base", server.base)
    assert json.loads(done.out)["result"] == "Ada pays:\n- 5"
    request = server.requests[0]
    assert "response_format" not in request
    assert "[[ ## result" not in json.dumps(request)


FORMS = [
    ("Text", "", "", "plain"),
    ("Text?", "", "json_schema", "json"),
    ("Text?", "", "none", "fields"),
    ("Text", "think: true", "json_schema", "json"),
    ("Text", "answer: fields", "json_schema", "fields"),
    ("Int", "", "json_schema", "json"),
    ("Int", "", "none", "fields"),
    ("Int", "", "unknown", "fields"),
    ("Int", "answer: json", "none", "json"),
    ("Int", "answer: plain", "json_schema", "plain"),
]


@pytest.mark.parametrize(("type_", "settings", "structured", "form"), FORMS)
def test_the_form_is_decided_by_type_and_table(
    folder: Path, type_: str, settings: str, structured: str, form: str
) -> None:
    write(folder, type_, settings)
    (folder / "rlm.toml").write_text(
        f'[takes]\n"some/model" = {{ structured = "{structured}" }}\n' if structured else ""
    )
    ready = prepare("go.rlm", Options(models=("some/model",)), need_all=False)
    prompt = ready.plan.steps[-1].work.asked.prompt  # type: ignore[union-attr]
    assert form_of(prompt, ready.binding.models[""]) == form
    offline = prepare("go.rlm", Options(), need_all=False)
    assert form_of(prompt, offline.binding.models[""]) == "fields"


def test_each_form_has_a_key_of_its_own_and_is_asked_as_dspy_does(folder: Path, rlm: Rlm) -> None:
    adapters = {"fields": dspy.ChatAdapter(), "json": dspy.JSONAdapter()}
    with chat_server(lambda body: completion('{"result": 7}')) as server:
        for form in ("fields", "json", "plain", "json"):
            write(folder, "Int", f"answer: {form}")
            assert rlm(*RUN, "--api-base", server.base).code == 0
    assert len(server.requests) == 3  # the second time JSON is asked for, its answer is kept
    ready = prepare("go.rlm", Options(), need_all=False)
    signature = signature_of(ready.plan.steps[-1].work.asked.prompt)  # type: ignore[union-attr]
    for request, form in zip(server.requests, adapters, strict=False):
        wanted = adapters[form].format(signature, [], {"page": "Ada pays 5."})
        assert request["messages"] == wanted
        assert ("response_format" in request) == (form == "json")


def test_a_server_that_takes_no_schema_is_learned_from_and_told_of_once(
    folder: Path, rlm: Rlm
) -> None:
    write(folder, "Kind")
    text = (folder / "go.rlm").read_text().replace("return say(page)", "return map page with say()")
    text = text.replace(
        "recipe go(page: Text max 2ktok) -> Kind", "recipe go(page: [Text]) -> [Kind]"
    )
    (folder / "go.rlm").write_text(text)
    (folder / "rows.txt").write_text("a\nb\nc\n")

    def answer(body: dict[str, Any]) -> Reply:
        if "response_format" in body:
            return 400, {"error": {"message": "response_format is not supported by this engine"}}
        return completion('{"result": "billing"}')

    with chat_server(answer) as server:
        done = rlm("run", "go.rlm", "--set", 'page=["a", "b", "c"]', "--model", "some/model",
                   "--api-base", server.base, "--parallel", "1")  # fmt: skip
    assert done.code == 0, done.err
    assert len(server.requests) == 4
    assert done.err.count("request-form-learned") == 1
    assert "structured" in done.err


def test_a_model_block_and_a_project_say_what_a_model_takes(folder: Path, rlm: Rlm) -> None:
    write(folder, "Int", "model: own")
    takes = """model own {
  takes: { limit_field: max_completion_tokens, structured: none, tiers: [flex] }
}

prompt say"""
    (folder / "go.rlm").write_text((folder / "go.rlm").read_text().replace("prompt say", takes, 1))
    (folder / "rlm.toml").write_text(
        '[takes]\n"some/model" = { temperature = false, structured = "json_schema" }\n'
    )
    with chat_server(lambda body: completion("[[ ## result ## ]]\n7")) as server:
        assert rlm(*RUN, "--api-base", server.base).code == 0
    body = server.requests[0]
    assert {"max_completion_tokens", "model", "messages"} == set(body)


def test_an_unknown_form_and_plain_reasons_are_refused(folder: Path, rlm: Rlm) -> None:
    write(folder, "Int", "answer: jsn")
    done = rlm("check", "go.rlm")
    assert "wrong-setting" in done.err
    assert "auto | plain | fields | json" in done.err
    write(folder, "Int", "answer: plain\n  think: true")
    assert "cannot be plain" in rlm("check", "go.rlm").err


def test_the_form_may_be_set_and_tuned(folder: Path, rlm: Rlm) -> None:
    write(folder, "Int")
    with chat_server(lambda body: completion("7")) as server:
        done = rlm(*RUN, "--api-base", server.base, "--set", "say.answer=plain")
        assert done.code == 0, done.err
    assert "response_format" not in server.requests[0]
    (folder / "rows.jsonl").write_text('{"page": "Ada", "want": 7}\n' * 3)
    trial = """
dataset rows {
  path: "rows.jsonl"
  want: want
}

eval quality for go {
  over: rows
  score exact weight 1
}

tune quality for go {
  optimizer: grid
  knob say.answer in [fields, json]
}
"""
    (folder / "go.rlm").write_text((folder / "go.rlm").read_text() + trial)
    assert rlm("check", "go.rlm").code == 0, rlm("check", "go.rlm").err


@pytest.mark.parametrize(
    ("name", "structured", "thinking", "field"),
    [
        ("openai/gpt-5-mini", "json_schema", 16_000, "max_completion_tokens"),
        ("gpt-4o", "json_schema", 0, "max_tokens"),
        ("openai/gpt-4", "none", 0, "max_tokens"),
        ("anthropic/claude-sonnet-4-5", "json_schema", 0, "max_tokens"),
        ("gemini/gemini-2.5-flash", "json_schema", 16_000, "max_tokens"),
        ("deepseek/deepseek-chat", "none", 0, "max_tokens"),
        ("qwen3:8b", "unknown", 4_000, "max_tokens"),
        ("hosted_vllm/Qwen/Qwen3-8B", "unknown", 4_000, "max_tokens"),
        ("smol", "unknown", 0, "max_tokens"),
    ],
)
def test_what_is_known_of_models(name: str, structured: str, thinking: int, field: str) -> None:
    found = capabilities(name)
    assert (found.structured, found.thinking, found.limit_field) == (structured, thinking, field)
    assert capabilities("smol", local=True).structured == "json_schema"


def other_provider(body: dict[str, Any]) -> Reply:
    """Anthropic's and Gemini's own interfaces, which answer JSON only where a schema was sent."""
    said = '{"result": "billing"}'
    if "contents" in body:
        given = body["generationConfig"].get("response_json_schema")
        content = {"role": "model", "parts": [{"text": said if given else "no schema"}]}
        return 200, {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {
                "promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15,
            },
        }  # fmt: skip
    given = body.get("output_format") or body.get("output_config")
    return 200, {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": said if given else "no schema"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC"),
        ("gemini/gemini-2.5-flash", "GEMINI"),
    ],
)
def test_other_providers_are_sent_the_schema_in_their_own_words(
    folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    pytest.importorskip("litellm")
    write(folder, "Kind")
    monkeypatch.setenv(f"{variable}_API_KEY", "key")
    with chat_server(other_provider) as server:
        monkeypatch.setenv(f"{variable}_API_BASE", server.base.removesuffix("/v1"))
        done = rlm("run", "go.rlm", "--set", "page=Ada pays 5.", "--model", name, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["result"] == "billing"
    assert '"enum": ["billing", "sign_in"]' in json.dumps(server.requests[0])
