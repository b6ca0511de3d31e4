"""Whether what a provider says was used can be true, what is charged, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

from dspy.lm15 import Response, Usage

from rlmlang.budget import Usage as Charged
from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.models.engines.call_context import words_of

# No tokenizer makes more than one token of a byte, nor UTF-8 more than four bytes of a character;
# what a provider puts around a request (its own instructions, a chat template) is allowed for.
PER_CHARACTER, AROUND = 4, 20_000
OVER = 1_000  # times its limit: no answer is so long
UNBOUND = "model-ignores-limit"
SLACK = 8  # the tokens that end an answer, which some servers count


def doubt(response: Response, sent: int, most: int, images: int = 0) -> str:
    """Why the usage of an answer cannot be true; empty where it can.

    `sent` is how many characters were sent, `most` the tokens the answer was allowed, `images` the
    most tokens of the images that were sent.
    """
    said = response.usage
    if said.input_tokens is None or said.output_tokens is None:
        return "no usage is reported, or it is no number"
    if sent and not said.input_tokens:
        return "a request that says something is reported as 0 tokens"
    if not said.output_tokens and words_of(response):
        return "an answer that says something is reported as 0 tokens"
    if said.input_tokens > PER_CHARACTER * sent + AROUND + 2 * images:
        return f"{said.input_tokens:,} tokens are reported for {sent:,} characters"
    if said.output_tokens > OVER * most:
        return f"{said.output_tokens:,} tokens are reported where {most:,} were allowed"
    return "" if _adds_up(said) else "its parts do not add up"


def _adds_up(said: Usage) -> bool:
    """Some providers count thinking apart from the answer, and in the total."""
    apart = (said.total_tokens or 0) - said.input_tokens - said.output_tokens
    return apart in (0, said.reasoning_tokens or 0)


def served_by(response: Response) -> str:
    """The tier of its service by which a provider says that it answered, in the words of OpenAI,
    Anthropic and Gemini; empty where it says nothing."""
    said = response.provider_data or {}
    places = (said, said.get("usage"), said.get("usageMetadata"))
    known = (place for place in places if isinstance(place, Mapping))
    found = (place.get(name) for place in known for name in ("service_tier", "serviceTier"))
    return str(next((tier for tier in found if tier), "")).lower()


def tokens_of(said: Usage) -> tuple[int, int]:
    """Tokens in and out of a usage that can be true, thinking included."""
    out = max(said.output_tokens, (said.total_tokens or 0) - said.input_tokens)
    return said.input_tokens, out


def judged(model: str, worst: Charged, used: Charged, doubted: str) -> CodedError | None:
    """What must be said of the usage of a call: that it cannot be true, that the model wrote more
    than it was allowed, or that more was counted than was reserved."""
    if doubted:
        return failed(
            "usage-unknown",
            f"{model}: {doubted}",
            reason="Such calls are charged at their worst case, so the budget holds.",
        )
    if used.tokens_out > worst.tokens_out + SLACK:
        return failed(
            UNBOUND,
            f"{model} wrote {used.tokens_out:,} tokens where {worst.tokens_out:,} were allowed",
            reason="The plan's worst case and the budget count on that limit, so no further call "
            "is made. What was answered is kept and charged.",
            hint=f"declare what it really takes: output <= {used.tokens_out}tok, thinking "
            f"included; or takes: {{ thinking: {used.tokens_out}tok }}",
        )
    if used.tokens_in > worst.tokens_in:
        return failed(
            "usage-above-worst",
            f"{model} counted {used.tokens_in:,} tokens in where at most {worst.tokens_in:,} were "
            "reserved",
            reason="The call was charged as counted; a budget may be passed by the difference.",
        )
    return None
