"""What providers and servers say when they refuse, in their own words."""

from __future__ import annotations

import json

import pytest
from dspy import lm15

from rlmlang.models.refusals import FilteredError, ItemRefusedError, refusal, too_long

TOO_LONG = {
    "OpenAI": "This model's maximum context length is 128000 tokens. However, your messages "
    "resulted in 130105 tokens. Please reduce the length of the messages.",
    "OpenAI, responses": "Your input exceeds the context window of this model. Please adjust your "
    "input and try again.",
    "OpenAI, gpt-5": "Input tokens exceed the configured limit of 272000 tokens. Your messages "
    "resulted in 300112 tokens.",
    "OpenAI, the code alone": '{"error": {"message": "refused", "code": "context_length_exceeded"}}',
    "vLLM, old": "This model's maximum context length is 4096 tokens. However, you requested 5096 "
    "tokens (4096 in the messages, 1000 in the completion).",
    "vLLM, new": "The decoder prompt (length 5000) is longer than the maximum model length of 4096. "
    "Make sure that `max_model_len` is no smaller than the number of text tokens.",
    "vLLM, newer": "You passed 4097 input tokens and requested 16 output tokens. However, the "
    "model's context length is only 4096 tokens.",
    "vLLM, the limit": "'max_tokens' or 'max_completion_tokens' is too large: 16000. This model's "
    "maximum context length is 8192 tokens and your request has 900 input tokens.",
    "llama-server": "the request exceeds the available context size, try increasing it",
    "llama-server, with numbers": "request (5000 tokens) exceeds the available context size (4096 "
    "tokens), try increasing it",
    "llama-server, the type alone": '{"error": {"type": "exceed_context_size_error"}}',
    "llama-server, while it writes": "Context size has been exceeded.",
    "llama-cpp-python": "Requested tokens (5021) exceed context window of 4096",
    "Ollama": "the input length exceeds the context length",
    "LM Studio": "Trying to keep the first 5000 tokens when context the overflows. However, the "
    "model is loaded with context length of only 4096 tokens, which is not enough.",
    "LM Studio, old": "The number of tokens to keep from the initial prompt is greater than the "
    "context length.",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 "
    "`inputs` tokens and 100 `max_new_tokens`",
    "TGI, the prompt": "Input validation error: `inputs` must have less than 4095 tokens. Given: 5",
    "SGLang": "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "SGLang, with the output": "Requested token count exceeds the model's maximum context length of "
    "4096 tokens.",
    "SGLang, new": "Input length (5000 tokens) exceeds the maximum allowed length (4091 tokens).",
    "TensorRT": "Prompt length (5000) exceeds maximum input length (4096).",
    "Anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
    "TGI, the input alone": "inputs must have less than 4096 tokens. Given: 5000",
    "DashScope": "Range of input length should be [1, 30720]",
    "a sum": "max_tokens plus prompt exceeds the limit of 4096",
    "a comparison": "prompt length 9000 > 8192",
    "in Chinese": "输入长度超过模型最大上下文长度",
    "Anthropic, with the output": "input length and `max_tokens` exceed context limit: 190000 + "
    "20000 > 200000, decrease input length or `max_tokens` and try again",
    "Gemini": "The input token count (1200000) exceeds the maximum number of tokens allowed "
    "(1048576).",
    "Mistral": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 "
    "maximum context length",
    "Together": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193.",
    "Groq": "Please reduce the length of the messages or completion.",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Bedrock": "Input is too long for requested model.",
    "Cohere": "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Fireworks": "The prompt is too long: 5000, model maximum context length: 4095",
    "GitHub": "Request body too large for gpt-4o model. Max size: 8000 tokens.",
    "Moonshot": "Invalid request: Your request exceeded model token limit: 8192",
    "Copilot": "prompt token count of 150000 exceeds the limit of 128000",
    "LiteLLM": "litellm.ContextWindowExceededError: too much",
    "MiniMax": "invalid params, context window exceeds limit",
}
OTHER = {
    "the output alone": "max_tokens is too large: 40000. This model supports at most 16384 "
    "completion tokens, whereas you provided 40000.",
    "the output, Anthropic": "max_tokens: 20000 > 8192, which is the maximum allowed number of "
    "output tokens for claude-3-5-sonnet-20241022",
    "the output, exceeded": "max_tokens exceeds the maximum number of output tokens",
    "a field": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead.",
    "a value": "Unsupported value: 'temperature' does not support 0 with this model.",
    "a model": "The model `gpt-9` does not exist or you do not have access to it.",
    "a rate": "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000",
    "a filter": "The response was filtered due to the prompt triggering the content policy.",
    "a role": "System role not supported",
}


@pytest.mark.parametrize("words", TOO_LONG.values(), ids=TOO_LONG.keys())
@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_a_context_that_is_passed_is_known_in_everybodys_words(words: str, status: int) -> None:
    said = words if words.startswith("{") else json.dumps({"error": {"message": words}})
    found = refusal(status, said, None)
    assert isinstance(found, lm15.ContextLengthError)
    assert words.startswith("{") or words[:200] in str(found)
    assert "{" not in str(found) or words.startswith("{")


@pytest.mark.parametrize("words", OTHER.values(), ids=OTHER.keys())
def test_other_refusals_are_no_context_that_is_passed(words: str) -> None:
    assert not too_long(words)
    found = refusal(400, words, None)
    assert isinstance(found, ItemRefusedError)
    assert isinstance(found, FilteredError) is ("filter" in words)


def test_a_request_that_is_too_large_for_a_gateway_is_cut_smaller_too() -> None:
    assert isinstance(
        refusal(413, "<h1>Request Entity Too Large</h1>", None), lm15.ContextLengthError
    )


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_pause_that_is_asked_for_counts_with_every_status(status: int) -> None:
    assert refusal(status, "busy", 7.0).retry_after == 7.0
    assert refusal(status, "busy", None).retry_after is None


@pytest.mark.parametrize(
    "words",
    [
        "Loading model",
        "Model is loading",
        "loading the model now",
        "Model org/name is currently loading",
    ],
)
def test_a_model_that_loads_is_waited_for(words: str) -> None:
    assert refusal(503, json.dumps({"error": {"message": words}}), None).retry_after == 2.0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('{"error": "no"}', "no"),
        ('{"error": {"message": "no"}}', "no"),
        ('{"detail": "no"}', "no"),
        ('{"detail": [{"loc": ["body", "x"], "msg": "Extra inputs"}]}', "body.x: Extra inputs"),
        ('[{"error": {"message": "no"}}]', "no"),
        ("<html>no</html>", "<html>no</html>"),
        ("", ""),
        ("{}", "{}"),
        ("[]", "[]"),
        ("3", "3"),
        ('{"error": {"error": {"message": "no"}}}', "no"),
    ],
)
def test_the_message_is_found_wherever_it_stands(said: str, words: str) -> None:
    found = str(refusal(418, said, None))
    assert found.startswith(words)
    assert found.count("HTTP 418") == 1
